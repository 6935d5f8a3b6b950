/**
 * Asks for the books of many tokens: in batches, a few at a time, within the client's deadline. Every token
 * asked for ends as a book or as missing with one cause.
 */
import type { Cause, PollLine, WatchedToken } from "../archive/lines.ts";
import type { Piece } from "../archive/quarantine.ts";
import type { Question, Scrap } from "./attempt.ts";
import { judgeBooks, type JudgedBook } from "./books.ts";
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
  /** In [0, 1): where among the batches to begin. */
  turn: number;
  /** Lets others run. */
  breathe(): Promise<void>;
}

export interface Harvest {
  books: Map<string, JudgedBook>;
  missing: Map<string, Cause>;
  pieces: Piece[];
  requests: PollLine["requests"];
  /** Tokens that the venue refused by themselves. */
  refused: string[];
}

/** What a poll has that asks for nothing, or whose books find no room: every token missing, with this cause. */
export function unaskedBooks(watched: readonly WatchedToken[], cause: Cause): Harvest {
  const missing = watched.map(
    ({ token, closed }) => [token, closed === undefined ? cause : "market-closed"] as const,
  );
  return { books: new Map(), missing: new Map(missing), pieces: [], requests: [], refused: [] };
}

export async function askBooks(client: VenueClient, wanted: BooksWanted): Promise<Harvest> {
  const harvest = unaskedBooks([], "unknown");
  // Where time runs short the last ones go without, so each poll begins elsewhere.
  const inOrder = batches([...wanted.tokens.keys()], wanted);
  const first = Math.floor(wanted.turn * inOrder.length);
  const queue = [...inOrder.slice(first), ...inOrder.slice(0, first)];
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
      await take(harvest, outcome, tokens, wanted);
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

async function take(
  harvest: Harvest,
  outcome: Outcome,
  tokens: readonly string[],
  wanted: BooksWanted,
): Promise<void> {
  const asked = new Map(tokens.map((token) => [token, wanted.tokens.get(token)!] as const));
  const { known, breathe } = wanted;
  const { scraps, record } = outcome;
  // Of a failed question the last answer may still hold whole books, before where it was cut.
  const cut = outcome.isAnswered ? undefined : scraps.findLast(isCut);
  const answer = outcome.isAnswered
    ? { body: outcome.body, sent: record.sent, received: outcome.received }
    : {
        body: cut?.bytes ?? nothing,
        sent: cut?.sent ?? "",
        received: cut?.received ?? "",
        cutBy: outcome.cause,
      };
  const judged = await judgeBooks(answer, asked, known, breathe);

  for (const book of judged.books) harvest.books.set(book.token, book);
  for (const [token, cause] of judged.missing) harvest.missing.set(token, cause);
  const aside = scraps.filter((scrap) => scrap !== cut);
  harvest.pieces.push(
    ...aside.map(({ reason, bytes }) => ({ from: "books", reason, bytes })),
    ...judged.pieces,
  );
  harvest.requests.push({
    ...record,
    tokens: tokens.length,
    books: judged.books.length,
    ...(judged.duplicates > 0 && { duplicates: judged.duplicates }),
    ...(judged.isShuffled && { shuffled: true }),
  });
}

const nothing = Buffer.from("[]");

function isCut({ reason }: Scrap): boolean {
  return reason === "cut" || reason === "too-large";
}
