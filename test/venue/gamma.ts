/**
 * The Gamma API: which markets there are. Its answers are cached, so they tell of a moment up to minutes
 * ago.
 */
import { jsonAnswer, type Answer, type Question } from "./answer.ts";
import { BadQuery, cursorToStart, pageOf, selected, type Page } from "./keyset.ts";
import type { Row, World } from "./world.ts";

export interface GammaOptions {
  world: World;
  /** How long an answer stays in the venue's cache. */
  cacheMs: number;
  shortPages: boolean;
}

type Listing = "markets" | "events";

const schemaUrl = "https://gamma-api.polymarket.com/schemas";
const limitMax = { markets: 100, events: 100 };
const legacyLimitMax = 500;
const legacyOffsetMax = 2_000;
const legacyHeaders = {
  deprecation: "true",
  sunset: "Fri, 01 May 2026 00:00:00 GMT",
  warning: '299 - "use /markets/keyset"',
};

/** Undefined: the venue has no such path. */
export type Route = (question: Question) => Answer | undefined;

export function gamma(options: GammaOptions): Route {
  const select = selector(options.world);
  return (question) => {
    const { cacheMs } = options;
    const asOf = cacheMs > 0 ? Math.floor(question.now / cacheMs) * cacheMs : question.now;
    try {
      const answer = routed(question, options, (listing, query) => select(listing, asOf, query));
      return answer && withCacheHeaders(answer, question.now - asOf);
    } catch (error) {
      if (!(error instanceof BadQuery)) throw error;
      return jsonAnswer(JSON.stringify({ type: "validation error", error: error.message }), 422);
    }
  };
}

type Select = (listing: Listing, query: URLSearchParams) => Row[];

function routed(question: Question, options: GammaOptions, select: Select): Answer | undefined {
  if (question.method !== "GET") return undefined;
  const [, listing, name, value] = question.path.split("/");
  if (listing !== "markets" && listing !== "events") return undefined;
  if (name === undefined) return legacyList(listing, question.query, select);
  if (name === "keyset") return keysetPage(listing, question, options, select);
  if (name === "slug" && value !== undefined) return one(listing, "slug", value, select);
  return /^\d+$/.test(name) ? one(listing, "id", name, select) : undefined;
}

function keysetPage(
  listing: Listing,
  question: Question,
  options: GammaOptions,
  select: Select,
): Answer {
  const { query, fault } = question;
  const rows = select(listing, query);
  const page = pageOf(rows, query, { limitMax: limitMax[listing], shortPages: options.shortPages });
  if (fault?.kind === "cursor-loop")
    page.next = query.get("after_cursor") ?? page.next ?? cursorToStart(query);
  if (fault?.kind === "repeated-page") page.rows = firstPage(rows, query, limitMax[listing]).rows;
  const next = page.next === undefined ? "" : `,"next_cursor":${JSON.stringify(page.next)}`;
  return {
    ...jsonAnswer(`{"$schema":"${schemaUrl}/${listing}-keyset.json","${listing}":[`),
    items: page.rows.map((row) => ({ text: row.text() })),
    tail: `]${next}}`,
  };
}

function firstPage(rows: Row[], query: URLSearchParams, max: number): Page {
  const start = new URLSearchParams(query);
  start.delete("after_cursor");
  return pageOf(rows, start, { limitMax: max, shortPages: false });
}

/** Past its sunset and still there: a plain array, paged by offset; an unknown order is ignored. */
function legacyList(listing: Listing, query: URLSearchParams, select: Select): Answer {
  const offset = Number(query.get("offset") ?? 0) || 0;
  if (offset > legacyOffsetMax) {
    throw new BadQuery(`offset too large, use /${listing}/keyset for deeper pagination`);
  }
  const limit = Math.min(Number(query.get("limit") ?? 20) || 20, legacyLimitMax);
  const known = new URLSearchParams(query);
  known.delete("offset");
  if (query.get("order")?.includes("_")) known.delete("order");
  const rows = select(listing, known).slice(offset, offset + limit);
  const answer = jsonAnswer("[");
  return {
    ...answer,
    headers: { ...answer.headers, ...legacyHeaders },
    items: rows.map(itemOf),
    tail: "]",
  };
}

/** One object by name is answered whether open or closed. */
function one(listing: Listing, key: "id" | "slug", value: string, select: Select): Answer {
  for (const closed of ["false", "true"]) {
    const [row] = select(listing, new URLSearchParams({ [key]: value, closed }));
    if (row !== undefined) return { ...jsonAnswer(""), items: [itemOf(row)] };
  }
  return jsonAnswer('{"type":"not found error","error":"id not found"}', 404);
}

function itemOf(row: Row): { text: string } {
  return { text: row.text() };
}

/** Remembers the last selection: a walk of hundreds of pages filters and sorts once. */
function selector(world: World): (listing: Listing, asOf: number, query: URLSearchParams) => Row[] {
  let last: { key: string; rows: Row[] } | undefined;
  return (listing, asOf, query) => {
    const filters = new URLSearchParams(query);
    filters.delete("after_cursor");
    filters.delete("limit");
    const key = `${listing} ${asOf} ${filters.toString()}`;
    if (last?.key !== key) {
      const closed = query.get("closed") === "true";
      last = { key, rows: selected(world[listing](asOf, closed), query) };
    }
    return last.rows;
  };
}

function withCacheHeaders(answer: Answer, ageMs: number): Answer {
  const cache = {
    "cache-control": "public, max-age=300",
    "cf-cache-status": ageMs < 1000 ? "MISS" : "HIT",
    age: String(Math.floor(ageMs / 1000)),
  };
  return { ...answer, headers: { ...answer.headers, ...cache } };
}
