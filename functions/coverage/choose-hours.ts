/** Which hours are due for a report: those with books, and those that should have had some. */
import { OperatorError } from "../../runtime/errors.ts";
import { type Hour, hourMs, hourStart, nextHour } from "../../runtime/time.ts";
import type { JournalReader } from "./journal-hours.ts";
import { hasFinalReport } from "./store.ts";
import { hoursBetween, isChainStart, type Shelf, silentHours } from "./shelf.ts";
import { expectedSlots } from "./slots.ts";

/** Without a final report, oldest first; of hours that begin by `asOf`. */
export async function dueHours(
  shelf: Shelf,
  readJournal: JournalReader,
  asOf: number,
): Promise<Hour[]> {
  const due: Hour[] = [];
  for (const hour of shelf.books.described) {
    if (hourStart(hour) <= asOf && !(await hasFinalReport(shelf, hour))) due.push(hour);
  }
  for await (const hour of silentCandidates(shelf)) {
    // Silence is a hole only once the hour is over.
    if (hourStart(hour) + hourMs > asOf || (await hasFinalReport(shelf, hour))) continue;
    if (await wasExpected(readJournal, hour)) due.push(hour);
  }
  return due.sort();
}

/** Those of a day that the evidence here can tell of, with a final report or not. */
export async function hoursAtHand(
  shelf: Shelf,
  readJournal: JournalReader,
  date: string,
  now: number,
): Promise<Hour[]> {
  const isOfDay = (hour: Hour): boolean => hour.startsWith(`${date}T`);
  const hours = shelf.books.described.filter(isOfDay);
  for await (const hour of silentCandidates(shelf)) {
    if (!isOfDay(hour) || hourStart(hour) + hourMs > now) continue;
    if (await wasExpected(readJournal, hour)) hours.push(hour);
  }
  if (hours.length > 0) return hours.sort();
  throw new OperatorError("DAY_UNKNOWN", {
    message: `nothing here tells of ${date}: no books, and no journal that says any were due`,
    exit: "usage",
    safe: "Nothing was written.",
    next: "write a day as 2026-11-22; restore it first if it was pruned",
  });
}

/** One hour that was asked for by name, with a final report or not. */
export async function namedHour(
  shelf: Shelf,
  readJournal: JournalReader,
  hour: Hour,
): Promise<Hour> {
  if (shelf.books.described.includes(hour)) return hour;
  if (shelf.books.underWay.has(hour)) {
    throw new OperatorError("HOUR_NOT_SEALED", {
      message: `hour ${hour} is not sealed and described yet`,
      exit: "usage",
      safe: "What it recorded is safe in data/open.",
      next: "npm run fn -- seal-hour && npm run fn -- build-manifest, once the hour is over",
    });
  }
  for await (const silent of silentCandidates(shelf)) {
    if (silent === hour && (await wasExpected(readJournal, hour))) return hour;
  }
  throw new OperatorError("HOUR_UNKNOWN", {
    message: `nothing here tells of hour ${hour}: no books, and no journal that says any were due`,
    exit: "usage",
    safe: "Nothing was written.",
    next: "write an hour as 2026-11-22T15; restore it first if it was pruned",
  });
}

/**
 * Hours that the chain of manifests calls silent, and those at its ends that only the journal knows. An hour
 * that is merely not here may have been pruned, and says nothing.
 */
async function* silentCandidates(shelf: Shelf): AsyncGenerator<Hour> {
  const { described, underWay } = shelf.books;
  const firstKnown = shelf.journal.described[0];
  const lastKnown = shelf.journal.described.at(-1);
  const [firstBooks] = described;
  const lastBooks = described.at(-1);
  if (
    firstKnown !== undefined &&
    firstBooks !== undefined &&
    (await isChainStart(shelf, shelf.books, firstBooks))
  ) {
    for (const hour of hoursBetween(firstKnown, firstBooks))
      if (hour !== firstBooks && !underWay.has(hour)) yield hour;
  }
  for (const [position, hour] of described.entries()) {
    const before = described[position - 1];
    if (before !== undefined && nextHour(before) !== hour)
      yield* await silentHours(shelf, shelf.books, hour);
  }
  const afterBooks = lastBooks === undefined ? firstKnown : nextHour(lastBooks);
  if (afterBooks === undefined || lastKnown === undefined) return;
  for (const hour of hoursBetween(afterBooks, lastKnown)) if (!underWay.has(hour)) yield hour;
}

export async function wasExpected(readJournal: JournalReader, hour: Hour): Promise<boolean> {
  const { lines } = await readJournal(hour);
  const span = { from: hourStart(hour), to: hourStart(hour) + hourMs, asOf: Infinity };
  return expectedSlots(lines, span).slots.length > 0;
}
