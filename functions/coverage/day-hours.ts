/** The hours of a day, and what is known of each: its report as it lies on the disk, or why there is none. */
import { hash } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import { OperatorError, errnoOf } from "../../runtime/errors.ts";
import { dayMs, type Hour, hourMs, hourOf, hourStart } from "../../runtime/time.ts";
import { wasExpected } from "./choose-hours.ts";
import type { DayHour, HourStanding } from "./day-schema.ts";
import type { JournalReader } from "./journal-hours.ts";
import { type GapReport, gapReportSchema } from "./report.ts";
import { isChainStart, isSettled, type Shelf } from "./shelf.ts";
import { hasFinalReport, reportPaths } from "./store.ts";

/** `2026-11-22` */
export type Day = string;

export interface ReadHour extends DayHour {
  /** The report's file. */
  source: GapReport["sources"][number] | undefined;
}

export function hoursOf(date: Day): Hour[] {
  const from = Date.parse(`${date}T00:00:00Z`);
  return Array.from({ length: dayMs / hourMs }, (_, n) => hourOf(from + n * hourMs));
}

/** One at a time, since a report of 5,000 tokens takes megabytes. */
export async function* readDayHours(
  shelf: Shelf,
  readJournal: JournalReader,
  date: Day,
  now: number,
): AsyncGenerator<ReadHour> {
  for (const hour of hoursOf(date)) {
    const found = await readReport(shelf, hour);
    if (found !== undefined) yield found;
    else {
      const standing = await withoutReport(shelf, readJournal, hour, now);
      yield { hour, standing, report: undefined, source: undefined };
    }
  }
}

/** Whether each of its hours has its final report, or none to come. */
export async function isDayComplete(
  shelf: Shelf,
  readJournal: JournalReader,
  date: Day,
  now: number,
): Promise<boolean> {
  for (const hour of hoursOf(date)) {
    if (await hasFinalReport(shelf, hour)) continue;
    if ((await withoutReport(shelf, readJournal, hour, now)) !== "nothing-due") return false;
  }
  return true;
}

async function readReport(shelf: Shelf, hour: Hour): Promise<ReadHour | undefined> {
  const { files, dataFolder, collector } = shelf;
  for (const provisional of [false, true]) {
    const path = reportPaths(hour, collector, provisional).json;
    try {
      const bytes = await files.read(join(dataFolder, path));
      const report = parseReport(bytes, path);
      const source = { path, sha256: hash("sha256", bytes) };
      return { hour, standing: provisional ? "provisional" : "final", report, source };
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
  return undefined;
}

function parseReport(bytes: Buffer, path: string): GapReport {
  try {
    return v.parse(gapReportSchema, JSON.parse(bytes.toString()));
  } catch (error) {
    throw new OperatorError("REPORT_DAMAGED", {
      message: `${path} cannot be read`,
      safe: "The archive that it was made of is untouched.",
      next: `remove it, then npm run fn -- gap-report: it is made anew from the archive`,
      cause: error,
    });
  }
}

async function withoutReport(
  shelf: Shelf,
  readJournal: JournalReader,
  hour: Hour,
  now: number,
): Promise<HourStanding> {
  const { books, journal } = shelf;
  const isOver = hourStart(hour) + hourMs <= now;
  if (!isOver || books.described.includes(hour) || books.underWay.has(hour)) return "waiting";
  if (await isSettled(shelf, journal, hour))
    return (await wasExpected(readJournal, hour)) ? "waiting" : "nothing-due";
  const [first] = journal.described;
  const isBeforeAll =
    first !== undefined && hour < first && (await isChainStart(shelf, journal, first));
  if (isBeforeAll) return "nothing-due";
  const isPast = [...journal.described, ...journal.underWay].some((other) => other > hour);
  return isPast && !journal.underWay.has(hour) ? "not-here" : "waiting";
}
