/**
 * What the venue's own tests share: a clock moved by hand, a venue that closes itself, and plain
 * requests.
 */
import type { TestContext } from "node:test";
import type { Clock } from "../../runtime/doors/clock.ts";
import { startVenue, type Venue, type VenueOptions } from "./venue.ts";

export const NOON = Date.parse("2026-11-22T12:00:00Z");

export interface HandClock extends Clock {
  /** Moves time on, calling back whatever falls due on the way, at its own moment. */
  advance(ms: number): void;
  /** Timers set and not yet due. */
  readonly pending: number;
}

export function handClock(start = NOON): HandClock {
  let now = start;
  const timers = new Set<{ at: number; callback: () => void }>();
  const nextDue = (until: number): { at: number; callback: () => void } | undefined =>
    [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  return {
    now: () => now,
    monotonic: () => now - start,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      const until = now + ms;
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        timers.delete(due);
        now = due.at;
        due.callback();
      }
      now = until;
    },
    get pending() {
      return timers.size;
    },
  };
}

/** A venue that is closed with the test. */
export async function aVenue(t: TestContext, options: Partial<VenueOptions> = {}): Promise<Venue> {
  const venue = await startVenue({
    seed: 7,
    clock: handClock(),
    turnover: 0,
    quirks: false,
    ...options,
  });
  t.after(() => venue.close());
  return venue;
}

export interface Reply {
  status: number;
  headers: Headers;
  body: Buffer;
  text: string;
}

export async function ask(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body, text: body.toString() };
}

export function askBooks(
  venue: Venue,
  tokens: readonly string[],
  init: RequestInit = {},
): Promise<Reply> {
  const body = JSON.stringify(tokens.map((token_id) => ({ token_id })));
  return ask(`${venue.clobUrl}/books`, { method: "POST", body, ...init });
}

export interface BookFields {
  market: string;
  asset_id: string;
  timestamp: string;
  hash: string;
  bids: { price: string; size: string }[];
  asks: { price: string; size: string }[];
  min_order_size: string;
  tick_size: string;
  neg_risk: boolean;
  last_trade_price?: string;
}

export function booksIn(reply: Reply): BookFields[] {
  return JSON.parse(reply.text) as BookFields[];
}
