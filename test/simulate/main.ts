/**
 * `npm run simulate -- --seed S --days D`: a whole deployment in virtual time, with everything that can happen to it, and
 * the promises after each thing. A seed replays exactly.
 */
import { numberOf, readFlags } from "../support/flags.ts";
import { bugs, hunt } from "./bugs.ts";
import { simulate } from "./simulate.ts";

const usage = `npm run simulate -- [flags]
  --seed N       the first seed (default: of the time)
  --seeds N      so many from it on (default 1; with --seconds as many as fit, with --bugs 50)
  --days N       of each (default 5)
  --seconds N    begins no seed after that time
  --verbose      what happened, and when
  --bugs         plants ten bugs, one after another in a copy of the code, and looks how many seeds find each
`;
const values = readFlags(usage, {
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  seeds: { type: "string" },
  days: { type: "string", default: "5" },
  seconds: { type: "string" },
  bugs: { type: "boolean", default: false },
  verbose: { type: "boolean", default: false },
});

const first = numberOf(usage, "seed", values.seed);
const days = numberOf(usage, "days", values.days);
const secondsMax = numberOf(usage, "seconds", values.seconds) ?? Infinity;
const seedsMax = secondsMax === Infinity ? 1 : Infinity;
const seeds = numberOf(usage, "seeds", values.seeds) ?? (values.bugs ? 50 : seedsMax);
const startedAt = performance.now();
const seconds = (): number => (performance.now() - startedAt) / 1_000;

if (values.bugs) process.exit((await huntAll()) ? 0 : 1);

let [broken, done, polls] = [0, 0, 0];
for (let seed = first; seed < first + seeds && seconds() < secondsMax; seed += 1) {
  const result = await simulate(seed, days, values.verbose ? say : undefined);
  done += 1;
  polls += result.polls;
  if (result.findings.length > 0) {
    broken += 1;
    say(
      `seed ${seed}: ${result.findings.length} broken promises after ${result.happenings} happenings`,
    );
    for (const finding of result.findings.slice(0, 10)) say(`  ${finding}`);
    say(`  replay: npm run simulate -- --seed ${seed} --days ${days}`);
  }
}
say(
  `${done} seeds from ${first}, ${done * days} days, ${polls} polls acknowledged, ${broken} seeds with broken promises; ${seconds().toFixed(0)} s`,
);
process.exit(broken > 0 ? 1 : 0);

/** Plants one bug after another, and says how many seeds it took to find it. */
async function huntAll(): Promise<boolean> {
  let found = 0;
  for (const bug of Object.keys(bugs)) {
    const { seeds: took, finding } = await hunt(bug, first, seeds, days);
    if (took !== undefined) found += 1;
    say(
      `${bug}: ${took === undefined ? `NOT FOUND in ${seeds} seeds` : `found by seed ${took} of ${seeds}: ${finding}`}`,
    );
  }
  say(`${found} of ${Object.keys(bugs).length} planted bugs found; ${seconds().toFixed(0)} s`);
  return found === Object.keys(bugs).length;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
