/** A seeded feed of books of which 40 % change from poll to poll, recorded through the real hour log. */
import { hash } from "node:crypto";
import { bookLine, jsonLine } from "../../functions/archive/lines.ts";
import { systemClock } from "../../runtime/doors/clock.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { iso, hourStart } from "../../runtime/time.ts";
import { bookText, ladderOf, sidesAt } from "../venue/book.ts";
import { populate } from "../venue/population.ts";
import { unit } from "../venue/random.ts";

export const hour = "2026-11-22T15";
export const collector = "bench";

const seed = 20;
const changing = 0.4;
const cheapTexts = 3;

export interface FeedSize {
  tokens: number;
  polls: number;
  /** A few texts for each book in turn, ten times as fast to make: where only their size matters. */
  isCheap?: boolean;
}

export interface FeedBook {
  token: string;
  market: string;
  text: Buffer;
  isChanged: boolean;
}

/** Every poll's books; the text of one that did not change is the same object as before. */
export function* feed({ tokens, polls, isCheap = false }: FeedSize): Generator<FeedBook[]> {
  const startedAt = hourStart(hour);
  const population = populate({
    seed,
    markets: Math.ceil(tokens / 2),
    churn: 1,
    turnover: 0,
    quirks: false,
    startedAt,
  });
  const books = population
    .open(startedAt)
    .flatMap((market) => [0, 1].map((side) => ({ market, side, ladder: ladderOf(market) })))
    .slice(0, tokens)
    .map((book) =>
      Object.assign(book, { version: 0, text: Buffer.alloc(0), texts: [] as string[] }),
    );
  for (let poll = 0; poll < polls; poll += 1) {
    yield books.map((book, at) => {
      const { market, side, ladder } = book;
      const isChanged = poll === 0 || unit(seed, at, poll) < changing;
      if (isChanged) {
        book.version += 1;
        const version = isCheap ? book.version % cheapTexts : book.version;
        const changedAt = startedAt + poll * 10_000;
        const made = book.texts[version];
        const text =
          made ?? bookText(market, side, sidesAt(market, ladder, version), { version, changedAt });
        if (isCheap) book.texts[version] = text;
        book.text = Buffer.from(
          made === undefined ? text : text.replace(/(?<="timestamp":")\d+/, String(changedAt)),
        );
      }
      const token = market.tokens[side] ?? "";
      return { token, market: market.conditionId, text: book.text, isChanged };
    });
  }
}

/** Appends the feed as snapshot-poll would; returns the bytes of the lines. */
export async function record(dataFolder: string, size: FeedSize): Promise<number> {
  const machine = { files: systemFiles, clock: systemClock };
  const log = hourLog({ machine, dataFolder, stream: "polymarket.books" });
  let rawBytes = 0;
  let poll = 0;
  for (const books of feed(size)) {
    const slot = iso(hourStart(hour) + Math.floor((poll * 3_600_000) / size.polls));
    const appended = await log.append(hour, (tail) => linesOf(books, slot, tail.number));
    rawBytes += appended.rawBytes;
    poll += 1;
  }
  return rawBytes;
}

function linesOf(books: readonly FeedBook[], slot: string, poll: number): Buffer[] {
  const watch = hash("sha256", `${books.length}`).slice(0, 12);
  const changed = books.filter(({ isChanged }) => isChanged);
  const tokens = books.map(({ token, market }, at) => ({
    token,
    market,
    outcome: at % 2 === 0 ? "Yes" : "No",
    slug: `market-${Math.floor(at / 2)}`,
    question: `Will event ${Math.floor(at / 2)} come about?`,
    since: slot,
  }));
  const line = {
    kind: "poll",
    poll,
    scheduled: slot,
    started: slot,
    ended: slot,
    watch,
    books: changed.length,
    unchanged: books.length - changed.length,
    missing: [],
    requests: [],
  };
  return [
    ...(poll % 100_000 === 1 ? [jsonLine({ kind: "watch", id: watch, tokens })] : []),
    jsonLine(line),
    ...changed.flatMap(({ token, text }) =>
      bookLine(poll, { token, raw: text, sent: slot, received: slot }),
    ),
  ];
}
