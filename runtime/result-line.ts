/** How a run by hand ended, as the one line of JSON that `--json` prints. */
import { type ExitName, OperatorError, exitCodes } from "./errors.ts";
import { type RunReport, codeOf } from "./run-report.ts";

/** What could not even begin has no `run`; what failed may have a result, of what it did before. */
type Ended = Pick<RunReport, "function" | "outcome" | "error"> &
  Partial<Pick<RunReport, "run" | "result">>;

export function resultLine({ function: name, run, outcome, result, error }: Ended): string {
  const ok = outcome === "ok";
  const line = { function: name, run, ok, ...(ok ? {} : { error: errorJson(error) }), result };
  return `${JSON.stringify(line)}\n`;
}

/** Anything but an `OperatorError` is a bug. */
export function exitOf(error: unknown): ExitName {
  return error instanceof OperatorError ? error.exit : "failed";
}

function errorJson(error: unknown): object {
  const { details, safe, next } = error instanceof OperatorError ? error : {};
  const message = error instanceof Error ? error.message : String(error);
  return { code: codeOf(error), message, details, safe, next, exit: exitCodes[exitOf(error)] };
}
