/**
 * The book of a market at any version, made from the seed alone.
 *
 * Prices stand on a ladder of rungs. A rung's size is redrawn every so many versions, often near the
 * trading price and rarely far from it, while the best prices wander; so one version differs from the one
 * before in a few levels.
 */
import { hash } from "node:crypto";
import type { Market } from "./market.ts";
import { mix, unit } from "./random.ts";

interface Rung {
  index: number;
  /** The price of the first outcome's token, and of the other's: 1 minus it. */
  price: string;
  mirror: string;
  /** Redrawn once in so many versions. */
  period: number;
  phase: number;
}

export interface Ladder {
  base: number;
  rungs: Rung[];
}

export interface Level {
  rung: Rung;
  size: string;
}

/**
 * As the venue orders them, best last: bids ascend, asks descend. Of the first outcome; the other's
 * mirrors it.
 */
export interface Sides {
  bids: Level[];
  asks: Level[];
}

const scale = 10_000;
// The best prices never wander out of the rungs near the base, which all exist; in a thin book there are
// three.
const nearRungs = 10;
const wander = 6;
const versionsPerTrade = 8;

export function ladderOf(market: Market): Ladder {
  const steps = scale / market.tick;
  const base = Math.min(steps, Math.max(0, Math.round(market.price * steps)));
  const density = market.depth / steps;
  const rungs: Rung[] = [];
  for (let index = 1; index < steps; index += 1) {
    const away = Math.abs(index - base);
    if (away > Math.min(nearRungs, market.depth) && unit(market.seed, 50, index) > density)
      continue;
    const period = 8 + Math.floor((away * away) / 4);
    const units = index * market.tick;
    const [price, mirror] = [String(units / scale), String((scale - units) / scale)];
    rungs.push({ index, price, mirror, period, phase: mix(market.seed, 51, index) % period });
  }
  return { base, rungs };
}

export function sidesAt(market: Market, ladder: Ladder, version: number): Sides {
  const { bid, ask } = bestAt(market, ladder, version);
  // At an end of the scale one side is empty, and the other's best has every turn.
  const alone = bid < 1 || ask >= scale / market.tick;
  const turns = alone
    ? [version, version]
    : [Math.floor(version / 2), Math.floor((version + 1) / 2)];
  const sides: Sides = { bids: [], asks: [] };
  for (const rung of ladder.rungs) {
    if (rung.index > bid && rung.index < ask) continue;
    const turn = rung.index === bid ? turns[0] : rung.index === ask ? turns[1] : undefined;
    const size =
      turn === undefined ? sizeAt(market, rung, version) : bestSizeAt(market, rung, turn);
    if (size === undefined) continue;
    (rung.index <= bid ? sides.bids : sides.asks).push({ rung, size });
  }
  sides.asks.reverse();
  return sides;
}

export interface Stamp {
  version: number;
  changedAt: number;
}

/** The venue's text of one token's book: compact, in its key order, with the hash that it would send. */
export function bookText(market: Market, side: number, levels: Sides, stamp: Stamp): string {
  const first = side === 0;
  const bids = levelsText(first ? levels.bids : levels.asks, first);
  const asks = levelsText(first ? levels.asks : levels.bids, first);
  const { conditionId, tokens, tick, negRisk } = market;
  const head =
    `{"market":"${conditionId}","asset_id":"${tokens[side]!}",` +
    `"timestamp":"${stamp.changedAt}","hash":"`;
  const tail =
    `","bids":[${bids}],"asks":[${asks}],"min_order_size":"5","tick_size":"${tick / scale}",` +
    `"neg_risk":${negRisk}${lastTradeText(market, stamp.version)}}`;
  return head + hash("sha1", head + tail) + tail;
}

/**
 * The last trade's price: the market's, not the token's, and sometimes its complement. Undefined: never
 * traded.
 */
export function lastTrade(market: Market, version: number): string | undefined {
  const trade = Math.floor(version / versionsPerTrade);
  if (market.neverTraded !== undefined || trade === 0) return undefined;
  const at = trade * versionsPerTrade;
  const index = Math.max(
    1,
    Math.round(market.price * (scale / market.tick)) + wanderAt(market, at),
  );
  const units = Math.min(index * market.tick, scale - market.tick);
  const shown = mix(market.seed, 52, trade) % 5 === 0 ? scale - units : units;
  return (shown / scale).toFixed(market.tick % 10 === 0 ? 3 : 4);
}

/** Whether that version came with a trade. */
export function traded(market: Market, version: number): boolean {
  return version % versionsPerTrade === 0 && lastTrade(market, version) !== undefined;
}

function lastTradeText(market: Market, version: number): string {
  const price = lastTrade(market, version);
  if (price !== undefined) return `,"last_trade_price":"${price}"`;
  return market.neverTraded === "absent" ? "" : `,"last_trade_price":""`;
}

function levelsText(levels: Level[], first: boolean): string {
  let text = "";
  for (const { rung, size } of levels) {
    text += `${text === "" ? "" : ","}{"price":"${first ? rung.price : rung.mirror}","size":"${size}"}`;
  }
  return text;
}

/** Within the scale, so that at an end of it one side is empty and the other still has a best price. */
function bestAt(market: Market, ladder: Ladder, version: number): { bid: number; ask: number } {
  const steps = scale / market.tick;
  const bid = Math.min(steps - 1, Math.max(0, ladder.base + wanderAt(market, version)));
  const wide = mix(market.seed, 53, version >> 5) % 3 === 0;
  return { bid, ask: Math.min(steps, bid + (wide ? 2 : 1)) };
}

/** A smooth walk around the base: straight lines between seeded points 40 versions apart. */
function wanderAt(market: Market, version: number): number {
  const point = Math.floor(version / 40);
  const [here, next] = [unit(market.seed, 54, point), unit(market.seed, 54, point + 1)];
  const between = here + ((next - here) * (version - point * 40)) / 40;
  return Math.round((2 * between - 1) * (market.depth > nearRungs ? wander : 1));
}

/**
 * The two best levels take turns: each version redraws one of them, with other cents than before. So
 * every version differs from the one before in at least one level, and a stream of changes never has an
 * empty frame.
 */
function bestSizeAt(market: Market, rung: Rung, turn: number): string {
  const whole = 5 + (mix(market.seed, rung.index, turn) % 20_000);
  return sizeText(whole * 100 + ((turn * 37) % 100));
}

function sizeAt(market: Market, rung: Rung, version: number): string | undefined {
  const draw = mix(market.seed + 1, rung.index, Math.floor((version + rung.phase) / rung.period));
  if (draw % 11 === 0) return undefined;
  const size = 5 * 200_000 ** ((draw >>> 8) / 2 ** 24);
  return sizeText(draw % 3 === 0 ? Math.ceil(size) * 100 : Math.ceil(size * 100));
}

function sizeText(hundredths: number): string {
  return String(hundredths / 100);
}
