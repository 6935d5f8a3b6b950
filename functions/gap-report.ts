/**
 * gap-report: says what is missing and why.
 *
 * For each hour of books without a final report, and each silent hour in which polls were due, every watched token
 * in every expected slot is recorded, unchanged, or missing with one cause. A report (JSON, Markdown and a picture)
 * rests on archived files alone, so anyone can make it again, byte for byte. It is provisional, and made anew, until
 * the journal of its hour and of the next is sealed; then it is final and never changes. A day's report is made of
 * its hours', and final when they all are. Each label on an hour of books gets a page of its own beside the reports,
 * as does what scrub found lost. Beside them, and never offloaded, `state/completion.json` says how far the last 96
 * hours are. Safe to run twice, and to be killed at any line.
 */
import * as v from "valibot";
import { OperatorError, messageOf } from "../runtime/errors.ts";
import { defineFunction, type Run } from "../runtime/function.ts";
import { count } from "../runtime/columns.ts";
import { hourPattern } from "../runtime/time.ts";
import { dueHours, hoursAtHand, namedHour } from "./coverage/choose-hours.ts";
import { writeCompletion } from "./coverage/completion.ts";
import { dueDays, type ReportedDay, reportDay } from "./coverage/day-report.ts";
import { type HourReport, reportHour } from "./coverage/hour-report.ts";
import { labelTexts, writeLabelNotes } from "./coverage/label-notes.ts";
import { type Lost, writeLostNotes } from "./coverage/lost-notes.ts";
import { journalReader } from "./coverage/journal-hours.ts";
import { percent } from "./coverage/percent.ts";
import { readShelf } from "./coverage/shelf.ts";
import { todayStanding } from "./coverage/today.ts";
import { remoteId, remoteSettings } from "./remote/settings.ts";

const datePattern = /^\d{4}-\d{2}-\d{2}$/;

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
  day: v.optional(
    v.pipe(
      v.string(),
      v.regex(datePattern, 'write a UTC day, such as "2026-11-22"'),
      v.description("this day and its hours alone, each from its evidence, as with --hour"),
    ),
  ),
});

interface ReportedHour extends HourReport {
  /** What labels say of it: the report itself counts its books all the same. */
  labels: string[];
}

export interface GapReportResult {
  hours: ReportedHour[];
  days: ReportedDay[];
  /** Pages on labels that this run wrote. */
  labelPages: string[];
  /** On record: neither here nor on the remote any more. */
  lost: Lost[];
  /** Hours that wait for the next run. */
  left: number;
}

// A week; more at once would keep the machine busy for longer than its schedule allows.
const hoursPerRunMax = 168;

export default defineFunction({
  input,
  settings: { HOURBOOK_REMOTE: remoteSettings.HOURBOOK_REMOTE },
  asOf: true,

  async run({ hour, day }, run): Promise<GapReportResult> {
    const shelf = await readShelf({ ...run, ...run.settings });
    const readJournal = journalReader(shelf);
    const now = Math.min(run.asOf, run.clock.now());
    const due =
      hour !== undefined
        ? [await namedHour(shelf, readJournal, hour)]
        : day !== undefined
          ? await hoursAtHand(shelf, readJournal, day, now)
          : await dueHours(shelf, readJournal, run.asOf);
    const result: GapReportResult = { hours: [], days: [], labelPages: [], lost: [], left: 0 };
    const failures: Failure[] = [];
    const attempt = async (what: string, report: () => Promise<void>): Promise<void> => {
      run.signal.throwIfAborted();
      try {
        await report();
      } catch (error) {
        run.signal.throwIfAborted();
        failures.push({ what, error });
      }
    };
    for (const [position, each] of due.entries()) {
      // Hours that cannot be reported do not count: however many, they keep no other from its turn.
      if (result.hours.length === hoursPerRunMax) {
        result.left = due.length - position;
        break;
      }
      run.progress(position, due.length, "hours");
      await attempt(each, async () => {
        const reported = await reportHour(run, shelf, readJournal, each);
        logGaps(run, reported);
        const labels = await labelTexts({ ...shelf, log: run.log }, each);
        result.hours.push({ ...reported, labels });
      });
    }
    const reported = result.hours.map((each) => each.hour);
    const days = day === undefined ? await dueDays(shelf, readJournal, reported, now) : [day];
    for (const date of days) {
      await attempt(date, async () => {
        result.days.push(await reportDay(run, shelf, readJournal, date));
      });
    }
    result.labelPages = await writeLabelNotes({ ...shelf, log: run.log });
    result.lost = await writeLostNotes(shelf);
    await writeCompletion(shelf, remoteId(run.settings.HOURBOOK_REMOTE), run.clock.now());
    if (failures.length > 0) throw failed(failures, result);
    return result;
  },

  summary({ hours, days, left, labelPages, lost }) {
    const pages = labelPages.map((path) => `label: ${path}`);
    const gone = lost.map(
      ({ hour, stream, files, page }) =>
        `lost: ${hour}Z ${stream}, ${count(files, "file")}, here and on the remote  ${page}`,
    );
    const provisional = hours.filter((hour) => hour.provisional).length;
    const what =
      hours.length === 0
        ? "no hour is due for a report"
        : `${count(hours.length, "hour")} reported, ${provisional} provisional`;
    return [
      what,
      ...hours.slice(-shownMax).map(describe),
      ...days.slice(-shownMax).map((day) => describe({ ...day, hour: day.date, labels: [] })),
      ...pages.slice(-shownMax),
      ...gone.slice(-shownMax),
      ...(left > 0 ? [`${count(left, "more hour")} left for the next run`] : []),
    ].join("\n");
  },

  standing: ({ clock, files, settings }) => todayStanding({ files, ...settings }, clock.now()),
});

const shownMax = 5;

type Described = Omit<ReportedHour, "unknown" | "expected" | "findings">;

function describe(reported: Described): string {
  const { hour, coverage, gaps, missing, provisional, report, labels } = reported;
  const span = hourPattern.test(hour) ? `${hour}Z` : hour;
  const holes =
    gaps === 0
      ? "no gap"
      : `${count(gaps, "gap")}, ${missing.toLocaleString("en-US")} token slots missing`;
  return `${span}  coverage ${percent(coverage)}, ${holes}${provisional ? ", provisional" : ""}  ${report}${labels.map((text) => `\n  labelled ${text}`).join("")}`;
}

function logGaps(run: Run, { hour, coverage, gaps, unknown, report }: HourReport): void {
  if (unknown === 0) return;
  run.log.warn(
    { hour, coverage, gaps, unknown, report },
    `${unknown} token slots of ${hour} are missing for no known cause`,
  );
}

interface Failure {
  /** The hour or the day. */
  what: string;
  error: unknown;
}

function failed(failures: readonly Failure[], result: GapReportResult): OperatorError {
  const cause = failures[0]?.error;
  const known = cause instanceof OperatorError ? cause : undefined;
  return new OperatorError(known?.code ?? "REPORT_FAILED", {
    message: `${count(failures.length, "report")} could not be made`,
    ...(known === undefined ? {} : { exit: known.exit }),
    details: failures.map(({ what, error }) => `${what}: ${messageOf(error)}`),
    safe: `Nothing recorded was touched; ${result.hours.length} other hours were reported.`,
    next: known?.next ?? "npm run fn -- gap-report, once what is named above can be read again",
    result,
    cause,
  });
}
