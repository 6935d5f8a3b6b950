/**
 * quality-report: measures each recorded hour: the venue's books, its answers, its clock, and what they cost.
 *
 * For each described hour of books without a quality report, writes one as JSON and Markdown beside the gap
 * report. It rests on the sealed hour alone, so anyone can make it again; of a large hour a sample of the books is
 * checked, the same each time. What someone should look at is an alarm, in the report and in the log. It changes
 * nothing that was recorded. Safe to run twice, and to be killed at any line.
 */
import * as v from "valibot";
import { count } from "../runtime/columns.ts";
import { OperatorError, messageOf } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import type { Hour } from "../runtime/time.ts";
import { hoursToMeasure, publishQuality } from "./quality/hours.ts";
import { measureHour } from "./quality/measure-hour.ts";
import type { Alarm } from "./quality/report.ts";

interface MeasuredHour {
  hour: Hour;
  checked: number;
  recorded: number;
  alarms: Alarm[];
  /** Path of the Markdown, relative to the data folder; the JSON lies beside it. */
  report: string;
}

interface QualityResult {
  hours: MeasuredHour[];
  /** Hours that wait for the next run. */
  left: number;
}

// Two days; more at once would keep the machine busy for longer than its schedule allows.
const hoursPerRunMax = 48;

export default defineFunction({
  input: v.strictObject({
    booksMax: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.description("check about so many books of an hour"),
      ),
      // Some seconds of one core.
      50_000,
    ),
  }),
  settings: {},
  asOf: true,

  async run({ booksMax }, run): Promise<QualityResult> {
    const place = { files: run.files, ...run.settings };
    const due = await hoursToMeasure(place, run.asOf);
    const result: QualityResult = { hours: [], left: 0 };
    const failures: string[] = [];
    for (const [position, hour] of due.entries()) {
      // Hours that cannot be measured do not count: however many, they keep no other from its turn.
      if (result.hours.length === hoursPerRunMax) {
        result.left = due.length - position;
        break;
      }
      run.signal.throwIfAborted();
      run.progress(position, due.length, "hours");
      try {
        const report = await measureHour(run, hour, booksMax);
        const path = await publishQuality(place, report);
        for (const { metric, detail } of report.alarms)
          run.log.warn({ hour, metric, report: path }, `${hour}: ${metric}: ${detail}`);
        const { checked, recorded } = report.books;
        result.hours.push({ hour, checked, recorded, alarms: report.alarms, report: path });
      } catch (error) {
        run.signal.throwIfAborted();
        failures.push(`${hour}: ${messageOf(error)}`);
      }
    }
    if (failures.length > 0) throw failed(failures, result);
    return result;
  },

  summary({ hours, left }) {
    if (hours.length === 0) return "no hour is to be measured";
    const lines = hours.slice(-shownMax).map(({ hour, checked, recorded, alarms, report }) => {
      const metrics = alarms.map(({ metric }) => metric).join(", ");
      return `${hour}Z  ${checked} of ${recorded} books checked, ${metrics === "" ? "nothing to look at" : `look at ${metrics}`}  ${report}`;
    });
    const rest = left > 0 ? [`${count(left, "more hour")} left for the next run`] : [];
    return [`${count(hours.length, "hour")} measured`, ...lines, ...rest].join("\n");
  },
});

const shownMax = 5;

function failed(failures: readonly string[], result: QualityResult): OperatorError {
  return new OperatorError("REPORT_FAILED", {
    message: `${count(failures.length, "hour")} could not be measured`,
    details: failures,
    safe: `Nothing recorded was touched; ${count(result.hours.length, "other hour")} measured.`,
    next: "npm run fn -- verify tells what is damaged; then npm run fn -- quality-report",
    result,
  });
}
