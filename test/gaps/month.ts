/** A stretch of virtual time in which everything that can go wrong does, at random: the seed decides what, and when. */
import gapReport from "../../functions/gap-report.ts";
import { hourMs, iso } from "../../runtime/time.ts";
import { aRun, call } from "../support/run.ts";
import { settingsOf } from "../support/remotes.ts";
import { shuffled, unit } from "../venue/random.ts";
import { judge, type Verdict } from "./judge.ts";
import { kinds } from "./kinds.ts";
import type { Kind } from "./scene.ts";
import { Truth } from "./truth.ts";
import { cadenceMs, collector, dataFolder, World } from "./world.ts";

export interface Month {
  verdict: Verdict;
  /** Kind → how often. */
  acts: Record<string, number>;
  until: string;
}

const start = Date.parse("2026-11-22T00:05:00Z");
// Between two kinds so many slots are left in peace: a clock that goes back comes to none of another kind.
const peaceMin = 3;
const peaceMax = 7;
const slotsMax = 3;

export async function live(
  seed: number,
  hours: number,
  log: (text: string) => void,
): Promise<Month> {
  const world = await World.open(seed, start);
  const truth = new Truth(world);
  const acts: Record<string, number> = {};
  let asked = 0;
  const random = (): number => unit(seed, 77, (asked += 1));
  const between = (min: number, max: number): number =>
    min + Math.floor(random() * (max - min + 1));
  const { clock } = world;
  const look = (): Promise<void> => truth.look();
  // Until it is ready the first slot is near.
  await world.start();
  try {
    await rest(world, truth, 2);
    let deck: readonly Kind[] = [];
    let dealt = 0;
    while (clock.now() < start + hours * hourMs) {
      if (deck.length === 0) deck = shuffled(kinds, seed + (dealt += 1));
      const [kind, ...others] = deck;
      deck = others;
      if (kind === undefined) break;
      await rest(world, truth, between(peaceMin, peaceMax));
      const slot = nextSlot(clock.now());
      const slots = between(1, slotsMax);
      log(`${iso(slot)} ${kind.name}, ${slots} slots`);
      truth.claim(await kind.act({ world, slot, slots, random, look }));
      acts[kind.name] = (acts[kind.name] ?? 0) + 1;
    }
    const until = nextSlot(clock.now());
    await rest(world, truth, (3 * hourMs) / cadenceMs);
    await world.stop();
    await report(world);
    const lastHour = Math.floor(until / hourMs) * hourMs;
    return { verdict: await judge(world, truth, start, lastHour), acts, until: iso(until) };
  } finally {
    world.kill();
    await world.venue.close();
  }
}

function nextSlot(now: number): number {
  return (Math.floor(now / cadenceMs) + 1) * cadenceMs;
}

async function rest(world: World, truth: Truth, slots: number): Promise<void> {
  for (let slot = 0; slot < slots; slot += 1) {
    await world.clock.run(nextSlot(world.clock.now()) + cadenceMs / 2);
    await truth.look();
  }
}

/** What the last scheduled run had not come to. */
async function report({ clock, files }: World): Promise<void> {
  const { HOURBOOK_REMOTE } = settingsOf("dir:/nowhere");
  const settings = { HOURBOOK_REMOTE };
  const run = aRun<typeof gapReport.settings>({ dataFolder, collector, settings, clock, files });
  for (let left = 1; left > 0;) ({ left } = await call(gapReport, {}, run));
}
