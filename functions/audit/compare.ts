/** Holds the books of the polls against the stream, by the venue's own time of each book's last change. */
import type { State, Stretch } from "./followed.ts";
import type { Digest } from "./levels.ts";

/** One book that a poll got. */
export interface PolledBook extends Digest {
  /** The venue's time of its last change, epoch ms. */
  timestamp: number;
  /** When it was asked for, epoch ms. */
  sent: number;
}

export interface Comparison {
  /** Books of polls that were asked for while the stream was heard. */
  compared: number;
  /** The same levels as the stream's of that time; the same prices with other sizes; other prices. */
  exact: number;
  sizeOnly: number;
  price: number;
  /** The stream had already told of a newer book when this one was asked for. */
  stale: number;
  /** Of a time that the stream never told of. */
  untold: number;
  /** Between the first and the last poll. */
  changes: number;
  /** Changes whose book some poll got. */
  seen: number;
}

export function noComparison(): Comparison {
  return {
    compared: 0,
    exact: 0,
    sizeOnly: 0,
    price: 0,
    stale: 0,
    untold: 0,
    changes: 0,
    seen: 0,
  };
}

/** One token; `polled` in order of time. Adds to `sums`. */
export function compare(
  sums: Comparison,
  stretches: readonly Stretch[],
  polled: readonly PolledBook[],
): void {
  for (const stretch of stretches) {
    const own = polled.filter(({ sent }) => sent >= stretch.from && sent < stretch.to);
    for (const book of own) compareBook(sums, stretch.states, book);
    countChanges(sums, stretch.states, own);
  }
}

function compareBook(sums: Comparison, states: readonly State[], book: PolledBook): void {
  sums.compared += 1;
  if (states.some(({ timestamp, at }) => timestamp > book.timestamp && at < book.sent))
    sums.stale += 1;
  const then = states.findLast(({ timestamp }) => timestamp <= book.timestamp);
  if (then?.timestamp !== book.timestamp) sums.untold += 1;
  // A book from before the dump: there is nothing to hold it against.
  if (then === undefined) return;
  if (then.levels === book.levels) sums.exact += 1;
  else if (then.prices === book.prices) sums.sizeOnly += 1;
  else sums.price += 1;
}

function countChanges(
  sums: Comparison,
  states: readonly State[],
  own: readonly PolledBook[],
): void {
  const [first, last] = [own.at(0)?.sent ?? Infinity, own.at(-1)?.sent ?? -Infinity];
  const polled = new Set(own.map(({ timestamp }) => timestamp));
  for (const { timestamp, at } of states.slice(1)) {
    if (at < first || at >= last) continue;
    sums.changes += 1;
    if (polled.has(timestamp)) sums.seen += 1;
  }
}
