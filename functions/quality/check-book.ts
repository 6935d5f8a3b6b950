/**
 * What one recorded book looks like: nothing here says that it is wrong, since it is what the venue sent. Prices
 * and sizes are compared as numbers; the text that was recorded stays as it is.
 */
import { createHash } from "node:crypto";

export interface BookCheck {
  /** Whether the venue's hash is that of this very text; `none`: it names none. */
  hash: "same" | "other" | "none";
  bids: number;
  asks: number;
  /** The best bid is not below the best ask. */
  isCrossed: boolean;
  /** A price that is not above 0 and below 1, or a size that is not above 0. */
  isOutOfRange: boolean;
  /** A price that is no multiple of the book's own tick size. */
  isOffTick: boolean;
  /** Best prices are last, as the venue documents: bids rise and asks fall. */
  isOutOfOrder: boolean;
  /** The venue's own time, epoch ms; `undefined` where it is no such number. */
  timestamp: number | undefined;
  /** The same for two books that mirror each other: this one as it is, and seen from the other outcome. */
  own: string;
  mirrored: string;
}

interface Level {
  price: number;
  size: number;
}

export function checkBook(raw: Buffer): BookCheck {
  const book = JSON.parse(raw.toString()) as Record<string, unknown>;
  const bids = levelsOf(book["bids"]);
  const asks = levelsOf(book["asks"]);
  const levels = [...bids, ...asks];
  const tick = Number(book["tick_size"]);
  return {
    hash: checkHash(raw, book["hash"]),
    bids: bids.length,
    asks: asks.length,
    isCrossed: max(bids) >= min(asks),
    isOutOfRange: levels.some(({ price, size }) => !(price > 0 && price < 1 && size > 0)),
    isOffTick: tick > 0 && levels.some(({ price }) => !isMultiple(price, tick)),
    isOutOfOrder: !isSorted(bids, 1) || !isSorted(asks, -1),
    timestamp: timestampOf(book["timestamp"]),
    own: `${sideText(bids, false)}/${sideText(asks, false)}`,
    mirrored: `${sideText(asks, true)}/${sideText(bids, true)}`,
  };
}

/**
 * The venue's hash is the SHA-1 of the book's own compact text with an empty hash in it
 * (Polymarket/py-clob-client, utilities.py). Taken from the bytes, it needs no list of fields, which has changed.
 */
function checkHash(raw: Buffer, hash: unknown): BookCheck["hash"] {
  if (typeof hash !== "string" || !/^[0-9a-f]{40}$/.test(hash)) return "none";
  const at = raw.indexOf(`"hash":"${hash}"`);
  if (at === -1) return "other";
  const start = at + '"hash":"'.length;
  const digest = createHash("sha1")
    .update(raw.subarray(0, start))
    .update(raw.subarray(start + hash.length))
    .digest("hex");
  return digest === hash ? "same" : "other";
}

function levelsOf(side: unknown): Level[] {
  if (!Array.isArray(side)) return [];
  return side.map((level: { price?: unknown; size?: unknown } | null) => ({
    price: Number(level?.price),
    size: Number(level?.size),
  }));
}

function max(levels: readonly Level[]): number {
  return levels.reduce((best, { price }) => Math.max(best, price), -Infinity);
}

function min(levels: readonly Level[]): number {
  return levels.reduce((best, { price }) => Math.min(best, price), Infinity);
}

// The finest tick is 0.0001, and a price of six decimals divided by it is exact to far more than this.
const tickTolerance = 1e-6;

function isMultiple(price: number, tick: number): boolean {
  const steps = price / tick;
  return Math.abs(steps - Math.round(steps)) <= tickTolerance;
}

function isSorted(levels: readonly Level[], direction: 1 | -1): boolean {
  return levels.every(
    ({ price }, at) => at === 0 || (price - levels[at - 1]!.price) * direction > 0,
  );
}

/** `"1790000000000"`: epoch ms as text or number. */
function timestampOf(value: unknown): number | undefined {
  const isWhole = typeof value === "number" ? Number.isSafeInteger(value) : isDigits(value);
  return isWhole ? Number(value) : undefined;
}

function isDigits(value: unknown): boolean {
  return typeof value === "string" && /^\d{1,15}$/.test(value);
}

// Whole numbers, in which 1 - price is exact.
const priceUnits = 1e6;

function sideText(levels: readonly Level[], isMirrored: boolean): string {
  return levels
    .map(({ price, size }): [number, number] => {
      const units = Math.round(price * priceUnits);
      return [isMirrored ? priceUnits - units : units, size];
    })
    .sort(([a], [b]) => a - b)
    .map(([units, size]) => `${units}:${size}`)
    .join(" ");
}
