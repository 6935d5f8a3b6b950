/**
 * `npm run test:drive`: what a seed puts together of all that can go wrong on a Drive, and kills in the middle of it;
 * whatever happens, no file is lost, and in the end each of them is there once.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canDrive } from "../support/drive.ts";
import { numberOf, readFlags } from "../support/flags.ts";
import type { Ending } from "../support/folder.ts";
import { type Tried, tryKill } from "./kills.ts";
import { tryMix } from "./mixes.ts";

const usage = `npm run test:drive -- [flags]
  --seconds N        as many cases as fit into that time (default: 500 mixes and 200 kills)
  --seed N           (default: of the time)
  --only mix|kill
  --count N          so many of them
`;
const values = readFlags(usage, {
  seconds: { type: "string" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  only: { type: "string" },
  count: { type: "string" },
});

const kinds = {
  mix: {
    count: 500,
    tryOne: async (end: Ending, seed: number): Promise<Tried> => ({
      findings: await tryMix(end, seed),
      wasKilled: true,
    }),
  },
  kill: { count: 200, tryOne: killInTime },
};
type Kind = keyof typeof kinds;
// They wait for rclone, and rclone for its pace.
const lanes = 6;
// From a seed to that of its second try.
const secondTry = 1_000_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const lacking = canDrive();
if (lacking !== undefined) {
  say(`SKIPPED: ${lacking}`);
  process.exit(process.env["TEST_REQUIRE"] === "1" ? 1 : 0);
}
// What was compiled once need not be compiled again for each process that is killed.
const cache = mkdtempSync(join(tmpdir(), "hourbook-drive-"));
process.env["NODE_COMPILE_CACHE"] = cache;
process.on("exit", () => rmSync(cache, { recursive: true, force: true }));
process.exit((await main()) ? 0 : 1);

async function main(): Promise<boolean> {
  const started = performance.now();
  const todo = casesOf(numberOf(usage, "seed", values.seed));
  const secondsMax = numberOf(usage, "seconds", values.seconds) ?? Infinity;
  say(`${todo.length} cases from seed ${values.seed} on`);
  const tried: Record<Kind, number> = { mix: 0, kill: 0 };
  let [bad, missed] = [0, 0];
  const lane = async (): Promise<void> => {
    while (performance.now() - started < secondsMax * 1_000) {
      const one = todo.shift();
      if (one === undefined) return;
      const { findings, wasKilled } = await tryCase(one);
      tried[one.kind] += 1;
      if (!wasKilled) missed += 1;
      if (findings.length === 0) continue;
      bad += 1;
      say(`FINDING ${findings.join("\n  ")}`);
      say(`  again: npm run test:drive -- --only ${one.kind} --seed ${one.seed} --count 1`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const seconds = Math.round((performance.now() - started) / 1_000);
  const kills = `${tried.kill} kills, ${missed} of them too late,`;
  say(`${tried.mix} mixes and ${kills} in ${seconds} s, ${bad} with findings`);
  // Kills that came too late prove nothing.
  return bad === 0 && tried.mix + tried.kill > 0 && missed <= tried.kill / 4;
}

/** One that came too late is made up for by another, which the same seed decides. */
async function killInTime(end: Ending, seed: number): Promise<Tried> {
  const tried = await tryKill(end, seed);
  return tried.wasKilled || tried.findings.length > 0 ? tried : tryKill(end, seed + secondTry);
}

interface Case {
  kind: Kind;
  seed: number;
}

/** Of both kinds by turns, so that a slice has some of each. */
function casesOf(seed: number): Case[] {
  const cases: (Case & { place: number })[] = [];
  for (const kind of Object.keys(kinds) as Kind[]) {
    if (values.only !== undefined && values.only !== kind) continue;
    const count = numberOf(usage, "count", values.count) ?? kinds[kind].count;
    for (let at = 0; at < count; at += 1) cases.push({ kind, seed: seed + at, place: at / count });
  }
  return cases.toSorted((a, b) => a.place - b.place);
}

async function tryCase({ kind, seed }: Case): Promise<Tried> {
  const tidyUps: (() => void)[] = [];
  const end: Ending = { after: (tidyUp) => void tidyUps.push(tidyUp) };
  try {
    return await kinds[kind].tryOne(end, seed);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { findings: [text], wasKilled: true };
  } finally {
    for (const tidyUp of tidyUps) tidyUp();
  }
}
