/** Polls the sample over REST, on the same grid as snapshot-poll, for as long as the stream is listened to. */
import { sleep } from "../../runtime/doors/clock.ts";
import type { WatchedToken } from "../archive/lines.ts";
import { askBooks, batchMax } from "../polymarket/ask-books.ts";
import type { VenueRun } from "../polymarket/attempt.ts";
import { venueClient } from "../polymarket/request.ts";
import type { PolledBook } from "./compare.ts";
import { digestOf, levelsOf } from "./levels.ts";

export interface Polling {
  url: string;
  tokens: readonly WatchedToken[];
  everyMs: number;
  /** On the monotonic clock. */
  until: number;
}

export interface Polled {
  /** Token → its books, in order of time. */
  books: Map<string, PolledBook[]>;
  polls: number;
  /** Of a book's text, on average. */
  bookBytes: number;
}

export async function pollSample(run: VenueRun, polling: Polling): Promise<Polled> {
  const { clock, signal } = run;
  const { tokens, everyMs, until } = polling;
  const books = new Map(tokens.map(({ token }): [string, PolledBook[]] => [token, []]));
  let [polls, received, bytes] = [0, 0, 0];
  for (;;) {
    const waitMs = everyMs - (clock.now() % everyMs);
    if (clock.monotonic() + waitMs >= until) break;
    await sleep(clock, waitMs, signal);
    polls += 1;
    const { books: harvested } = await askBooks(venueClient(run, clock.now() + everyMs), {
      url: polling.url,
      tokens: new Map(tokens.map(({ token, market }) => [token, market])),
      suspects: new Set(),
      known: new Map(),
      batch: batchMax,
      concurrency: 1,
      turn: 0,
      breathe: () => sleep(clock, 0),
    });
    for (const { token, raw, sent } of harvested.values()) {
      received += 1;
      bytes += raw.length;
      books.get(token)?.push(polledBook(raw, sent));
    }
  }
  return { books, polls, bookBytes: received === 0 ? 0 : Math.round(bytes / received) };
}

function polledBook(raw: Buffer, sent: string): PolledBook {
  const book = JSON.parse(raw.toString()) as Record<string, unknown>;
  const timestamp = Number(book["timestamp"]);
  return { ...digestOf(levelsOf(book)), timestamp, sent: Date.parse(sent) };
}
