/**
 * gap-report: says what is missing and why.
 *
 * For each hour of books without a final report, and each silent hour in which polls were due, every watched
 * token in every expected slot is recorded, unchanged, or missing with one cause. A report rests on archived
 * files alone, so anyone can make it again, byte for byte. It is provisional, and made anew, until the
 * journal of its hour and of the next is sealed; then it is final and never changes. Each label on an hour of
 * books gets a page of its own beside the reports. Safe to run twice, and to be killed at any line.
 */
import * as v from "valibot";
import { OperatorError, messageOf } from "../runtime/errors.ts";
import { defineFunction, type Run } from "../runtime/function.ts";
import { count } from "../runtime/columns.ts";
import { type Hour, hourPattern } from "../runtime/time.ts";
import { dueHours, namedHour } from "./coverage/choose-hours.ts";
import { type HourReport, reportHour } from "./coverage/hour-report.ts";
import { labelTexts, writeLabelNotes } from "./coverage/label-notes.ts";
import { journalReader } from "./coverage/journal-hours.ts";
import { percent } from "./coverage/percent.ts";
import { readShelf } from "./coverage/shelf.ts";

const input = v.strictObject({
  hour: v.optional(
    v.pipe(
      v.string(),
      v.regex(hourPattern, 'write a UTC hour, such as "2026-11-22T15"'),
      v.description(
        "this hour alone, also if it has a final report: it must come out the same again",
      ),
    ),
  ),
});

interface ReportedHour extends HourReport {
  /** What labels say of it: the report itself counts its books all the same. */
  labels: string[];
}

export interface GapReportResult {
  hours: ReportedHour[];
  /** Pages on labels that this run wrote. */
  labelPages: string[];
  /** Hours that wait for the next run. */
  left: number;
}

// A week; more at once would keep the machine busy for longer than its schedule allows.
const hoursPerRunMax = 168;

export default defineFunction({
  input,
  settings: {},
  asOf: true,

  async run({ hour: named }, run): Promise<GapReportResult> {
    const shelf = await readShelf({ ...run, ...run.settings });
    const readJournal = journalReader(shelf);
    const due =
      named === undefined
        ? await dueHours(shelf, readJournal, run.asOf)
        : [await namedHour(shelf, readJournal, named)];
    const left = Math.max(0, due.length - hoursPerRunMax);
    const result: GapReportResult = { hours: [], labelPages: [], left };
    const failures: { hour: Hour; error: unknown }[] = [];
    for (const [position, hour] of due.slice(0, hoursPerRunMax).entries()) {
      run.signal.throwIfAborted();
      run.progress(position, due.length, "hours");
      try {
        const reported = await reportHour(run, shelf, readJournal, hour);
        logGaps(run, reported);
        result.hours.push({
          ...reported,
          labels: await labelTexts({ ...shelf, log: run.log }, hour),
        });
      } catch (error) {
        run.signal.throwIfAborted();
        failures.push({ hour, error });
      }
    }
    result.labelPages = await writeLabelNotes({ ...shelf, log: run.log });
    if (failures.length > 0) throw failed(failures, result);
    return result;
  },

  summary({ hours, left, labelPages }) {
    const pages = labelPages.map((path) => `label: ${path}`);
    if (hours.length === 0) return ["no hour is due for a report", ...pages].join("\n");
    const provisional = hours.filter((hour) => hour.provisional).length;
    const what = `${count(hours.length, "hour")} reported, ${provisional} provisional`;
    const lines = hours.slice(-shownMax).map(describe);
    return [
      what,
      ...lines,
      ...pages.slice(-shownMax),
      ...(left > 0 ? [`${count(left, "more hour")} left for the next run`] : []),
    ].join("\n");
  },
});

const shownMax = 5;

function describe(reported: ReportedHour): string {
  const { hour, coverage, gaps, missing, provisional, report, labels } = reported;
  const holes =
    gaps === 0
      ? "no gap"
      : `${count(gaps, "gap")}, ${missing.toLocaleString("en-US")} token slots missing`;
  return `${hour}Z  coverage ${percent(coverage)}, ${holes}${provisional ? ", provisional" : ""}  ${report}${labels.map((text) => `\n  labelled ${text}`).join("")}`;
}

function logGaps(run: Run, { hour, coverage, gaps, unknown, report }: HourReport): void {
  if (unknown === 0) return;
  run.log.warn(
    { hour, coverage, gaps, unknown, report },
    `${unknown} token slots of ${hour} are missing for no known cause`,
  );
}

function failed(
  failures: { hour: Hour; error: unknown }[],
  result: GapReportResult,
): OperatorError {
  const cause = failures[0]?.error;
  const known = cause instanceof OperatorError ? cause : undefined;
  return new OperatorError(known?.code ?? "REPORT_FAILED", {
    message: `${count(failures.length, "hour")} could not be reported`,
    ...(known === undefined ? {} : { exit: known.exit }),
    details: failures.map(({ hour, error }) => `${hour}: ${messageOf(error)}`),
    safe: `Nothing recorded was touched; ${result.hours.length} other hours were reported.`,
    next: known?.next ?? "npm run fn -- gap-report, once what is named above can be read again",
    result,
    cause,
  });
}
