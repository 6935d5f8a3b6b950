/**
 * Judges one answer of /books, book by book: a book is matched to its token by the id that it names, never by
 * its place (the venue shuffles, and leaves tokens out without a word). A book that is not what it should be
 * goes to quarantine alone; the good ones of the same answer are kept.
 */
import { isUtf8 } from "node:buffer";
import type { Cause } from "../archive/lines.ts";
import type { Piece } from "../archive/quarantine.ts";
import { digestOf } from "../archive/unchanged.ts";
import { sliceArray } from "./slice.ts";

export interface JudgedBook {
  token: string;
  /** The venue's text: a view into the answer, not a copy. */
  raw: Buffer;
  digest: string;
  sent: string;
  received: string;
}

export interface BooksAnswer {
  body: Buffer;
  sent: string;
  received: string;
  /** Why the answer is not whole, if it is not: tokens that it might still have brought get this cause. */
  cutBy?: Cause;
}

export interface Judged {
  books: JudgedBook[];
  pieces: Piece[];
  missing: Map<string, Cause>;
  /** Second books of a token. */
  duplicates: number;
  /** The books stand in another order than they were asked for. */
  isShuffled: boolean;
}

// Some 10 ms: 500 books, the first of an hour, would hold the event loop for 50.
const parsedInARow = 100;

/**
 * `asked`: token → its market. `known`: digests of texts that were judged good before, with their token; an
 * equal text needs no second look, and most books do not change between two polls. `breathe` lets others run.
 */
export async function judgeBooks(
  answer: BooksAnswer,
  asked: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, string>,
  breathe: () => Promise<void>,
): Promise<Judged> {
  const { body, sent, received } = answer;
  const { elements, verdict, rest } = sliceArray(body);
  const books = new Map<string, JudgedBook>();
  const pieces: Piece[] = [];
  const suspects = new Set<string>();
  let duplicates = 0;
  let nameless = 0;
  let parsed = 0;

  for (const { start, end } of elements) {
    const raw = body.subarray(start, end);
    const digest = digestOf(raw);
    if (!known.has(digest)) parsed += 1;
    if (parsed === parsedInARow) {
      parsed = 0;
      await breathe();
    }
    const { token, fault } = judge(raw, digest, asked, known);
    const reason = fault ?? (books.has(token!) ? "duplicate" : undefined);
    if (reason === "duplicate") duplicates += 1;
    if (reason === undefined) {
      books.set(token!, { token: token!, raw, digest, sent, received });
      continue;
    }
    pieces.push({ from: "books", reason, bytes: raw, ...(token !== undefined && { token }) });
    if (token === undefined) nameless += 1;
    else if (asked.has(token)) suspects.add(token);
  }
  if (rest !== undefined) {
    pieces.push({ from: "books", reason: verdict, bytes: body.subarray(rest.start, rest.end) });
    nameless += 1;
  }

  const unanswered = [...asked.keys()].filter((token) => !books.has(token));
  const unexplained = unanswered.filter((token) => !suspects.has(token)).length;
  const cause = answer.cutBy ?? causeWithout(verdict, nameless, unexplained);
  const missing = new Map(
    unanswered.map((token) => [token, suspects.has(token) ? "quarantined" : cause] as const),
  );
  const inOrder = [...asked.keys()].filter((token) => books.has(token));
  const isShuffled = [...books.keys()].some((token, at) => token !== inOrder[at]);
  return { books: [...books.values()], pieces, missing, duplicates, isShuffled };
}

/** Why a token is not in an answer that came whole. */
function causeWithout(
  verdict: "whole" | "cut" | "garbage",
  nameless: number,
  unexplained: number,
): Cause {
  // Nobody can say what the part that is not there would have held; what there is of it is in quarantine.
  if (verdict !== "whole") return "quarantined";
  if (nameless === 0) return "omitted";
  return unexplained <= nameless ? "quarantined" : "unknown";
}

interface Verdict {
  token?: string;
  fault?: "utf8" | "json" | "schema" | "not-asked" | "wrong-market";
}

function judge(
  raw: Buffer,
  digest: string,
  asked: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, string>,
): Verdict {
  const knownToken = known.get(digest);
  if (knownToken !== undefined && asked.has(knownToken)) return { token: knownToken };

  if (!isUtf8(raw)) return { ...namedIn(raw), fault: "utf8" };
  const text = raw.toString();
  let book: Partial<Record<string, unknown>> | null;
  try {
    book = JSON.parse(text) as typeof book;
  } catch {
    return { ...namedIn(raw), fault: "json" };
  }
  if (typeof book !== "object" || book === null) return { fault: "schema" };
  const token = tokenOf(book["asset_id"], raw);
  if (token === undefined) return { fault: "schema" };
  const market = asked.get(token);
  if (market === undefined) return { token, fault: "not-asked" };
  if (typeof book["market"] !== "string") return { token, fault: "schema" };
  if (book["market"] !== market) return { token, fault: "wrong-market" };
  return areLevels(book["bids"]) && areLevels(book["asks"])
    ? { token }
    : { token, fault: "schema" };
}

// An id has 78 digits: as a JSON number its value is lost in parsing, so it is read off the text.
function tokenOf(id: unknown, raw: Buffer): string | undefined {
  if (typeof id === "string") return id === "" ? undefined : id;
  return typeof id === "number" ? namedIn(raw).token : undefined;
}

/** The token that damaged bytes still name. */
function namedIn(raw: Buffer): { token?: string } {
  const token = /"asset_id"\s*:\s*"?(\d+)[",}\s]/.exec(raw.toString("latin1"))?.[1];
  return token === undefined ? {} : { token };
}

// By hand, not by schema: 100 levels a book and 5,000 books a poll leave a schema library no time.
function areLevels(side: unknown): boolean {
  return Array.isArray(side) && side.every(isLevel);
}

function isLevel(level: unknown): boolean {
  if (typeof level !== "object" || level === null) return false;
  const { price, size } = level as { price?: unknown; size?: unknown };
  return isAmount(price) && isAmount(size);
}

function isAmount(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}
