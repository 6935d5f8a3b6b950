/**
 * A world of payload files: whatever JSON a folder holds of captured books and markets is answered as it
 * is.
 *
 * A list of objects with `asset_id` are books; a list with `conditionId`, or an object with `markets`,
 * are markets. Of several captures of one token the next is served with each minute since the start, and
 * the last one stays.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compact, member, slices } from "./json.ts";
import type { Book, Row, World } from "./world.ts";

interface Found {
  captures: Map<string, Book[]>;
  markets: Row[];
  events: Row[];
}

type Fields = Record<string, unknown>;

const captureMs = 60_000;

export function payloadWorld(folder: string, startedAt: number): World {
  const found: Found = { captures: new Map(), markets: [], events: [] };
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith(".json")) collect(compact(readFileSync(join(folder, name), "utf8")), found);
  }
  if (found.markets.length === 0)
    found.markets = marketsFromBooks([...found.captures.values()].flat());
  if (found.markets.length === 0)
    throw new Error(`${folder} holds no .json file with books or markets`);

  return {
    book(token, now) {
      const captures = found.captures.get(token);
      const turn = Math.max(0, Math.floor((now - startedAt) / captureMs));
      return captures?.[Math.min(turn, captures.length - 1)];
    },
    tokens: () => [...found.captures.keys()],
    markets: (_, closed) => found.markets.filter((row) => row.closed === closed),
    events: (_, closed) => found.events.filter((row) => row.closed === closed),
    feed: () => undefined,
  };
}

function collect(text: string, found: Found): void {
  if (text.startsWith("[")) {
    for (const element of slices(text)) collectOne(element, found);
  } else {
    collectOne(text, found);
  }
}

function collectOne(text: string, found: Found): void {
  if (!text.startsWith("{")) return;
  const fields = JSON.parse(text) as Fields;
  const token = fields["asset_id"];
  if (typeof token === "string") {
    const captures = found.captures.get(token) ?? [];
    captures.push({ token, market: String(fields["market"]), text });
    found.captures.set(token, captures);
  } else if (Array.isArray(fields["markets"])) {
    for (const market of slices(member(text, "markets")!)) collectOne(market, found);
    if ("id" in fields) add(found.events, rowOf(text, fields));
  } else if ("conditionId" in fields) {
    add(found.markets, rowOf(text, fields));
  }
}

/** The same market may be in two files. */
function add(rows: Row[], row: Row): void {
  if (!rows.some(({ id }) => id === row.id)) rows.push(row);
}

function rowOf(text: string, fields: Fields): Row {
  const number = (...keys: string[]): number =>
    Number(fields[keys.find((key) => key in fields) ?? ""] ?? 0);
  const tokens = fields["clobTokenIds"];
  return {
    id: textOf(fields["id"]),
    slug: textOf(fields["slug"]),
    conditionId: textOf(fields["conditionId"]),
    tokens: typeof tokens === "string" && tokens !== "" ? (JSON.parse(tokens) as string[]) : [],
    closed: fields["closed"] === true,
    sort: {
      id: number("id"),
      volumeNum: number("volumeNum", "volume"),
      volume24hr: number("volume24hr"),
      liquidityNum: number("liquidityNum", "liquidity"),
      endDate: Date.parse(String(fields["endDate"])) || 0,
    },
    text: () => text,
  };
}

/** An id may be a number in places. */
function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The least that a collector needs, for a folder that holds only books. */
function marketsFromBooks(books: Book[]): Row[] {
  const byMarket = Map.groupBy(books, (book) => book.market);
  return [...byMarket].map(([conditionId, ofMarket], place) => {
    const tokens = [...new Set(ofMarket.map((book) => book.token))];
    const book = JSON.parse(ofMarket[0]!.text) as Fields;
    const volume = 1_000_000 - place;
    const fields = {
      id: String(1 + place),
      question: `Market ${1 + place}?`,
      conditionId,
      slug: `market-${1 + place}`,
      endDate: "2099-01-01T00:00:00Z",
      outcomes: JSON.stringify(
        tokens.length > 2
          ? tokens.map((_, side) => `Outcome ${side}`)
          : ["Yes", "No"].slice(0, tokens.length),
      ),
      volume: String(volume),
      active: true,
      closed: false,
      archived: false,
      enableOrderBook: true,
      orderPriceMinTickSize: Number(book["tick_size"] ?? 0.01),
      orderMinSize: Number(book["min_order_size"] ?? 5),
      volumeNum: volume,
      liquidityNum: volume,
      volume24hr: volume,
      clobTokenIds: JSON.stringify(tokens),
      acceptingOrders: true,
      negRisk: book["neg_risk"] === true,
    };
    return rowOf(JSON.stringify(fields), fields);
  });
}
