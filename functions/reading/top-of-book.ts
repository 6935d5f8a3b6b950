/** The best prices of a book as a line of CSV. */
import { rawOf } from "../archive/lines.ts";
import { compareDecimals } from "./decimal.ts";
import type { PollFrame } from "./frames.ts";
import type { BookInForce } from "./in-force.ts";

export const csvHeader = "time,token,bid,bid_size,ask,ask_size\n";

interface Level {
  price: string;
  size: string;
}

/** An empty side has no price and no size; `undefined` for a text that is no book with two sides. */
export function csvLine({ at }: PollFrame, { token, line }: BookInForce): string | undefined {
  const { bids, asks } = JSON.parse(rawOf(line).toString()) as Record<string, unknown>;
  if (!isSide(bids) || !isSide(asks)) return undefined;
  // By price, not by place: the venue's order is its own affair, and may change.
  const bid = best(bids, (a, b) => compareDecimals(a, b) > 0);
  const ask = best(asks, (a, b) => compareDecimals(a, b) < 0);
  const cells = [at, token, bid?.price, bid?.size, ask?.price, ask?.size];
  return `${cells.map((cell) => quoted(cell ?? "")).join(",")}\n`;
}

function best(side: readonly Level[], isBetter: (a: string, b: string) => boolean) {
  return side.reduce<Level | undefined>(
    (found, level) => (found === undefined || isBetter(level.price, found.price) ? level : found),
    undefined,
  );
}

function isSide(side: unknown): side is Level[] {
  return (
    Array.isArray(side) &&
    side.every((level: Partial<Level> | null) => typeof level?.price === "string")
  );
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
