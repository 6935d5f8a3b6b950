/** `--max-age`: is the newest recorded data young enough. Good news in a line, bad news as a finding. */
import { OperatorError } from "./errors.ts";
import type { StandingReport } from "./standings.ts";
import type { StatusReport } from "./status-report.ts";
import { formatDuration } from "./time.ts";

/** What to say if it is; throws `DATA_TOO_OLD` if it is not. */
export function checkAge(
  maxAgeMs: number,
  { daemon }: StatusReport,
  standings: readonly StandingReport[],
): string {
  const known = standings.filter((standing) => standing.newest !== undefined);
  const newest = known.toSorted((a, b) => ageOf(a) - ageOf(b))[0];
  const bound = formatDuration(maxAgeMs);
  if (newest !== undefined && ageOf(newest) <= maxAgeMs)
    return `The newest data is ${formatDuration(ageOf(newest))} old, at most ${bound} is asked for.\n`;
  const age =
    newest === undefined
      ? "no data is recorded"
      : `the newest data is ${formatDuration(ageOf(newest))} old, more than ${bound}`;
  const stopped = daemon.stopped === undefined ? "" : ` since ${daemon.stopped.at}`;
  throw new OperatorError("DATA_TOO_OLD", {
    message: age,
    exit: "findings",
    details: [
      daemon.isRunning
        ? `the runtime is running since ${daemon.since}`
        : `the runtime is not running${stopped}`,
      ...standings.map((standing) => `${standing.function}: ${standing.text}`),
    ],
    safe: "What was recorded before is as it was.",
    next: daemon.isRunning
      ? `npm run status -- --why ${newest?.function ?? standings[0]?.function ?? "NAME"}`
      : "npm start, or systemctl start hourbook",
  });
}

function ageOf({ newest }: StandingReport): number {
  return newest?.ageMs ?? Infinity;
}
