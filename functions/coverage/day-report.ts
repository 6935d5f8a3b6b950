/** One day from its hours' reports to its own. */
import { join } from "node:path";
import type { Run } from "../../runtime/function.ts";
import { type Day, isDayComplete, readDayHours } from "./day-hours.ts";
import { DayMerge } from "./day-merge.ts";
import type { DayReport } from "./day-schema.ts";
import type { JournalReader } from "./journal-hours.ts";
import { reportText } from "./json-text.ts";
import { dayMarkdown } from "./markdown.ts";
import { picture } from "./picture.ts";
import { type Shelf, venue } from "./shelf.ts";
import { hasFinalReport, prepareReports, publishReport, reportsFolder } from "./store.ts";

export interface ReportedDay {
  date: Day;
  provisional: boolean;
  coverage: number | null;
  /** In token slots, as are the next two. */
  expected: number;
  missing: number;
  unknown: number;
  gaps: number;
  /** Path of the Markdown, relative to the data folder; JSON and picture lie beside it. */
  report: string;
}

/** Those in which this run reported an hour, and those that can be final now; oldest first. */
export async function dueDays(
  shelf: Shelf,
  readJournal: JournalReader,
  reported: readonly string[],
  now: number,
): Promise<Day[]> {
  const touched = new Set(reported.map((hour) => hour.slice(0, 10)));
  const entries = await shelf.files.list(join(shelf.dataFolder, reportsFolder));
  const known = entries.map(({ name }) => /^date=(\d{4}-\d{2}-\d{2})$/.exec(name)?.[1]);
  const due: Day[] = [];
  for (const date of new Set([...touched, ...known])) {
    if (date === undefined || (await hasFinalReport(shelf, date))) continue;
    if (touched.has(date) || (await isDayComplete(shelf, readJournal, date, now))) due.push(date);
  }
  return due.sort();
}

export async function reportDay(
  run: Pick<Run, "clock" | "asOf" | "signal">,
  shelf: Shelf,
  readJournal: JournalReader,
  date: Day,
): Promise<ReportedDay> {
  const now = Math.min(run.asOf, run.clock.now());
  const merge = new DayMerge();
  const sources: DayReport["sources"] = [];
  for await (const hour of readDayHours(shelf, readJournal, date, now)) {
    run.signal.throwIfAborted();
    merge.add(hour);
    if (hour.source !== undefined) sources.push(hour.source);
  }
  const merged = merge.end();
  const isFinal = merged.hours.every(
    ({ standing }) => standing === "final" || standing === "nothing-due",
  );
  const report: DayReport = {
    schema: 1,
    kind: "gap-report-day",
    date,
    collector: shelf.collector,
    venue,
    provisional: !isFinal,
    ...merged,
    sources,
  };
  await prepareReports(shelf, date);
  const texts = {
    json: () => reportText(report),
    markdown: () => dayMarkdown(report),
    // Read a second time: which rows it has is known only now.
    picture: () => picture(report, hourReports(run, shelf, readJournal, date, now)),
  };
  const paths = await publishReport(shelf, date, report.provisional, texts);
  const { totals, gaps, leftOut } = report;
  return {
    date,
    provisional: report.provisional,
    coverage: totals.coverage,
    expected: totals.tokenSlots,
    missing: totals.missing,
    unknown: totals.byCause.unknown ?? 0,
    gaps: gaps.length + leftOut.gaps,
    report: paths.markdown,
  };
}

async function* hourReports(
  { signal }: Pick<Run, "signal">,
  shelf: Shelf,
  readJournal: JournalReader,
  date: Day,
  now: number,
) {
  for await (const { report } of readDayHours(shelf, readJournal, date, now)) {
    signal.throwIfAborted();
    if (report !== undefined) yield report;
  }
}
