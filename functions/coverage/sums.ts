/** The sums of some token-slots: expected = recorded + unchanged + missing, always. */
import { type Cause, causes } from "../archive/lines.ts";
import type { AccountedToken } from "./settle.ts";
import { isOutsideCoverage, stateOf, tally } from "./states.ts";

export interface Sums {
  expected: number;
  recorded: number;
  unchanged: number;
  missing: number;
  /** Of `missing`; causes that do not occur are left out. In the order of the vocabulary. */
  byCause: Partial<Record<Cause, number>>;
  /** `null` where nothing could be recorded. */
  coverage: number | null;
}

export function sumOf(token: AccountedToken): Sums {
  const counts = tally(token.states);
  return sumsFrom(token.states.length, token, (cause) => counts[stateOf(cause)] as number);
}

export function addUp(parts: readonly Sums[]): Sums {
  const total = (pick: (part: Sums) => number): number =>
    parts.reduce((sum, part) => sum + pick(part), 0);
  const kept = {
    recorded: total((part) => part.recorded),
    unchanged: total((part) => part.unchanged),
  };
  return sumsFrom(
    total((part) => part.expected),
    kept,
    (cause) => total((part) => part.byCause[cause] ?? 0),
  );
}

function sumsFrom(
  expected: number,
  { recorded, unchanged }: { recorded: number; unchanged: number },
  countOf: (cause: Cause) => number,
): Sums {
  const byCause: Sums["byCause"] = {};
  let missing = 0;
  let outside = 0;
  for (const cause of causes) {
    const count = countOf(cause);
    if (count === 0) continue;
    byCause[cause] = count;
    missing += count;
    if (isOutsideCoverage(cause)) outside += count;
  }
  const coverage = coverageOf(recorded + unchanged, expected - outside);
  return { expected, recorded, unchanged, missing, byCause, coverage };
}

// Cut off, not rounded: what is not complete must never read as 1.
const coverageSteps = 1_000_000;

function coverageOf(kept: number, possible: number): number | null {
  if (possible <= 0) return null;
  return Math.floor((kept * coverageSteps) / possible) / coverageSteps;
}
