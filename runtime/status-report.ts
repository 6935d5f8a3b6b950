/** How things stand, from the journal alone: it takes no lock that a run could want, and writes nothing. */
import { type CronEntry, nextSlot } from "./cron.ts";
import type { Files } from "./doors/files.ts";
import { listJournalHours, readJournal } from "./journal-read.ts";
import type { JournalLine, JournalLineOf, Outcome, ScheduledFunctions } from "./journal-lines.ts";
import { daemonLock, isHeld, readNote } from "./locks.ts";
import { hourMs, hourOf, iso } from "./time.ts";

export interface StatusReport {
  dataFolder: string;
  daemon: DaemonStatus;
  /** Of the schedule in force, or last in force; `undefined` if nothing was ever run. */
  revision: string | undefined;
  functions: FunctionStatus[];
}

export interface DaemonStatus {
  isRunning: boolean;
  pid?: number | undefined;
  since?: string | undefined;
  stopped?: { at: string; reason: string } | undefined;
}

export interface FunctionStatus {
  name: string;
  cron: string | undefined;
  enabled: boolean;
  last: LastRun | undefined;
  next: number | undefined;
}

/** `running` and `interrupted` have begun and not ended; which of the two, the daemon's lock tells. */
export interface LastRun {
  run: string;
  began: string;
  outcome: Outcome | "running" | "interrupted";
  tookMs?: number | undefined;
  code?: string | undefined;
  message?: string | undefined;
  result?: string | undefined;
}

/** Looks up to this far back for each function's last run. */
const lookBackMs = 48 * hourMs;

export async function readStatus(files: Files, dataFolder: string, now: number): Promise<StatusReport> {
  const found = await lookBack(files, dataFolder, hourOf(now - lookBackMs));
  const isRunning = await isHeld(files, daemonLock(dataFolder));
  const note = isRunning ? await readNote(files, daemonLock(dataFolder).note) : undefined;
  const stopped =
    isRunning || found.stop === undefined ? undefined : { at: found.stop.at, reason: found.stop.reason };
  const scheduled = found.schedule?.functions ?? {};
  const names = new Set([...Object.keys(scheduled), ...found.last.keys()]);
  return {
    dataFolder,
    daemon: { isRunning, pid: note?.pid, since: note?.since, stopped },
    revision: found.schedule?.revision,
    functions: [...names].sort().map((name) => {
      const entry = scheduled[name];
      return {
        name,
        cron: entry?.cron ?? undefined,
        enabled: entry?.enabled ?? false,
        last: lastRun(found.last.get(name), isRunning),
        next: isRunning ? nextOf(entry, now) : undefined,
      };
    }),
  };
}

type RunLine = JournalLineOf<"begin"> | JournalLineOf<"end"> | JournalLineOf<"interrupted">;

interface Found {
  schedule: JournalLineOf<"schedule"> | undefined;
  stop: JournalLineOf<"stop"> | undefined;
  /** Of each function's newest run the last line. */
  last: Map<string, RunLine>;
}

async function lookBack(files: Files, dataFolder: string, oldest: string): Promise<Found> {
  const found: Found = { schedule: undefined, stop: undefined, last: new Map() };
  const hours = (await listJournalHours(files, dataFolder)).filter((hour) => hour >= oldest);
  for (const hour of hours.toReversed()) {
    const older: Found = { schedule: undefined, stop: undefined, last: new Map() };
    // A poll every few seconds fills an hour with lines; only those of functions still sought are parsed.
    const known = [...found.last.keys()].map((name) => `"function":${JSON.stringify(name)}`);
    const isSought = (bytes: Buffer): boolean => !known.some((text) => bytes.includes(text));
    for await (const line of readJournal(files, dataFolder, [hour], isSought)) take(older, line);
    found.schedule ??= older.schedule;
    found.stop ??= older.stop;
    for (const [name, line] of older.last) if (!found.last.has(name)) found.last.set(name, line);
    const sought = Object.keys(found.schedule?.functions ?? {}).filter((name) => !found.last.has(name));
    if (found.schedule !== undefined && sought.length === 0) break;
  }
  return found;
}

function take(found: Found, line: JournalLine): void {
  if (line.kind === "schedule") {
    // What a run by hand found in the file is not in force, unless nothing else is known.
    if (line.by === "daemon" || found.schedule?.by !== "daemon") found.schedule = line;
  }
  if (line.kind === "stop") found.stop = line;
  if (line.kind === "begin" || line.kind === "end" || line.kind === "interrupted") {
    const newest = found.last.get(line.function);
    if (newest === undefined || line.run >= newest.run) found.last.set(line.function, line);
  }
}

function lastRun(line: RunLine | undefined, isRunning: boolean): LastRun | undefined {
  if (line === undefined) return undefined;
  const { run } = line;
  if (line.kind === "interrupted") return { run, began: line.began, outcome: "interrupted" };
  if (line.kind === "begin") {
    const isUnderWay = isRunning || line.trigger === "hand";
    return { run, began: line.at, outcome: isUnderWay ? "running" : "interrupted" };
  }
  const { at, outcome, tookMs, code, message, result } = line;
  const began = iso(Date.parse(at) - tookMs);
  return { run, began, outcome, tookMs, code, message, result };
}

function nextOf(entry: ScheduledFunctions[string] | undefined, now: number): number | undefined {
  if (entry === undefined || !entry.enabled || entry.cron === null) return undefined;
  return nextSlot(entry as CronEntry, now);
}
