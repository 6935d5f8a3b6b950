/** The status as a person reads it: a line about the daemon, then a table. */
import { columns } from "./columns.ts";
import type { DaemonStatus, FunctionStatus, LastRun, StatusReport } from "./status-report.ts";
import { dayMs, formatDuration, iso } from "./time.ts";

const resultCharsMax = 60;

export function statusTable(report: StatusReport, now: number): string {
  const head = daemonLine(report.daemon, report.dataFolder);
  if (report.functions.length === 0) return `${head}\nNothing was run there yet.\n`;
  const rows = report.functions.map((status) => rowOf(status, report.daemon, now));
  return `${head}\n\n${columns([["function", "last run", "took", "result", "next"], ...rows]).join("\n")}\n`;
}

function daemonLine({ isRunning, pid, since, stopped }: DaemonStatus, dataFolder: string): string {
  if (!isRunning) {
    const why = stopped === undefined ? "" : ` since ${stopped.at} (${stopped.reason})`;
    return `Not running${why}: nothing is recorded into ${dataFolder}. Start it: npm start`;
  }
  return `Running since ${since ?? "?"} (pid ${pid ?? "?"}), recording into ${dataFolder}`;
}

function rowOf(status: FunctionStatus, daemon: DaemonStatus, now: number): string[] {
  const { name, last } = status;
  const began = last === undefined ? "-" : clockTime(Date.parse(last.began), now, true);
  const took = last?.tookMs === undefined ? "-" : formatDuration(last.tookMs);
  return [name, began, took, resultText(last), nextText(status, daemon, now)];
}

function resultText(last: LastRun | undefined): string {
  if (last === undefined) return "never run";
  const { outcome, result, code, message } = last;
  if (outcome === "running" || outcome === "interrupted") return outcome;
  const text = outcome === "ok" ? (result ?? "ok") : `${outcome} [${code ?? "?"}]: ${message ?? ""}`;
  const line = text.replaceAll(/\s*\n\s*/g, "; ");
  return line.length > resultCharsMax ? `${line.slice(0, resultCharsMax - 1)}…` : line;
}

function nextText({ cron, enabled, next }: FunctionStatus, daemon: DaemonStatus, now: number): string {
  if (cron === undefined) return "by hand";
  if (!enabled) return "disabled";
  if (!daemon.isRunning) return "-";
  return next === undefined ? "never" : clockTime(next, now, false);
}

/** `12:06:00Z` of today, `yesterday 12:06Z`, `tomorrow 00:10`, `11-25 00:10`. */
function clockTime(ms: number, now: number, isPast: boolean): string {
  const day = iso(ms).slice(0, 10);
  const time = iso(ms).slice(11, 19);
  const short = time.endsWith(":00") ? time.slice(0, 5) : time;
  if (day === iso(now).slice(0, 10)) return isPast ? `${time}Z` : short;
  const other = isPast ? now - dayMs : now + dayMs;
  const name = day === iso(other).slice(0, 10) ? (isPast ? "yesterday" : "tomorrow") : day.slice(5);
  return `${name} ${short}`;
}
