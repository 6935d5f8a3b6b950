/** One seed: so many days of a deployment to which things happen, and the promises after each of them. */
import { Deployment } from "./deployment.ts";
import { Promises } from "./promises.ts";
import { type Chance, chanceOf, comeUp, happen } from "./troubles.ts";

export interface Simulated {
  seed: number;
  days: number;
  polls: number;
  happenings: number;
  /** A broken promise each; empty where all were kept. */
  findings: string[];
  /** Of the archive and its copy at the end. */
  fingerprint: string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const start = Date.parse("2026-11-23T00:00:30Z");
const marketsMax = 10;
const happeningsPerDay = 8;
const atHourShare = 0.4;
const afterHourMsMax = 4 * 60_000;
/** Long enough for everything that is due to be sealed, copied and told. */
const calmMs = 5 * hourMs;

/** `tell` hears of each thing that happens, before it does and after. */
export async function simulate(
  seed: number,
  days: number,
  tell: (text: string) => void = () => {},
): Promise<Simulated> {
  const chance = chanceOf(seed);
  const markets = 1 + Math.floor(chance.next() * marketsMax);
  const deployment = new Deployment({ seed, start, markets });
  await deployment.open();
  const promises = new Promises(deployment);
  let happened = 0;
  let fingerprint = "";
  try {
    await comeUp(deployment);
    for (let day = 1; day <= days && promises.findings.length === 0; day += 1) {
      const until = deployment.clock.monotonic() + dayMs;
      while (deployment.clock.monotonic() < until) {
        await deployment.run(pauseBefore(deployment, chance));
        const before = new Date(deployment.clock.now()).toISOString();
        const what = await happen({ deployment, promises, chance });
        tell(`${before} to ${new Date(deployment.clock.now()).toISOString()}  ${what}`);
        happened += 1;
        if (!deployment.isUp) await comeUp(deployment);
        await promises.check();
        if (promises.findings.length > 0) break;
      }
    }
    if (promises.findings.length === 0) {
      await deployment.run(calmMs);
      await promises.check();
    }
    fingerprint = await promises.fingerprint();
  } finally {
    await deployment.close().catch(() => {});
  }
  const { findings } = promises;
  return { seed, days, polls: deployment.acks.length, happenings: happened, findings, fingerprint };
}

function pauseBefore({ clock }: Deployment, chance: Chance): number {
  const pauseMs = chance.between(0.2, 1.8) * (dayMs / happeningsPerDay);
  if (chance.next() > atHourShare) return pauseMs;
  // Files begin and are closed within minutes of the hour, so that is when most can go wrong.
  const hour = Math.ceil((clock.now() + pauseMs) / hourMs) * hourMs;
  return hour - clock.now() + chance.between(0, afterHourMsMax);
}
