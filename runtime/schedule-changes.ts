/** What an edit of `schedules.json` changes, in words: the moment to see a typing error. */
import { type CronEntry } from "./cron.ts";
import { frequency, paceOf } from "./cron-words.ts";
import { shortJson } from "./issues.ts";
import type { ScheduleEntry, Schedules } from "./schedules.ts";
import { formatDuration } from "./time.ts";

/** One line for each function that is treated differently from now on. */
export function describeChanges(before: Schedules, after: Schedules): string[] {
  const names = new Set([...before.entries.keys(), ...after.entries.keys()]);
  return [...names].flatMap((name) => {
    const changes = changesOf(before.entries.get(name), after.entries.get(name));
    return changes.length === 0 ? [] : [`${name}: ${changes.join("; ")}`];
  });
}

function changesOf(before: ScheduleEntry | undefined, after: ScheduleEntry | undefined): string[] {
  if (after === undefined) return before === undefined ? [] : ["removed: by hand only"];
  if (before === undefined)
    return ["added", ...whenOf(after), ...(after.enabled ? [] : ["disabled"])];
  return [
    ...paceChanges(before, after),
    ...(before.enabled === after.enabled ? [] : [after.enabled ? "enabled" : "disabled"]),
    ...(before.timeoutMs === after.timeoutMs
      ? []
      : [`timeout ${formatDuration(before.timeoutMs)} -> ${formatDuration(after.timeoutMs)}`]),
    ...(before.atStart === after.atStart
      ? []
      : [after.atStart ? "runs at start, too" : "runs at start no more"]),
    ...inputChanges(before.input, after.input),
  ];
}

function paceChanges(before: ScheduleEntry, after: ScheduleEntry): string[] {
  if (before.cron === after.cron && before.timezone === after.timezone) return [];
  if (!isTimed(before)) return whenOf(after);
  if (!isTimed(after)) return [`${paceOf(before).words} -> by hand only`];
  const [old, now] = [paceOf(before), paceOf(after)];
  const isTold = old.words !== now.words;
  const words = isTold ? `${old.words} -> ${now.words}` : `${quoted(before)} -> ${quoted(after)}`;
  if (old.runsADay === now.runsADay || old.runsADay === undefined || now.runsADay === undefined)
    return [words];
  return [words, arrow(frequency(old.runsADay), frequency(now.runsADay))];
}

/** `8,640 -> 17,280 runs a day`: the unit once, if it is the same. */
function arrow(old: string, now: string): string {
  const [runs = "", ...unit] = old.split(" ");
  return now.endsWith(` ${unit.join(" ")}`) ? `${runs} -> ${now}` : `${old} -> ${now}`;
}

function whenOf(entry: ScheduleEntry): string[] {
  if (!isTimed(entry)) return [entry.atStart ? "at start only" : "by hand only"];
  const { words, runsADay } = paceOf(entry);
  return [words, ...(runsADay === undefined ? [] : [frequency(runsADay)])];
}

function inputChanges(before: unknown, after: unknown): string[] {
  const [old, now] = [asRecord(before), asRecord(after)];
  const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
  const changed = [...keys].filter((key) => shown(old[key]) !== shown(now[key]));
  if (changed.length === 0) return [];
  return [
    `input ${changed.map((key) => `${key} ${shown(old[key])} -> ${shown(now[key])}`).join(", ")}`,
  ];
}

function isTimed(entry: ScheduleEntry): entry is ScheduleEntry & { cron: string } {
  return entry.cron !== undefined;
}

function quoted({ cron, timezone }: CronEntry): string {
  return timezone === "UTC" ? `"${cron}"` : `"${cron}" ${timezone}`;
}

function asRecord(input: unknown): Record<string, unknown> {
  return typeof input === "object" && input !== null ? (input as Record<string, unknown>) : {};
}

function shown(value: unknown): string {
  return value === undefined ? "none" : shortJson(value);
}
