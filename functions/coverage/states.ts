/** What a token came to in a slot, in one byte: a cause by its place in the vocabulary, or none of them. */
import { type Cause, causes } from "../archive/lines.ts";

export const state = {
  /** Not accounted for yet. */
  open: 252,
  /** Recorded or unchanged: the index tells how many of either, not which. */
  kept: 253,
  unchanged: 254,
  recorded: 255,
} as const;

export function stateOf(cause: Cause): number {
  return causes.indexOf(cause);
}

export function causeOf(code: number): Cause | undefined {
  return causes[code];
}

export function isKept(code: number): boolean {
  return code >= state.kept;
}

/** Of several polls in one slot the best counts; of two reasons the first. */
export function better(before: number, next: number): number {
  if (before === state.open) return next;
  return isKept(next) && next > before ? next : before;
}

const outsideCoverage = new Set<Cause>(["market-closed", "not-yet-watched"]);

/** Nothing could have been recorded, so it counts neither for nor against the recorder. */
export function isOutsideCoverage(cause: Cause): boolean {
  return outsideCoverage.has(cause);
}

/** How many slots hold each state; by state. */
export function tally(states: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  // By index: an iterator costs ten times as much, and a large hour has two million.
  for (let at = 0; at < states.length; at += 1) {
    const code = states[at] as number;
    counts[code] = (counts[code] as number) + 1;
  }
  return counts;
}
