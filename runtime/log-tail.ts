/** Remembers the newest log lines, for those who are far from the log when something fails. */
import type { Log } from "./function.ts";
import type { RuntimeLog } from "./runner.ts";
import { iso } from "./time.ts";

export interface TailedLog {
  log: RuntimeLog;
  /** Oldest first; messages alone, since fields may hold what is only for this machine. */
  tail(): string[];
}

const linesMax = 40;
const lineCharsMax = 300;

export function tailed(log: RuntimeLog, now: () => number): TailedLog {
  const lines: string[] = [];
  const remember = (level: string, message: string): void => {
    lines.push(`${iso(now())} ${level} ${message}`.slice(0, lineCharsMax));
    if (lines.length > linesMax) lines.shift();
  };
  const through = (inner: Log): Log => ({
    debug: (fields, message) => inner.debug(fields, message),
    info(fields, message) {
      remember("info", message);
      inner.info(fields, message);
    },
    warn(fields, message) {
      remember("warn", message);
      inner.warn(fields, message);
    },
    error(fields, message) {
      remember("error", message);
      inner.error(fields, message);
    },
  });
  return {
    log: { ...through(log), child: (fields) => through(log.child(fields)) },
    tail: () => [...lines],
  };
}
