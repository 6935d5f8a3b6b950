/**
 * Gamma's market list, page by page. The venue answers 200 to a wrong cursor and clamps page sizes without a
 * word, so a walk checks that it gets on, and ends only where the venue names no next page.
 */
import { hash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import type { Piece } from "../archive/quarantine.ts";
import { digestOf } from "../archive/unchanged.ts";
import { type Market, readMarket } from "./market.ts";
import type { RequestRecord, VenueClient } from "./request.ts";
import { sliceArrayAt } from "./slice.ts";

/** The venue gives no more, whatever is asked for. */
export const pageMarketsMax = 100;
/** The venue takes 100; at half of it the address stays far below the 8 KB that servers commonly take. */
const lookUpMax = 50;

/** A market as one answer told it. */
export interface Listed {
  market: Market;
  raw: Buffer;
  digest: string;
  sent: string;
  received: string;
}

/** What the walk line says of a page. */
export type PageRecord = RequestRecord & { query: string; markets: number; sha256: string | null };

export interface Pages {
  records: PageRecord[];
  /** Objects and answers that could not be understood. */
  pieces: Piece[];
}

export interface Walk extends Pages {
  outcome: "complete" | "bounded" | "partial" | "failed";
  /** Why it did not get to its end. */
  stopped: string | undefined;
}

export interface WalkRules {
  order: string;
  volumeMin: number;
  liquidityMin: number;
  pagesMax: number;
}

/** Takes a market; `false` when it wants no more. */
export type Take = (listed: Listed) => boolean;

/** Walks the open markets until `take` has enough, the list ends, or something is wrong. */
export async function walkMarkets(
  client: VenueClient,
  url: string,
  rules: WalkRules,
  take: Take,
): Promise<Walk> {
  const pages: Pages = { records: [], pieces: [] };
  const seen = new Set<string>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  let isEnough = false;
  const ended = (outcome: Walk["outcome"], stopped?: string): Walk => {
    // A market that was not understood may be one that is watched.
    const isWhole = pages.pieces.length === 0 || outcome === "failed";
    return {
      ...pages,
      outcome: isWhole ? outcome : "partial",
      stopped: stopped ?? (isWhole ? undefined : "not all was understood"),
    };
  };

  while (pages.records.length < rules.pagesMax) {
    const page = await askPage(client, url, walkQuery(rules, cursor), pages);
    if (page === undefined) {
      const { error } = pages.records.at(-1)!;
      return ended(pages.records.length === 1 ? "failed" : "partial", error);
    }
    const before = seen.size;
    for (const listed of page.listed) {
      if (seen.has(listed.market.id)) continue;
      seen.add(listed.market.id);
      isEnough ||= !take(listed);
    }
    if (isEnough) return ended("complete");
    if (page.listed.length > 0 && seen.size === before) {
      return ended("partial", "a page without a new market");
    }
    if (page.next === undefined) return ended("complete");
    if (cursors.has(page.next)) return ended("partial", "the venue names the same next page again");
    cursors.add(page.next);
    cursor = page.next;
  }
  return ended("bounded", `after ${rules.pagesMax} pages`);
}

export interface LookUp {
  by: "condition_ids" | "slug";
  values: readonly string[];
  closed: boolean;
}

export interface LookedUp extends Pages {
  isWhole: boolean;
}

/** Asks for these markets by name; names that the venue does not know are left out. */
export async function lookUpMarkets(
  client: VenueClient,
  url: string,
  { by, values, closed }: LookUp,
  take: (listed: Listed) => void,
): Promise<LookedUp> {
  const pages: Pages = { records: [], pieces: [] };
  for (let at = 0; at < values.length; at += lookUpMax) {
    const query = new URLSearchParams({ limit: String(pageMarketsMax), closed: String(closed) });
    for (const value of values.slice(at, at + lookUpMax)) query.append(by, value);
    const page = await askPage(client, url, query, pages);
    // A venue that just failed every attempt is left alone.
    if (page === undefined) return { ...pages, isWhole: false };
    for (const listed of page.listed) take(listed);
  }
  return { ...pages, isWhole: pages.pieces.length === 0 };
}

function walkQuery(rules: WalkRules, cursor: string | undefined): URLSearchParams {
  const query = new URLSearchParams({
    limit: String(pageMarketsMax),
    closed: "false",
    order: rules.order,
    ascending: "false",
  });
  if (rules.volumeMin > 0) query.set("volume_num_min", String(rules.volumeMin));
  if (rules.liquidityMin > 0) query.set("liquidity_num_min", String(rules.liquidityMin));
  // Its only name: under any other the venue answers 200 with the first page, for ever.
  if (cursor !== undefined) query.set("after_cursor", cursor);
  return query;
}

interface Page {
  listed: Listed[];
  next: string | undefined;
}

/** One page; `undefined` if there was none. What was asked and what was wrong goes into `pages`. */
async function askPage(
  client: VenueClient,
  url: string,
  query: URLSearchParams,
  pages: Pages,
): Promise<Page | undefined> {
  const outcome = await client.ask({
    method: "GET",
    url: `${url}?${query.toString()}`,
    expects: "{",
  });
  pages.pieces.push(
    ...outcome.scraps.map(({ reason, bytes }) => ({ from: "markets", reason, bytes })),
  );
  const record: PageRecord = {
    query: query.toString(),
    ...outcome.record,
    markets: 0,
    sha256: null,
  };
  pages.records.push(record);
  if (!outcome.isAnswered) return undefined;

  const { body, received } = outcome;
  record.sha256 = hash("sha256", body);
  const { elements, verdict } = sliceArrayAt(body, "markets");
  const cursor = verdict === "whole" ? cursorIn(body, elements) : undefined;
  if (cursor === undefined) {
    record.error = "not a page of markets";
    pages.pieces.push({
      from: "markets",
      reason: verdict === "whole" ? "schema" : verdict,
      bytes: body,
    });
    return undefined;
  }
  const listed: Listed[] = [];
  for (const { start, end } of elements) {
    const raw = body.subarray(start, end);
    const judged = judge(raw);
    if (typeof judged === "string")
      pages.pieces.push({ from: "markets", reason: judged, bytes: raw });
    else listed.push({ market: judged, raw, digest: digestOf(raw), sent: record.sent, received });
  }
  record.markets = elements.length;
  return { listed, next: cursor === "" ? undefined : cursor };
}

function judge(raw: Buffer): Market | "utf8" | "json" | "schema" {
  if (!isUtf8(raw)) return "utf8";
  try {
    return readMarket(JSON.parse(raw.toString())) ?? "schema";
  } catch {
    return "json";
  }
}

/** `""` at the end of the list; `undefined` if what is around the markets is not understood. */
function cursorIn(
  body: Buffer,
  elements: readonly { start: number; end: number }[],
): string | undefined {
  // Without the markets themselves: one damaged row does not hide the next page.
  const around =
    elements.length === 0
      ? body
      : Buffer.concat([body.subarray(0, elements[0]!.start), body.subarray(elements.at(-1)!.end)]);
  try {
    const { next_cursor: next } = JSON.parse(around.toString()) as { next_cursor?: unknown };
    if (next === undefined || next === null) return "";
    return typeof next === "string" ? next : undefined;
  } catch {
    return undefined;
  }
}
