/**
 * `npm run test:crash`: kills each step of recording at each of its system calls, and pulls the plug there, then
 * lets the next run finish and looks whether every promise was kept.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { numberOf, readFlags } from "../support/flags.ts";
import { shuffled } from "../venue/random.ts";
import { casesOf, type Mode, type Prepared, prepare, stepNames, tryCase } from "./matrix.ts";
import { unmountAll, whyNoMounts } from "./power.ts";
import { say, Sums } from "./sums.ts";
import { hasStrace } from "./trace.ts";

const usage = `npm run test:crash -- [flags]
  --seconds N      as many cases as fit into that time, in an order that the seed decides (default: all)
  --seed N         (default: of the time)
  --mode kill|power
  --step ${stepNames.join("|")}
`;
const values = readFlags(usage, {
  seconds: { type: "string" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  mode: { type: "string" },
  step: { type: "string" },
});

if (!hasStrace()) {
  say("SKIPPED: strace is not installed, so nothing can be killed: apt-get install -y strace");
  process.exit(process.env["TEST_REQUIRE"] === "1" ? 1 : 0);
}
const temp = mkdtempSync(join(tmpdir(), "hourbook-crash-"));
// What was compiled once need not be compiled again for each process that is killed.
process.env["NODE_COMPILE_CACHE"] = join(temp, "compiled");
process.on("exit", () => {
  unmountAll();
  // A worker that is still at work may be writing there.
  rmSync(temp, { recursive: true, force: true, maxRetries: 10 });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
process.exit((await main()) ? 0 : 1);

async function main(): Promise<boolean> {
  const modes = modesHere();
  const started = performance.now();
  const prepared = new Map<string, Prepared>();
  for (const step of stepNames) {
    if (values.step === undefined || values.step === step)
      prepared.set(step, await prepare(temp, step, modes));
  }
  const cases = casesOf(prepared.values(), modes);
  const seed = numberOf(usage, "seed", values.seed);
  const secondsMax = numberOf(usage, "seconds", values.seconds) ?? Infinity;
  const todo = secondsMax === Infinity ? cases : shuffled(cases, seed);
  say(
    `${cases.length} cases, seed ${seed}${secondsMax === Infinity ? "" : `, for ${secondsMax} s`}`,
  );

  const sums = new Sums();
  let next = 0;
  const lane = async (number: number): Promise<void> => {
    while (next < todo.length && performance.now() - started < secondsMax * 1000) {
      const one = todo[next]!;
      next += 1;
      const { wasKilled, findings } = await tryCase(
        join(temp, `lane-${number}`),
        one,
        prepared.get(one.step)!,
      );
      sums.add(one, wasKilled);
      for (const finding of findings) sums.find(one, finding);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, (_, number) => lane(number)));
  sums.report(cases.length, (performance.now() - started) / 1000);
  return sums.isGood();
}

function modesHere(): Mode[] {
  const wanted = (["kill", "power"] as const).filter(
    (mode) => values.mode === undefined || values.mode === mode,
  );
  const obstacle = wanted.includes("power") ? whyNoMounts(temp) : undefined;
  if (obstacle === undefined) return wanted;
  say(`SKIPPED: power cuts, since no disk can be mounted here: ${obstacle}`);
  return wanted.filter((mode) => mode !== "power");
}
