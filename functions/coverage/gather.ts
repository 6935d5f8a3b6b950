/** Reads everything that the accounting of one hour rests on, and says whether it can still change. */
import { join } from "node:path";
import { settleNames } from "../../runtime/durable.ts";
import { type Hour, hourMs, hourStart, nextHour } from "../../runtime/time.ts";
import { archiveFolder } from "../archive/layout.ts";
import { readManifest } from "../archive/manifest.ts";
import { readBooks, withWritten } from "./books-hours.ts";
import {
  type BooksEvidence,
  type HourEvidence,
  isInHour,
  needsWritten,
  unnamedPolls,
} from "./evidence.ts";
import type { JournalReader } from "./journal-hours.ts";
import type { ReportHead } from "./report.ts";
import { isSettled, type Shelf, type StreamShelf, venue } from "./shelf.ts";
import { TokenTable } from "./tokens.ts";

export interface Gathered {
  evidence: HourEvidence;
  head: ReportHead;
}

export async function gather(
  shelf: Shelf,
  readJournal: JournalReader,
  hour: Hour,
  now: number,
): Promise<Gathered> {
  const { books: shelved, journal, collector } = shelf;
  const span = { from: hourStart(hour), to: hourStart(hour) + hourMs };
  const tokens = new TokenTable();
  const around = await readJournal(hour);
  const { own, next } = await readHours(shelf, hour, span, tokens);
  const watchAfter = await readWatchAfter(shelf, nextHour(hour), own, tokens);
  const before =
    own?.lastWatch === undefined ? await readWatchBefore(shelf, hour, tokens) : undefined;
  const isFinal = await canBeFinal(shelf, hour, now);

  const booksHours = [before?.hour, hour, nextHour(hour)].filter((found) => found !== undefined);
  const manifests = [
    ...(await manifestsOf(shelf, shelved, booksHours)),
    ...(await manifestsOf(shelf, journal, around.hours)),
  ];
  // A report that is final names them by their sums.
  const named = manifests.map(({ path }) => join(archiveFolder(shelf.dataFolder), path));
  if (isFinal) await settleNames(shelf.files, named);
  return {
    evidence: {
      ...span,
      asOf: isFinal ? Infinity : now,
      journal: around.lines,
      tokens,
      books: own,
      next,
      watchBefore: before?.watch,
      watchAfter,
    },
    head: {
      collector,
      venue,
      provisional: !isFinal,
      sources: manifests.map(({ path, sha256 }) => ({ path, sha256 })),
      findings:
        manifests.find(({ manifest }) => manifest.stream === "books" && manifest.hour === hour)
          ?.manifest.findings ?? [],
    },
  };
}

/**
 * A run that began in the hour may end in the next, an interruption is found later, and a poll that came when
 * the hour was closed lies in the next one. Once all of that is sealed, or known to be silent, nothing is to
 * come.
 */
async function canBeFinal(shelf: Shelf, hour: Hour, now: number): Promise<boolean> {
  const { books, journal } = shelf;
  const next = nextHour(hour);
  if (now < hourStart(next) + hourMs) return false;
  if (books.underWay.has(hour) || books.underWay.has(next)) return false;
  return (await isSettled(shelf, journal, hour)) && (await isSettled(shelf, journal, next));
}

type Span = Pick<HourEvidence, "from" | "to">;

interface Hours {
  own: BooksEvidence | undefined;
  next: BooksEvidence | undefined;
}

async function readHours(shelf: Shelf, hour: Hour, span: Span, tokens: TokenTable): Promise<Hours> {
  // First, so that tokens are numbered as the hour's own watch list names them.
  const own = shelf.books.described.includes(hour)
    ? await readBooks(shelf, hour, tokens)
    : undefined;
  const next = await readLate(shelf, nextHour(hour), span, tokens);
  const late = (next?.polls ?? []).filter(({ slot }) => isInHour(slot, span));
  if (own === undefined || !needsWritten(span, own, late)) return { own, next };
  return { own: await withWritten(shelf, hour, own), next };
}

/** The next hour's books, if polls of this hour lie in them. */
async function readLate(
  shelf: Shelf,
  hour: Hour,
  span: Span,
  tokens: TokenTable,
): Promise<BooksEvidence | undefined> {
  const [manifest] = await manifestsOf(shelf, shelf.books, [hour]);
  if (manifest === undefined || manifest.manifest.data.late === 0) return undefined;
  const books = await readBooks(shelf, hour, tokens);
  return books.polls.some(({ slot }) => isInHour(slot, span))
    ? withWritten(shelf, hour, books)
    : undefined;
}

async function readWatchAfter(
  shelf: Shelf,
  hour: Hour,
  own: BooksEvidence | undefined,
  tokens: TokenTable,
): Promise<string | undefined> {
  if (own === undefined || unnamedPolls(tokens, own.polls).length === 0) return undefined;
  if (!shelf.books.described.includes(hour)) return undefined;
  return (await readBooks(shelf, hour, tokens)).lastWatch;
}

async function readWatchBefore(
  shelf: Shelf,
  hour: Hour,
  tokens: TokenTable,
): Promise<{ hour: Hour; watch: string } | undefined> {
  const before = shelf.books.described.findLast((other) => other < hour);
  if (before === undefined) return undefined;
  const { lastWatch } = await readBooks(shelf, before, tokens);
  return lastWatch === undefined ? undefined : { hour: before, watch: lastWatch };
}

async function manifestsOf(
  { files, dataFolder, collector }: Shelf,
  { stream, described }: StreamShelf,
  hours: readonly Hour[],
) {
  const found = hours.filter((hour) => described.includes(hour));
  return Promise.all(
    found.map((hour) => readManifest(files, dataFolder, { ...stream, hour }, collector)),
  );
}
