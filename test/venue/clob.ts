/** The CLOB API: books and what can be read off them. */
import { errorAnswer, jsonAnswer, type Answer, type Item, type Question } from "./answer.ts";
import type { Route } from "./gamma.ts";
import { mix, shuffled } from "./random.ts";
import type { Book, World } from "./world.ts";

const booksMax = 500;
const noBook = "No orderbook exists for the requested token id";

interface Parsed {
  bids: { price: string }[];
  asks: { price: string }[];
  tick_size: string;
  neg_risk: boolean;
  last_trade_price?: string;
}

export function clob(world: World): Route {
  return (question) => {
    const { method, path, query, now } = question;
    if (method === "POST" && path === "/books") return manyBooks(world, question);
    if (method !== "GET") return undefined;
    if (path === "/time") return jsonAnswer(String(Math.floor(now / 1000)));
    if (path === "/ok" || path === "/") return jsonAnswer('"OK"');

    const read = path === "/book" ? oneBook : reads[path];
    if (read === undefined) return undefined;
    const token = query.get("token_id");
    if (token === null || !/^\d+$/.test(token)) return errorAnswer(400, "Invalid token id");
    const book = world.book(token, now);
    return book === undefined ? errorAnswer(404, noBook) : read(book, query);
  };
}

/** Tokens without a book are left out without a word, and the order means nothing. */
function manyBooks(world: World, { body, now }: Question): Answer {
  const tokens = tokensOf(body);
  if (tokens === undefined) return errorAnswer(400, "Invalid payload");
  if (tokens.length > booksMax) return errorAnswer(400, "Payload exceeds the limit");
  const items = [...new Set(tokens)].flatMap((token) => {
    const book = world.book(token, now);
    return book === undefined ? [] : [itemOf(book)];
  });
  // The order depends on the moment, not on how many requests came before: concurrent ones stay
  // repeatable.
  return { ...jsonAnswer("["), items: shuffled(items, mix(now, tokens.length)), tail: "]" };
}

function tokensOf(body: string): string[] | undefined {
  let asked: unknown;
  try {
    asked = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!Array.isArray(asked)) return undefined;
  const tokens = asked.map((one: unknown) => (one as { token_id?: unknown } | null)?.token_id);
  return tokens.every((token) => typeof token === "string" && /^\d+$/.test(token))
    ? (tokens as string[])
    : undefined;
}

function oneBook(book: Book): Answer {
  return { ...jsonAnswer(""), items: [itemOf(book)] };
}

function itemOf({ token, text }: Book): Item {
  return { token, text };
}

type Read = (book: Book, query: URLSearchParams) => Answer;

/** Small answers about one token. */
const reads: Record<string, Read> = {
  "/price": ({ text }, query) => {
    const { bids, asks } = parsed(text);
    const side = query.get("side")?.toUpperCase();
    if (side !== "BUY" && side !== "SELL") return errorAnswer(400, "Invalid side");
    // BUY asks for the best bid: what a buyer at rest would pay.
    return json({ price: (side === "BUY" ? bids : asks).at(-1)?.price ?? "0" });
  },
  "/midpoint": ({ text }) => {
    const { bid, ask } = best(text);
    return json({ mid: decimal((bid + ask) / 2) });
  },
  "/spread": ({ text }) => {
    const { bid, ask } = best(text);
    return json({ spread: decimal(ask - bid) });
  },
  "/last-trade-price": ({ text }) => {
    const price = parsed(text).last_trade_price ?? "";
    return json({ price: price === "" ? "0.5" : price, side: price === "" ? "" : "SELL" });
  },
  "/tick-size": ({ text }) => json({ minimum_tick_size: Number(parsed(text).tick_size) }),
  "/neg-risk": ({ text }) => json({ neg_risk: parsed(text).neg_risk }),
};

function best(text: string): { bid: number; ask: number } {
  const { bids, asks } = parsed(text);
  return { bid: Number(bids.at(-1)?.price ?? 0), ask: Number(asks.at(-1)?.price ?? 1) };
}

function parsed(text: string): Parsed {
  return JSON.parse(text) as Parsed;
}

function json(value: object): Answer {
  return jsonAnswer(JSON.stringify(value));
}

function decimal(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}
