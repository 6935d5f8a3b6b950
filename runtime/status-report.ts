/** How things stand, from the journal alone: it takes no lock that a run could want, and writes nothing. */
import { type CronEntry, nextSlot } from "./cron.ts";
import type { Files, Space } from "./doors/files.ts";
import type { CoreSettings } from "./function.ts";
import type { Outcome, ScheduledFunctions } from "./journal-lines.ts";
import { daemonLock, isHeld, readNote } from "./locks.ts";
import {
  type DayCounts,
  type FunctionHistory,
  type RunLine,
  functionHistory,
} from "./status-function.ts";
import { type History, readHistory } from "./status-history.ts";
import { iso } from "./time.ts";

/** Times are ISO 8601: this is what `--json` prints. */
export interface StatusReport {
  at: string;
  dataFolder: string;
  collector: string;
  daemon: DaemonStatus;
  /** Of the schedule in force, or last in force; `undefined` if nothing was ever run. */
  revision: string | undefined;
  /** A newer one that was not taken. */
  refused: { since: string; problems: readonly string[] } | undefined;
  functions: FunctionStatus[];
  disk: Space | undefined;
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
  timezone: string;
  enabled: boolean;
  last: LastRun | undefined;
  /** When the last run that ended well did so, as far back as was looked. */
  lastSuccess: string | undefined;
  failuresInARow: number;
  /** Runs of the last 24 hours by how they ended, and slots that had none. */
  day: DayCounts;
  /** Of the day's runs in a slot. */
  latenessMs: { p50: number; p99: number } | undefined;
  /** Its coming slots. */
  next: string[];
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

export interface StatusOptions {
  files: Files;
  place: CoreSettings;
  now: number;
  /** How many coming slots of each function: 1 by default. */
  slots?: number;
  /** What would be in force if it were started now; asked for where nothing runs. */
  inFile?: () => Promise<ScheduledFunctions>;
}

export async function readStatus(options: StatusOptions): Promise<StatusReport> {
  const { files, place, now } = options;
  const history = await readHistory(files, place, now);
  const daemon = await readDaemon(files, place, history);
  const inForce = history.schedule?.functions ?? {};
  const coming = daemon.isRunning ? inForce : ((await options.inFile?.()) ?? {});
  const names = new Set([
    ...Object.keys(inForce),
    ...Object.keys(coming),
    ...history.functions.keys(),
  ]);
  return {
    at: iso(now),
    dataFolder: place.dataFolder,
    collector: place.collector,
    daemon,
    revision: history.schedule?.revision,
    refused: history.refused && {
      since: history.refused.since,
      problems: history.refused.problems,
    },
    functions: [...names].sort().map((name) => {
      const entry = coming[name] ?? inForce[name];
      const past = pastStatus(history.functions.get(name), daemon.isRunning);
      const next = slotsOf(coming[name], now, options.slots ?? 1);
      return Object.assign(entryStatus(name, entry), past, { next });
    }),
    disk: await files.space(place.dataFolder).catch(() => undefined),
  };
}

export async function readDaemon(
  files: Files,
  { dataFolder }: CoreSettings,
  { stop }: Pick<History, "stop">,
): Promise<DaemonStatus> {
  const isRunning = await isHeld(files, daemonLock(dataFolder));
  const note = isRunning ? await readNote(files, daemonLock(dataFolder).note) : undefined;
  const stopped =
    isRunning || stop === undefined ? undefined : { at: stop.at, reason: stop.reason };
  return { isRunning, pid: note?.pid, since: note?.since, stopped };
}

type Entry = ScheduledFunctions[string] | undefined;

function entryStatus(
  name: string,
  entry: Entry,
): Pick<FunctionStatus, "name" | "cron" | "timezone" | "enabled"> {
  return {
    name,
    cron: entry?.cron ?? undefined,
    timezone: entry?.timezone ?? "UTC",
    enabled: entry?.enabled ?? false,
  };
}

function pastStatus(
  history: FunctionHistory | undefined,
  isRunning: boolean,
): Pick<FunctionStatus, "last" | "lastSuccess" | "failuresInARow" | "day" | "latenessMs"> {
  const known = history ?? functionHistory();
  return {
    last: lastRun(known.last(), isRunning),
    lastSuccess: known.lastSuccess()?.at,
    failuresInARow: known.failuresInARow(),
    day: known.day,
    latenessMs: percentiles(known.latenessMs),
  };
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

function percentiles(values: readonly number[]): { p50: number; p99: number } | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number | undefined => sorted[Math.ceil(share * sorted.length) - 1];
  const [p50, p99] = [at(0.5), at(0.99)];
  return p50 === undefined || p99 === undefined ? undefined : { p50, p99 };
}

function slotsOf(entry: Entry, now: number, slots: number): string[] {
  const coming: string[] = [];
  if (entry === undefined || !entry.enabled || entry.cron === null) return coming;
  let slot = nextSlot(entry as CronEntry, now);
  while (slot !== undefined && coming.length < slots) {
    coming.push(iso(slot));
    slot = nextSlot(entry as CronEntry, slot);
  }
  return coming;
}
