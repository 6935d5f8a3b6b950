/** Gamma's paging by keyset: filters, order, and a cursor that says after which row to go on. */
import { mix } from "./random.ts";
import type { Row } from "./world.ts";

export interface Page {
  rows: Row[];
  /** Absent on the last page, as on the venue. */
  next: string | undefined;
}

const defaultLimit = 20;

/** What the venue answers 422 to. */
export class BadQuery extends Error {}

interface Order {
  by: keyof Row["sort"];
  ascending: boolean;
}

/** The rows that the query's filters let through, in its order. */
export function selected(rows: Row[], query: URLSearchParams): Row[] {
  const { by, ascending } = orderOf(query);
  const sign = ascending ? 1 : -1;
  return rows
    .filter((row) => matches(row, query))
    .sort((a, b) => sign * (a.sort[by] - b.sort[by]) || a.sort.id - b.sort.id);
}

/**
 * One page of them. Only `after_cursor` moves it: other names for a cursor are ignored, without a word.
 */
export function pageOf(
  rows: Row[],
  query: URLSearchParams,
  options: { limitMax: number; shortPages: boolean },
): Page {
  const order = orderOf(query);
  const cursor = query.get("after_cursor");
  const from = cursor === null || cursor === "" ? 0 : placeAfter(rows, order, cursor);
  const limit = limitOf(query, options.limitMax);

  // Now and then a page holds fewer rows than it could, though more follow.
  const short = options.shortPages && limit > 3 && mix(from, 80) % 7 === 0 ? 3 : 0;
  const page = rows.slice(from, from + limit - short);
  const last = page.at(-1);
  const more = last !== undefined && from + page.length < rows.length;
  return { rows: page, next: more ? cursorAfter(last, order) : undefined };
}

/** A cursor that leads to the first page, for ever. */
export function cursorToStart(query: URLSearchParams): string {
  const { by, ascending } = orderOf(query);
  return encode([by, ascending, ascending ? -1e300 : 1e300, -1]);
}

function orderOf(query: URLSearchParams): Order {
  if (query.has("offset")) throw new BadQuery("offset is not supported, use after_cursor");
  const by = query.get("order") ?? "id";
  const known = ["id", "volumeNum", "volume24hr", "liquidityNum", "endDate"] as const;
  const found = known.find((name) => name === by);
  if (found === undefined) throw new BadQuery("order fields are not valid");
  return { by: found, ascending: query.get("ascending") !== "false" };
}

function matches(row: Row, query: URLSearchParams): boolean {
  return (
    isAmong(query, "id", [row.id]) &&
    isAmong(query, "slug", [row.slug]) &&
    isAmong(query, "condition_ids", [row.conditionId]) &&
    isAmong(query, "clob_token_ids", row.tokens) &&
    isWithin(query, "volume_num", row.sort.volumeNum) &&
    isWithin(query, "liquidity_num", row.sort.liquidityNum) &&
    isBefore(query, "end_date_min", row.sort.endDate, true) &&
    isBefore(query, "end_date_max", row.sort.endDate, false)
  );
}

function isAmong(query: URLSearchParams, name: string, values: string[]): boolean {
  const wanted = query.getAll(name);
  return wanted.length === 0 || values.some((value) => wanted.includes(value));
}

function isWithin(query: URLSearchParams, name: string, value: number): boolean {
  const bound = (end: string, none: number): number => Number(query.get(`${name}_${end}`) ?? none);
  return value >= bound("min", -Infinity) && value <= bound("max", Infinity);
}

function isBefore(query: URLSearchParams, name: string, value: number, minimum: boolean): boolean {
  const bound = Date.parse(query.get(name) ?? "");
  return Number.isNaN(bound) || (minimum ? value >= bound : value <= bound);
}

/** More than the maximum is clamped, without a word. */
function limitOf(query: URLSearchParams, max: number): number {
  const limit = Number(query.get("limit") ?? defaultLimit);
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, max) : defaultLimit;
}

type Cursor = [by: string, ascending: boolean, value: number, id: number];

function cursorAfter(row: Row, { by, ascending }: Order): string {
  return encode([by, ascending, row.sort[by], row.sort.id]);
}

function encode(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

/** The row that the cursor names may be gone, or have moved: the next one is found by value. */
function placeAfter(rows: Row[], order: Order, text: string): number {
  let cursor: Cursor;
  try {
    cursor = JSON.parse(Buffer.from(text, "base64url").toString()) as Cursor;
  } catch {
    throw new BadQuery("invalid cursor");
  }
  const [by, ascending, value, id] = cursor;
  if (by !== order.by || ascending !== order.ascending)
    throw new BadQuery("cursor does not match order");
  const sign = order.ascending ? 1 : -1;
  const place = rows.findIndex(({ sort }) => {
    const distance = sign * (sort[order.by] - value);
    return distance > 0 || (distance === 0 && sort.id > id);
  });
  return place === -1 ? rows.length : place;
}
