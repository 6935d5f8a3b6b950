/** Gaps: neighbouring slots that miss a token for the same cause; and the stretches that miss none. */
import type { Cause } from "../archive/lines.ts";
import type { Account } from "./account.ts";
import { causeOf, isOutsideCoverage } from "./states.ts";

/** Positions in `Account.slots`, both inclusive. */
export interface Stretch {
  first: number;
  last: number;
}

export interface Gap extends Stretch {
  cause: Cause;
  /** Positions in `Account.tokens`, ascending. */
  tokens: number[];
}

/** In order of time; tokens that miss the same slots for the same cause share one gap. */
export function findGaps({ tokens }: Account): Gap[] {
  const gaps = new Map<string, Gap>();
  for (const [position, { states }] of tokens.entries()) {
    for (const { first, last, code } of runsOf(states)) {
      const cause = causeOf(code);
      if (cause === undefined) continue;
      const key = `${first} ${last} ${code}`;
      const gap = gaps.get(key);
      if (gap === undefined) gaps.set(key, { first, last, cause, tokens: [position] });
      else gap.tokens.push(position);
    }
  }
  return [...gaps.values()].sort(
    (a, b) => a.first - b.first || b.last - a.last || (a.tokens[0] ?? 0) - (b.tokens[0] ?? 0),
  );
}

/** Where every token has a book in every slot, but for those that coverage leaves out. */
export function findCleanStretches({ slots, tokens }: Account): Stretch[] {
  if (tokens.length === 0) return [];
  const misses = new Uint8Array(slots.length);
  for (const { states } of tokens) {
    for (let at = 0; at < states.length; at += 1) {
      const cause = causeOf(states[at] as number);
      if (cause !== undefined && !isOutsideCoverage(cause)) misses[at] = 1;
    }
  }
  return [...runsOf(misses)].filter(({ code }) => code === 0);
}

function* runsOf(codes: Uint8Array): Generator<Stretch & { code: number }> {
  let first = 0;
  for (let at = 1; at <= codes.length; at += 1) {
    if (at < codes.length && codes[at] === codes[first]) continue;
    yield { first, last: at - 1, code: codes[first] as number };
    first = at;
  }
}
