/** One function's history, summed up line by line, and hour by hour from the newest back. */
import type { JournalLine, JournalLineOf, Outcome } from "./journal-lines.ts";

export type FunctionLine = Extract<JournalLine, { function: string }>;
export type RunLine = JournalLineOf<"begin"> | JournalLineOf<"end"> | JournalLineOf<"interrupted">;

/** Of 24 hours. */
export interface DayCounts extends Record<Outcome, number> {
  interrupted: number;
  skipped: number;
  missed: number;
}

export interface FunctionHistory {
  /** Of its newest run the last line. */
  last(): RunLine | undefined;
  lastSuccess(): JournalLineOf<"end"> | undefined;
  /** Runs that failed since the last success. */
  failuresInARow(): number;
  day: DayCounts;
  /** Of the day's runs in a slot, in no order. */
  latenessMs: number[];
  take(line: FunctionLine, isOfDay: boolean): void;
  /** Takes over what an older hour knows. */
  prepend(older: FunctionHistory): void;
  isComplete(): boolean;
}

export function functionHistory(): FunctionHistory {
  let last: RunLine | undefined;
  let lastSuccess: JournalLineOf<"end"> | undefined;
  let failures = 0;
  const latenessMs: number[] = [];
  const day: DayCounts = {
    ok: 0,
    failed: 0,
    timeout: 0,
    abandoned: 0,
    aborted: 0,
    interrupted: 0,
    skipped: 0,
    missed: 0,
  };

  function takeEnd(line: JournalLineOf<"end">): void {
    if (line.outcome === "ok") {
      lastSuccess = line;
      failures = 0;
      // A run that a stop or Ctrl-C ended says nothing of the function.
    } else if (line.outcome !== "aborted") failures += 1;
  }

  return {
    day,
    latenessMs,
    last: () => last,
    lastSuccess: () => lastSuccess,
    failuresInARow: () => failures,
    take(line, isOfDay) {
      if (line.kind === "begin" || line.kind === "end" || line.kind === "interrupted") {
        if (last === undefined || line.run >= last.run) last = line;
      }
      if (line.kind === "end") takeEnd(line);
      if (isOfDay) countDay(day, latenessMs, line);
    },
    prepend(older) {
      last ??= older.last();
      if (lastSuccess === undefined) failures += older.failuresInARow();
      lastSuccess ??= older.lastSuccess();
      for (const key of Object.keys(day) as (keyof DayCounts)[]) day[key] += older.day[key];
      for (const lateness of older.latenessMs) latenessMs.push(lateness);
    },
    isComplete: () => last !== undefined && lastSuccess !== undefined,
  };
}

function countDay(day: DayCounts, latenessMs: number[], line: FunctionLine): void {
  if (line.kind === "begin" && line.trigger === "schedule") latenessMs.push(line.latenessMs);
  if (line.kind === "end") day[line.outcome] += 1;
  if (line.kind === "interrupted") day.interrupted += 1;
  if (line.kind === "skip") day.skipped += 1;
  if (line.kind === "missed") day.missed += line.count;
}
