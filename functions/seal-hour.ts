/**
 * seal-hour: closes every finished hour and seals it into one verifiable file.
 *
 * Each stream's open files of a finished hour are closed, repaired, regrouped by token and written as one gzip
 * member with an index beside it. They go only after the sealed file was read back: equal count, equal digest.
 * Polls whose sums do not close are findings, noted in the index. Safe to run twice, and to be killed at any line.
 */
import * as v from "valibot";
import { OperatorError, messageOf } from "../runtime/errors.ts";
import { defineFunction, type Run } from "../runtime/function.ts";
import { hourLog } from "../runtime/hours/hour-log.ts";
import { listParts, listStreams } from "../runtime/hours/parts.ts";
import { duration, hourMs, hourStart } from "../runtime/time.ts";
import { type HourId, hourPaths, streamOf } from "./archive/layout.ts";
import { sealHour, type Sealed } from "./archive/seal.ts";
import { quarantineTorn } from "./archive/torn.ts";

const input = v.strictObject({
  settle: v.optional(
    v.pipe(
      duration,
      v.description("how long after its end an hour is closed, so that its last poll can finish"),
    ),
    "60s",
  ),
});

interface SealReport {
  sealed: { path: string; lines: number; bytes: number; findings: number }[];
  empty: number;
  recovered: number;
  quarantined: number;
}

export default defineFunction({
  input,
  settings: {},
  asOf: true,

  async run({ settle }, run): Promise<SealReport> {
    const report: SealReport = { sealed: [], empty: 0, recovered: 0, quarantined: 0 };
    const failures: { id: HourId; error: unknown }[] = [];
    const due = await finishedHours(run, settle);
    for (const [position, { id, stream }] of due.entries()) {
      run.signal.throwIfAborted();
      run.progress(position, due.length, "hours");
      try {
        await hourLog({ machine: run, ...run.settings, stream }).close(id.hour);
        const sealed = await sealHour({ ...run, ...run.settings }, id);
        add(report, sealed, run);
        for (const recovered of sealed.index?.recovered ?? [])
          await run.journal("recovered", { ...id, ...recovered });
      } catch (error) {
        run.signal.throwIfAborted();
        failures.push({ id, error });
      }
    }
    report.quarantined = await quarantineTorn({ ...run, ...run.settings });
    if (failures.length > 0) throw failed(failures, report);
    return report;
  },

  summary({ sealed, empty, recovered }) {
    const bytes = sealed.reduce((sum, hour) => sum + hour.bytes, 0);
    const findings = sealed.reduce((sum, hour) => sum + hour.findings, 0);
    return [
      `${sealed.length} hours sealed, ${bytes.toLocaleString("en")} B`,
      ...(empty > 0 ? [`${empty} without a line`] : []),
      ...(recovered > 0 ? [`${recovered} repairs`] : []),
      ...(findings > 0 ? [`${findings} findings`] : []),
    ].join(", ");
  },
});

/** Oldest first, so that manifests can follow in order. */
async function finishedHours(
  run: Run,
  settleMs: number,
): Promise<{ id: HourId; stream: string }[]> {
  const due = new Map<string, { id: HourId; stream: string }>();
  for (const stream of await listStreams(run.files, run.settings.dataFolder)) {
    for (const { hour } of await listParts(run.files, run.settings.dataFolder, stream)) {
      const isFinished = hourStart(hour) + hourMs + settleMs <= run.asOf;
      if (isFinished) due.set(`${hour} ${stream}`, { id: { ...streamOf(stream), hour }, stream });
    }
  }
  return [...due.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, hour]) => hour);
}

function add(report: SealReport, { id, index }: Sealed, run: Run): void {
  if (index === undefined) {
    report.empty += 1;
    return;
  }
  const path = hourPaths(id, index.collector).data;
  for (const finding of index.findings) run.log.warn({ path, ...finding }, "finding");
  report.recovered += index.recovered.length;
  report.sealed.push({
    path,
    lines: index.data.lines,
    bytes: index.data.bytes,
    findings: index.findings.length,
  });
}

function failed(failures: { id: HourId; error: unknown }[], report: SealReport): OperatorError {
  const [first] = failures;
  const cause = first?.error;
  return new OperatorError(cause instanceof OperatorError ? cause.code : "SEAL_FAILED", {
    message: `${failures.length} hours could not be sealed`,
    details: failures.map(
      ({ id, error }) => `${id.venue} ${id.stream} ${id.hour}: ${messageOf(error)}`,
    ),
    safe: `Their open files are kept; ${report.sealed.length} other hours were sealed.`,
    next:
      cause instanceof OperatorError && cause.next !== undefined
        ? cause.next
        : "npm run fn -- seal-hour",
    result: report,
    cause,
  });
}
