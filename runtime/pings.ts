/**
 * One health check for the whole runtime: told that it starts, that runs end well, that one function has failed
 * several times in a row, that it is well again, and that it stops. A runtime that says nothing any more is for
 * the service to notice: that is what it is for.
 */
import { codeOf, type RunReport } from "./run-report.ts";
import { messageOf } from "./errors.ts";
import type { Observer } from "./observer.ts";
import { type PingSenderOptions, createPingSender } from "./ping-sender.ts";
import { newRid } from "./ping-url.ts";
import { minuteMs } from "./time.ts";

export interface PingOptions extends PingSenderOptions {
  random(): number;
  /** The newest log lines. */
  tail(): string[];
  /** `hourbook 1.2.3 on vps-1`: who speaks. */
  name: string;
}

/** Fewer are what the next slot mends: functions read what is to be done off the disk. */
const failuresToTell = 3;
/** As long as all is well. */
const tellEveryMs = minuteMs;

export function createPings(options: PingOptions): Observer {
  const { machine, name, tail } = options;
  const sender = createPingSender(options);
  const failures = new Map<string, number>();
  let toldWellAt = -Infinity;
  // Of the start, until the first answer to it.
  let rid: string | undefined;

  const failing = (): string[] =>
    [...failures].filter(([, count]) => count >= failuresToTell).map(([fn]) => fn);
  const withTail = (...lines: string[]): string => [...lines, "", ...tail()].join("\n");

  function tellFailing(report: RunReport): void {
    const { function: fn, run, error } = report;
    const count = failures.get(fn) ?? 0;
    const what = `${fn} failed ${count} times in a row: [${codeOf(error)}] ${messageOf(error)}`;
    sender.ask({ kind: "fail", rid, body: withTail(name, what, `run ${run}`) });
    rid = undefined;
  }

  function tellWell(report: RunReport): void {
    const { function: fn, run, summary } = report;
    toldWellAt = machine.clock.monotonic();
    sender.ask({
      kind: "ok",
      rid,
      body: [name, `${fn} ok: ${summary}`, `run ${run}`].join("\n"),
    });
    rid = undefined;
  }

  return {
    started() {
      rid = newRid(() => options.random());
      sender.ask({ kind: "start", rid, body: `${name}: started` });
    },
    ended(report) {
      const wasFailing = failing().length > 0;
      // A run that a stop ended says nothing of its function.
      if (report.outcome === "aborted") return;
      if (report.outcome !== "ok") {
        const count = (failures.get(report.function) ?? 0) + 1;
        failures.set(report.function, count);
        if (count === failuresToTell) tellFailing(report);
        return;
      }
      failures.delete(report.function);
      if (failing().length > 0) return;
      if (wasFailing || machine.clock.monotonic() - toldWellAt >= tellEveryMs) tellWell(report);
    },
    reloaded({ entries }) {
      // What fires no more cannot become well again.
      for (const fn of failures.keys()) {
        const entry = entries.get(fn);
        if (entry?.enabled !== true || entry.cron === undefined) failures.delete(fn);
      }
    },
    async stopped(reason, exitCode) {
      const what = `${name}: stopped with exit code ${exitCode}: ${reason}`;
      const isClean = exitCode === 0;
      await sender.last({ kind: isClean ? "log" : "fail", body: isClean ? what : withTail(what) });
    },
  };
}
