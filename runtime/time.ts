/** Durations as people write them, instants and UTC hours as the files write them. */
import * as v from "valibot";

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const units: Record<string, number> = { ms: 1, s: secondMs, m: minuteMs, h: hourMs, d: dayMs };
const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** `"90s"`, `"5m"` → milliseconds. */
export const duration = v.pipe(
  v.string(),
  v.title("duration"),
  v.regex(
    durationPattern,
    (issue) => `${issue.received}: write a number and a unit (ms, s, m, h, d), such as "5m"`,
  ),
  v.transform((text) => {
    const [, count, unit] = durationPattern.exec(text) ?? [];
    return Number(count) * (units[unit ?? ""] ?? 0);
  }),
);

/** 90_000 → `"1m 30s"`. */
export function formatDuration(ms: number): string {
  if (ms < secondMs) return `${Math.round(ms)} ms`;
  if (ms < minuteMs) return `${Math.round(ms / 100) / 10} s`;
  const seconds = Math.round(ms / secondMs);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ] as const;
  const shown = parts.filter(([count]) => count > 0).slice(0, 2);
  return shown.map(([count, unit]) => `${count}${unit}`).join(" ");
}

/** Epoch milliseconds → `2026-11-22T15:04:05.678Z`. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** A UTC hour: `2026-11-22T15`. Sorts as text. */
export type Hour = string;

export const hourPattern = /^\d{4}-\d{2}-\d{2}T\d{2}$/;

export function hourOf(ms: number): Hour {
  return iso(ms).slice(0, 13);
}

export function hourStart(hour: Hour): number {
  return Date.parse(`${hour}:00:00.000Z`);
}

export function nextHour(hour: Hour): Hour {
  return hourOf(hourStart(hour) + hourMs);
}

const instantPattern =
  /^(\d{4}-\d{2}-\d{2})(?:T(\d{2})(:\d{2}(?::\d{2}(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** An instant as a person types it: ISO 8601 or the start of it, UTC if it names no zone. */
export const instant = v.pipe(
  v.string(),
  v.title("time"),
  v.check(
    (text) => !Number.isNaN(parseInstant(text)),
    'write a UTC time, such as "2026-11-22T15:00:00Z"',
  ),
  v.transform(parseInstant),
);

function parseInstant(text: string): number {
  const [, date = "", hour = "00", rest = ":00", zone = "Z"] = instantPattern.exec(text) ?? [];
  // Date.parse takes 30 February for 2 March.
  const midnight = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight) || !iso(midnight).startsWith(date)) return NaN;
  return Date.parse(`${date}T${hour}${rest}${zone}`);
}
