/**
 * When a cron line fires, worked out second by second from the calendar alone: slow, plain, and sharing nothing
 * with the runtime, so that the two can be held against each other. Knows numbers, lists, `*` and steps.
 *
 * The rules on days when clocks change are those of docs/runtime.md. A line that writes out its second, minute and
 * hour keeps its count: what is skipped fires right after the gap, what comes twice fires at the first. Any other
 * keeps its beat.
 */
import { dayMs, minuteMs, secondMs } from "../../runtime/time.ts";

export interface CronLine {
  cron: string;
  timezone: string;
}

/** Every slot of the span, epoch ms, `from` inclusive, `to` exclusive; both on whole seconds. */
export function* slotsByTheBook(line: CronLine, from: number, to: number): Generator<number> {
  const { isFixed, matches } = readLine(line.cron);
  const offsetAt = offsets(line.timezone);
  let offset = offsetAt(from - secondMs);
  // Local time before this was lived already.
  let livedUntil = -Infinity;
  for (let at = from; at < to; at += secondMs) {
    const now = offsetAt(at);
    const jumped = now - offset;
    const local = at + now;
    if (jumped < 0) livedUntil = local - jumped;
    offset = now;
    const isAgain = isFixed && local < livedUntil;
    const isMadeUp = isFixed && jumped > 0 && anyMatch(matches, local - jumped, local);
    if (isMadeUp || (matches(local) && !isAgain)) yield at;
  }
}

/** The moments in a span at which the zone's clocks change. */
export function clockChanges(timezone: string, from: number, to: number): number[] {
  const offsetAt = offsets(timezone);
  const changes: number[] = [];
  for (let day = from; day < to; day += dayMs) {
    if (offsetAt(day) === offsetAt(day + dayMs)) continue;
    let at = day + blockMs;
    while (offsetAt(at) === offsetAt(day)) at += blockMs;
    changes.push(at);
  }
  return changes;
}

// No zone changes its clocks but on a quarter of an hour.
const blockMs = 15 * minuteMs;

function offsets(timezone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en", { timeZone: timezone, timeZoneName: "longOffset" });
  let known = { block: NaN, offset: 0 };
  return (at) => {
    const block = Math.floor(at / blockMs);
    if (block !== known.block) {
      const parts = format.formatToParts(block * blockMs);
      const name = parts.find((part) => part.type === "timeZoneName");
      known = { block, offset: readOffset(name?.value ?? "") };
    }
    return known.offset;
  };
}

// `GMT`, `GMT+05:45`
function readOffset(name: string): number {
  const [, sign, hours = "0", minutes = "0"] = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * minuteMs;
}

function anyMatch(matches: (local: number) => boolean, from: number, to: number): boolean {
  for (let local = from; local < to; local += secondMs) if (matches(local)) return true;
  return false;
}

interface Line {
  /** Second, minute and hour are written out. */
  isFixed: boolean;
  matches(localMs: number): boolean;
}

const ranges = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

function readLine(cron: string): Line {
  const written = cron.split(" ");
  const fields = written.length === 5 ? ["0", ...written] : written;
  const [seconds, minutes, hours, days, months, weekdays] = fields.map((field, index) =>
    readField(field, ranges[index] ?? [0, 0]),
  ) as [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>, Set<number>];
  // A line that restricts both day and weekday would fire on either; none here does.
  const isEveryDay = fields.slice(3).every((field) => field === "*");
  return {
    isFixed: fields.slice(0, 3).every((field) => !/[*/]/.test(field)),
    matches(localMs) {
      const second = Math.floor(localMs / secondMs);
      if (!seconds.has(second % 60) || !minutes.has(Math.floor(second / 60) % 60)) return false;
      if (!hours.has(Math.floor(second / 3600) % 24)) return false;
      if (isEveryDay) return true;
      const date = new Date(localMs);
      return (
        days.has(date.getUTCDate()) &&
        months.has(date.getUTCMonth() + 1) &&
        weekdays.has(date.getUTCDay())
      );
    },
  };
}

function readField(field: string, [low, high]: readonly [number, number]): Set<number> {
  const values = new Set<number>();
  for (const item of field.split(",")) {
    const [range = "", step = "1"] = item.split("/");
    const [first, last = item.includes("/") ? String(high) : range] =
      range === "*" ? [String(low), String(high)] : range.split("-");
    for (let value = Number(first); value <= Number(last); value += Number(step)) values.add(value);
  }
  return values;
}
