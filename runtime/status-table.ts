/** The status as a person reads it: a line about the daemon, a table, and how the work stands. */
import { columns, count } from "./columns.ts";
import type { StandingReport } from "./standings.ts";
import type { DaemonStatus, FunctionStatus, LastRun, StatusReport } from "./status-report.ts";
import { dayMs, formatDuration, iso } from "./time.ts";

const resultCharsMax = 60;

export function statusTable(report: StatusReport, standings: readonly StandingReport[]): string {
  const now = Date.parse(report.at);
  const head = [daemonLine(report.daemon, report.dataFolder), ...refusedLines(report)];
  const rows = report.functions.map((status) => rowOf(status, report.daemon, now));
  const table =
    rows.length === 0
      ? ["Nothing was run there yet."]
      : ["", ...columns([["function", "last run", "took", "result", "next"], ...rows])];
  return `${[...head, ...table, ...standingLines(report, standings)].join("\n")}\n`;
}

/** The coming slots of each function. */
export function slotsTable(report: StatusReport): string {
  const now = Date.parse(report.at);
  const head = report.daemon.isRunning
    ? "Coming slots (UTC), by the schedule in force"
    : "Coming slots (UTC) by schedules.json, if it were started now: the runtime is not running";
  const rows = report.functions.map((status) => [
    status.name,
    ...(status.next.length === 0 ? [noSlot(status)] : status.next.map((next) => future(next, now))),
    ...(status.timezone === "UTC" ? [] : [`(cron in ${status.timezone})`]),
  ]);
  return `${[head, ...refusedLines(report), "", ...columns(rows)].join("\n")}\n`;
}

function daemonLine({ isRunning, pid, since, stopped }: DaemonStatus, dataFolder: string): string {
  if (!isRunning) {
    const why = stopped === undefined ? "" : ` since ${stopped.at} (${stopped.reason})`;
    return `Not running${why}: nothing is recorded into ${dataFolder}. Start it: npm start`;
  }
  return `Running since ${since ?? "?"} (pid ${pid ?? "?"}), recording into ${dataFolder}`;
}

function refusedLines({ refused }: StatusReport): string[] {
  if (refused === undefined) return [];
  const { since, problems } = refused;
  const head = `schedules.json is refused since ${since}, with ${count(problems.length, "problem")}; what was in force goes on:`;
  return [head, ...problems.map((problem) => `  ${problem}`)];
}

function standingLines({ disk }: StatusReport, standings: readonly StandingReport[]): string[] {
  const rows = standings.map((standing) => [standing.function, standing.text]);
  if (disk !== undefined) {
    const share = Math.round((100 * disk.freeBytes) / disk.totalBytes);
    rows.push([
      "disk",
      `${gigabytes(disk.freeBytes)} left of ${gigabytes(disk.totalBytes)} (${share} %)`,
    ]);
  }
  return rows.length === 0 ? [] : ["", ...columns(rows)];
}

function rowOf(status: FunctionStatus, daemon: DaemonStatus, now: number): string[] {
  const { name, last } = status;
  const began = last === undefined ? "-" : clockTime(Date.parse(last.began), now, true);
  const took = last?.tookMs === undefined ? "-" : formatDuration(last.tookMs);
  const next = status.next[0];
  const isComing = daemon.isRunning && next !== undefined;
  return [
    name,
    began,
    took,
    resultText(status),
    isComing ? future(next, now) : noSlot(status, daemon),
  ];
}

function resultText({ last, failuresInARow }: FunctionStatus): string {
  if (last === undefined) return "never run";
  const { outcome } = last;
  if (outcome === "running" || outcome === "interrupted") return outcome;
  const line = endText(last).replaceAll(/\s*\n\s*/g, "; ");
  const cut = line.length > resultCharsMax ? `${line.slice(0, resultCharsMax - 1)}…` : line;
  return failuresInARow > 1 ? `${cut} (${failuresInARow} in a row)` : cut;
}

function endText({ outcome, result, code, message }: LastRun): string {
  return outcome === "ok" ? (result ?? "ok") : `${outcome} [${code ?? "?"}]: ${message ?? ""}`;
}

function noSlot({ cron, enabled }: FunctionStatus, daemon?: DaemonStatus): string {
  if (cron === undefined) return "by hand";
  if (!enabled) return "disabled";
  return daemon?.isRunning === false ? "-" : "never";
}

function future(time: string, now: number): string {
  return clockTime(Date.parse(time), now, false);
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

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
