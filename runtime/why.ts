/** What happened to each slot of one function around a time, from the journal: bounded, newest last. */
import { type CronEntry, nextSlot } from "./cron.ts";
import type { Files } from "./doors/files.ts";
import type { CoreSettings } from "./function.ts";
import { readDaemon, type DaemonStatus } from "./status-report.ts";
import { iso } from "./time.ts";
import { type Evidence, readEvidence } from "./why-evidence.ts";
import { type WhyRow, joined, rowsAfter, rowsBefore } from "./why-slots.ts";
import { entryAt, judgeRun, slotJudge } from "./why-verdict.ts";

/** As `--json` prints it. */
export interface Why {
  function: string;
  at: string;
  /** Its entry at that time; `undefined` if it had none. */
  entry: { cron: string | null; timezone: string; enabled: boolean } | undefined;
  rows: WhyRow[];
  isRunning: boolean;
  /** Its next slot from now on, if anything will fire it. */
  next: string | undefined;
  /** The journal says nothing of earlier times. */
  oldest: string | undefined;
}

export interface WhyOptions {
  files: Files;
  place: CoreSettings;
  name: string;
  at: number;
  now: number;
}

/** Rows up to the time, and after it. */
const before = 12;
const after = 4;

export async function readWhy({ files, place, name, at, now }: WhyOptions): Promise<Why> {
  const { isRunning } = await readDaemon(files, place, { stop: undefined });
  const evidence = await readEvidence(files, place, { name, at, isRunning });
  const judge = slotJudge(evidence, isRunning);
  const others = runsWithoutSlot(evidence, isRunning);
  const isBefore = (row: WhyRow): boolean => Date.parse(row.at) <= at;
  const earlier = rowsBefore(evidence, judge, { to: Math.min(at, now), rows: before });
  const later = at >= now ? [] : rowsAfter(evidence, judge, { from: at, to: now, rows: after });
  const rows = [
    ...joined([...earlier, ...others.filter(isBefore)]).slice(-before),
    ...joined([...later, ...others.filter((row) => !isBefore(row))]).slice(0, after),
  ];
  const entry = entryAt(evidence.entries, at);
  return {
    function: name,
    at: iso(at),
    entry: entry && { cron: entry.cron, timezone: entry.timezone, enabled: entry.enabled },
    rows,
    isRunning,
    next: nextOf(evidence, { isRunning }, now),
    oldest: evidence.oldest === undefined ? undefined : iso(evidence.oldest),
  };
}

function runsWithoutSlot(evidence: Evidence, isRunning: boolean): WhyRow[] {
  return evidence.begins.flatMap((line) =>
    line.scheduled !== null || line.trigger === "schedule"
      ? []
      : [{ at: line.at, trigger: line.trigger, slots: 1, ...judgeRun(evidence, line, isRunning) }],
  );
}

function nextOf(
  { entries }: Evidence,
  { isRunning }: Pick<DaemonStatus, "isRunning">,
  now: number,
): string | undefined {
  const entry = entries.at(-1)?.entry;
  if (!isRunning || entry === undefined || entry.cron === null || !entry.enabled) return undefined;
  const slot = nextSlot(entry as CronEntry, now);
  return slot === undefined ? undefined : iso(slot);
}
