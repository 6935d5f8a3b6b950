/** A cron line in words, and how often it fires: what a person who edits one wants to see again. */
import { type CronEntry, slotsBetween } from "./cron.ts";
import { dayMs, formatDuration, secondMs } from "./time.ts";

export interface Pace {
  /** `every 10 s`, `at 03:50`; where no words are short, the line itself in quotes. */
  words: string;
  /** On average; `undefined` where the line's hours, minutes or seconds are written in a way of their own. */
  runsADay: number | undefined;
}

export function paceOf({ cron, timezone }: CronEntry): Pace {
  const zone = timezone === "UTC" ? "" : ` ${timezone}`;
  const quoted = { words: `"${cron}"${zone}`, runsADay: undefined };
  const fields = fieldsOf(cron);
  const [second, minute, hour] = fields.map((field, at) => valuesOf(field, sizes[at] ?? 0));
  if (second === undefined || minute === undefined || hour === undefined) return quoted;
  const share = shareOfDays(fields.slice(3).join(" "));
  const runsADay = second.length * minute.length * hour.length * share;
  const words = share === 1 ? beat(second, minute, hour) : undefined;
  return { words: words === undefined ? quoted.words : words + zone, runsADay };
}

/** `8,640 runs a day`, `2 runs a week`. */
export function frequency(runsADay: number): string {
  const a = { day: runsADay, week: runsADay * 7, year: runsADay * 365 };
  const unit = (["day", "week"] as const).find((each) => rounded(a[each]) >= 1) ?? "year";
  const runs = rounded(a[unit]);
  return `${runs.toLocaleString("en-US")} run${runs === 1 ? "" : "s"} a ${unit}`;
}

function rounded(runs: number): number {
  return Math.round(runs * 10) / 10;
}

/** How many seconds, minutes and hours there are: the first three fields. */
const sizes = [60, 60, 24];

const nicknames: Record<string, string> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

function fieldsOf(cron: string): string[] {
  const fields = (nicknames[cron.trim().toLowerCase()] ?? cron).trim().split(/\s+/);
  return fields.length === 5 ? ["0", ...fields] : fields;
}

/** The values of a field in order; `undefined` for what is more than lists, ranges and steps. */
function valuesOf(field: string, size: number): number[] | undefined {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [, all, from, to, step] = /^(?:([*?])|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
    if (all === undefined && from === undefined) return undefined;
    const first = Number(from ?? 0);
    const last = to === undefined ? ((all ?? step) === undefined ? first : size - 1) : Number(to);
    for (let value = first; value <= last; value += Number(step ?? 1)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

// Its odd day makes one weekday come 53 times, which rounding takes away again.
const yearDays = 365;
const yearStartsAt = Date.UTC(2026, 0, 1);

/** Day, month and weekday together: on how many days of a year it fires at all. */
function shareOfDays(days: string): number {
  if (/^[*?]( [*?])*$/.test(days)) return 1;
  const entry = { cron: `0 0 0 ${days}`, timezone: "UTC" };
  const end = yearStartsAt + yearDays * dayMs;
  return [...slotsBetween(entry, yearStartsAt, end)].length / yearDays;
}

function beat(second: number[], minute: number[], hour: number[]): string | undefined {
  const each = [periodOf(second, 60), periodOf(minute, 60), periodOf(hour, 24)];
  const [seconds, minutes, hours] = each;
  if (seconds !== undefined && minutes === 1 && hours === 1) return every(seconds);
  if (second.length > 1) return undefined;
  if (minutes !== undefined && hours === 1) return every(minutes * 60);
  if (minute.length > 1) return undefined;
  if (hour.length === 1) return `at ${[...hour, ...minute].map(twoDigits).join(":")}`;
  return hours === undefined ? undefined : every(hours * 3_600);
}

/** The distance between neighbours, the last and the first included, if it is one and the same. */
function periodOf(values: number[], size: number): number | undefined {
  const period = size / values.length;
  const isEven = values.every((value, at) => value === (values[0] ?? 0) + at * period);
  return isEven ? period : undefined;
}

function every(seconds: number): string {
  return `every ${formatDuration(seconds * secondMs)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
