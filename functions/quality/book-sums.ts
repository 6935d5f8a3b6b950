/** Adds up the checks of an hour's books, and holds the two books of a market against each other. */
import { secondMs } from "../../runtime/time.ts";
import type { BookCheck } from "./check-book.ts";
import { percentiles, type Percentiles } from "./percentiles.ts";

export interface BookSums {
  checked: number;
  hash: Record<BookCheck["hash"], number>;
  empty: number;
  oneSided: number;
  crossed: number;
  outOfRange: number;
  offTick: number;
  outOfOrder: number;
  /** Pairs of a market's two books of one moment; in `broken` they are no mirror images. */
  mirror: { pairs: number; broken: number };
  /** `implausible`: no epoch ms, older than the venue, or ahead of the answer that it came in. */
  timestamps: { implausible: number; ageMs: Percentiles | null };
}

/** Of one token: by poll, what the other token's book of the same moment must look like. */
export type Mirror = ReadonlyMap<number, Pick<BookCheck, "own" | "mirrored" | "timestamp">>;

const venueBegan = Date.parse("2020-01-01T00:00:00Z");
/** What two clocks that are kept in time may differ by. */
const aheadMsMax = 5 * secondMs;

export class BookSummer {
  #sums: Omit<BookSums, "timestamps"> = {
    checked: 0,
    hash: { same: 0, other: 0, none: 0 },
    empty: 0,
    oneSided: 0,
    crossed: 0,
    outOfRange: 0,
    offTick: 0,
    outOfOrder: 0,
    mirror: { pairs: 0, broken: 0 },
  };
  #implausible = 0;
  #ages: number[] = [];

  /** `received`: when the book's answer had come, epoch ms. */
  add(check: BookCheck, received: number): void {
    const sums = this.#sums;
    sums.checked += 1;
    sums.hash[check.hash] += 1;
    if (check.bids + check.asks === 0) sums.empty += 1;
    else if (check.bids === 0 || check.asks === 0) sums.oneSided += 1;
    if (check.isCrossed) sums.crossed += 1;
    if (check.isOutOfRange) sums.outOfRange += 1;
    if (check.isOffTick) sums.offTick += 1;
    if (check.isOutOfOrder) sums.outOfOrder += 1;
    this.#addTimestamp(check.timestamp, received);
  }

  /** Only books of one moment can be compared: the two may come in different answers. */
  addPair(one: Mirror, other: Mirror): void {
    for (const [poll, { mirrored, timestamp }] of one) {
      const counterpart = other.get(poll);
      if (counterpart === undefined || counterpart.timestamp !== timestamp) continue;
      this.#sums.mirror.pairs += 1;
      if (counterpart.own !== mirrored) this.#sums.mirror.broken += 1;
    }
  }

  total(): BookSums {
    const timestamps = { implausible: this.#implausible, ageMs: percentiles(this.#ages) };
    return { ...this.#sums, timestamps };
  }

  #addTimestamp(timestamp: number | undefined, received: number): void {
    const isPlausible =
      timestamp !== undefined && timestamp >= venueBegan && timestamp <= received + aheadMsMax;
    if (isPlausible) this.#ages.push(Math.max(0, received - timestamp));
    else this.#implausible += 1;
  }
}
