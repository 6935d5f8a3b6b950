/** A book's levels as the stream and the REST answers both tell them, in a form that can be compared. */
import { hash } from "node:crypto";

export type Side = "BUY" | "SELL";

/** Price → size, as numbers written back: "0.50" and "0.5" are the same price. */
export type Levels = Record<Side, Map<string, string>>;

/** What two books have in common is told by these. */
export interface Digest {
  /** Of prices and sizes. */
  levels: string;
  /** Of prices alone. */
  prices: string;
}

export function levelsOf(book: { bids?: unknown; asks?: unknown }): Levels {
  const levels: Levels = { BUY: new Map(), SELL: new Map() };
  for (const [side, list] of [
    ["BUY", book.bids],
    ["SELL", book.asks],
  ] as const) {
    for (const level of Array.isArray(list) ? (list as Record<string, unknown>[]) : [])
      setLevel(levels, side, level["price"], level["size"]);
  }
  return levels;
}

/** A size of 0 takes the level away. */
export function setLevel(levels: Levels, side: Side, price: unknown, size: unknown): void {
  const key = String(Number(price));
  if (Number(size) === 0) levels[side].delete(key);
  else levels[side].set(key, String(Number(size)));
}

export function digestOf(levels: Levels): Digest {
  const sides = (["BUY", "SELL"] as const).map((side) =>
    [...levels[side]].toSorted(([a], [b]) => Number(a) - Number(b)),
  );
  const text = (of: (level: [string, string]) => string): string =>
    hash("sha1", sides.map((side) => side.map(of).join(" ")).join("/"), "base64");
  return { levels: text(([price, size]) => `${price}:${size}`), prices: text(([price]) => price) };
}
