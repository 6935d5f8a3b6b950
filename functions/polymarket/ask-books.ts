/**
 * Asks for the books of many tokens: in batches, a few at a time, within the client's deadline. Every token
 * asked for ends as a book or as missing with one cause.
 */
import type { Cause, PollLine } from "../archive/lines.ts";
import type { Piece } from "../archive/quarantine.ts";
import type { Question, Scrap } from "./attempt.ts";
import { judgeBooks, type Judged, type JudgedBook } from "./books.ts";
import type { Outcome, VenueClient } from "./request.ts";

/** docs.polymarket.com/market-data: one more, and the whole request is refused. */
export const batchMax = 500;
export const concurrencyMax = 4;
/**
 * One token that the venue refuses (400) takes its whole batch with it; halving finds it among 500 in 18
 * requests. This many a run may go to that.
 */
export const splitRequestsMax = 40;

export interface BooksWanted {
  url: string;
  /** Token → its market. */
  tokens: ReadonlyMap<string, string>;
  /** Each asked for alone: the venue refused a batch because of them not long ago. */
  suspects: ReadonlySet<string>;
  /** Digest → token of texts judged good before. */
  known: ReadonlyMap<string, string>;
  batch: number;
  concurrency: number;
}

export interface Harvest {
  books: Map<string, JudgedBook>;
  missing: Map<string, Cause>;
  pieces: Piece[];
  requests: PollLine["requests"];
  /** Tokens that the venue refused by themselves. */
  refused: string[];
}

export async function askBooks(client: VenueClient, wanted: BooksWanted): Promise<Harvest> {
  const harvest: Harvest = {
    books: new Map(),
    missing: new Map(),
    pieces: [],
    requests: [],
    refused: [],
  };
  const queue = batches([...wanted.tokens.keys()], wanted);
  let splitsLeft = splitRequestsMax;

  const work = async (): Promise<void> => {
    for (let tokens = queue.shift(); tokens !== undefined; tokens = queue.shift()) {
      const outcome = await client.ask(questionFor(wanted.url, tokens));
      if (!outcome.isAnswered && outcome.record.status === 400) {
        if (tokens.length > 1 && splitsLeft >= 2) {
          splitsLeft -= 2;
          const half = Math.ceil(tokens.length / 2);
          queue.unshift(tokens.slice(0, half), tokens.slice(half));
        } else {
          if (tokens.length === 1) harvest.refused.push(...tokens);
          for (const token of tokens) harvest.missing.set(token, outcome.cause);
        }
        harvest.requests.push({ ...outcome.record, tokens: tokens.length, books: 0 });
        continue;
      }
      take(harvest, outcome, tokens, wanted);
    }
  };
  await Promise.all(Array.from({ length: wanted.concurrency }, work));
  harvest.requests.sort((a, b) => (a.sent < b.sent ? -1 : a.sent > b.sent ? 1 : 0));
  return harvest;
}

function batches(tokens: readonly string[], { batch, suspects }: BooksWanted): string[][] {
  const sound = tokens.filter((token) => !suspects.has(token));
  const alone = tokens.filter((token) => suspects.has(token)).map((token) => [token]);
  const full = Math.ceil(sound.length / batch);
  return [
    ...Array.from({ length: full }, (_, at) => sound.slice(at * batch, (at + 1) * batch)),
    ...alone,
  ];
}

function questionFor(url: string, tokens: readonly string[]): Question {
  const body = JSON.stringify(tokens.map((token) => ({ token_id: token })));
  return { method: "POST", url, body, expects: "[" };
}

function take(
  harvest: Harvest,
  outcome: Outcome,
  tokens: readonly string[],
  wanted: BooksWanted,
): void {
  const asked = new Map(tokens.map((token) => [token, wanted.tokens.get(token)!] as const));
  const judged = outcome.isAnswered
    ? judgeBooks(
        { body: outcome.body, sent: outcome.record.sent, received: outcome.received },
        asked,
        wanted.known,
      )
    : judgeFailed(outcome, asked, wanted);
  const scraps = outcome.isAnswered ? outcome.scraps : outcome.scraps.slice(0, -1);

  for (const book of judged.books) harvest.books.set(book.token, book);
  for (const [token, cause] of judged.missing) harvest.missing.set(token, cause);
  harvest.pieces.push(...scraps.map(pieceOf), ...judged.pieces);
  harvest.requests.push({ ...outcome.record, tokens: tokens.length, books: judged.books.length });
}

/** What a failed question still brought: the whole books before the cut in its last answer. */
function judgeFailed(
  { cause, scraps }: Extract<Outcome, { isAnswered: false }>,
  asked: ReadonlyMap<string, string>,
  { known }: BooksWanted,
): Judged {
  const scrap = scraps.at(-1);
  if (scrap === undefined)
    return {
      books: [],
      pieces: [],
      missing: new Map([...asked.keys()].map((token) => [token, cause])),
    };
  if (scrap.reason === "cut" || scrap.reason === "too-large") {
    return judgeBooks(
      { body: scrap.bytes, sent: scrap.sent, received: scrap.received, cutBy: cause },
      asked,
      known,
    );
  }
  return {
    books: [],
    pieces: [pieceOf(scrap)],
    missing: new Map([...asked.keys()].map((token) => [token, cause])),
  };
}

function pieceOf({ reason, bytes }: Scrap): Piece {
  return { from: "books", reason, bytes };
}
