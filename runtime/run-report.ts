/** What a run came to: for the caller, for the journal, and for the log. */
import { type ExitName, OperatorError, errnoOf, messageOf } from "./errors.ts";
import type { AnyFunction, Log, Trigger } from "./function.ts";
import type { JournalLineOf, Outcome } from "./journal-lines.ts";
import type { Ended } from "./supervise.ts";
import { formatDuration, iso } from "./time.ts";

export interface RunReport {
  run: string;
  function: string;
  trigger: Trigger;
  scheduledAt: number | undefined;
  outcome: Outcome;
  exit: ExitName;
  startedAt: number;
  tookMs: number;
  /** What the function returned, or what its error carries. */
  result: object | undefined;
  /** The result for a person, in a line or two; empty without one. */
  summary: string;
  error: unknown;
}

export type Begun = Pick<RunReport, "run" | "function" | "trigger" | "scheduledAt" | "startedAt">;

// One line of a report, not a place to keep data: results are what functions write to disk.
const textCharsMax = 500;

export function reportOf(begun: Begun, ended: Ended, tookMs: number): RunReport {
  const { outcome, error } = ended;
  const carried = error instanceof OperatorError ? error.result : undefined;
  const result = outcome === "ok" ? ended.result : carried;
  return {
    ...begun,
    outcome,
    exit: outcome === "ok" ? "ok" : error instanceof OperatorError ? error.exit : "failed",
    tookMs: Math.round(tookMs),
    result: typeof result === "object" && result !== null ? result : undefined,
    summary: "",
    error,
  };
}

/** The function's own words; a function that cannot find them has still done its work. */
export function summaryOf(definition: AnyFunction, result: object | undefined, log: Log): string {
  if (result === undefined) return "";
  try {
    return definition.summary(result);
  } catch (error) {
    log.error({ error: messageOf(error) }, "the result could not be summed up");
    return "";
  }
}

export function beginLine(begun: Begun, isRepeat: boolean): Omit<JournalLineOf<"begin">, "at"> {
  const { run, function: name, trigger, scheduledAt, startedAt } = begun;
  return {
    kind: "begin",
    run,
    function: name,
    trigger,
    scheduled: scheduledAt === undefined ? null : iso(scheduledAt),
    latenessMs: scheduledAt === undefined ? 0 : Math.max(0, startedAt - scheduledAt),
    ...(isRepeat ? { repeat: true } : {}),
  };
}

export function endLine(report: RunReport): Omit<JournalLineOf<"end">, "at"> {
  const { run, function: name, trigger, scheduledAt, outcome, tookMs, summary, error } = report;
  return {
    kind: "end",
    run,
    function: name,
    trigger,
    scheduled: scheduledAt === undefined ? null : iso(scheduledAt),
    outcome,
    ...(outcome === "ok"
      ? {}
      : { code: codeOf(error), message: messageOf(error).slice(0, textCharsMax) }),
    tookMs,
    ...(outcome === "ok" && summary !== "" ? { result: summary.slice(0, textCharsMax) } : {}),
  };
}

export function logEnd(report: RunReport, log: Log): void {
  const { outcome, tookMs, summary, error } = report;
  const took = formatDuration(tookMs);
  if (outcome === "ok") {
    log.info({ tookMs }, `${report.function} ok in ${took}: ${summary}`);
    return;
  }
  const fields = { tookMs, outcome, code: codeOf(error), ...detailsOf(error) };
  const level = outcome === "aborted" ? "warn" : "error";
  log[level](fields, `${report.function} ${outcome} after ${took}: ${messageOf(error)}`);
}

/** The `code` that scripts match on. */
export function codeOf(error: unknown): string {
  if (error instanceof OperatorError) return error.code;
  return errnoOf(error) ?? (error instanceof Error ? error.name : "ERROR");
}

// What a function says in an OperatorError is meant for reading; of a bug, the place is what helps.
function detailsOf(error: unknown): object {
  if (!(error instanceof OperatorError))
    return error instanceof Error ? { stack: error.stack } : {};
  const { details, safe, next } = error;
  return {
    ...(details.length === 0 ? {} : { details }),
    ...(safe && { safe }),
    ...(next && { next }),
  };
}
