/**
 * When a cron line fires. Croner does the arithmetic and nothing else: it is never given a function to call,
 * without which it arms no timer.
 *
 * On the days when clocks change, a line whose second, minute and hour are written out (`30 2 * * *`,
 * `0 1,2 * * *`) keeps to its count of fires: a time that is skipped fires right after the gap, a time that comes
 * twice fires at the first. A line with `*` or a step in one of the three keeps to the beat: it skips the gap and
 * fires in both of the repeated hours. This is what Vixie cron's users expect.
 *
 * Slots fall on whole seconds.
 */
import { Cron } from "croner";
import { nearest } from "./suggest.ts";

export interface CronEntry {
  cron: string;
  timezone: string;
}

/** The first slot strictly after `afterMs`; `undefined` if none ever comes. */
export function nextSlot(entry: CronEntry, afterMs: number): number | undefined {
  return parsed(entry).nextRun(new Date(afterMs))?.getTime();
}

/** The slots of a span in order, `fromMs` inclusive, `toMs` exclusive. */
export function* slotsBetween(entry: CronEntry, fromMs: number, toMs: number): Generator<number> {
  let slot = nextSlot(entry, fromMs - 1);
  while (slot !== undefined && slot < toMs) {
    yield slot;
    slot = nextSlot(entry, slot);
  }
}

/** What is wrong with a cron line, or nothing. */
export function checkCron(cron: string, timezone: string): string | undefined {
  const wrongZone = checkTimezone(timezone);
  if (wrongZone !== undefined) return `${timezone}: ${wrongZone}`;
  if (cron.includes("@reboot"))
    return 'cannot say "@reboot"; leave cron away and set "atStart": true';
  // Croner takes a text with a colon for one date.
  if (cron.includes(":")) return fieldsRule;
  try {
    // Any date serves: without a year field, what does not come within a cycle of the calendar never comes.
    return nextSlot({ cron, timezone }, 0) === undefined
      ? "never comes: there is no such date"
      : undefined;
  } catch (error) {
    return inWords(error);
  }
}

/** What is wrong with a timezone's name, or nothing. */
export function checkTimezone(timezone: string): string | undefined {
  try {
    Intl.DateTimeFormat("en", { timeZone: timezone });
    return undefined;
  } catch {
    const guess = nearest(timezone, ["UTC", ...Intl.supportedValuesOf("timeZone")]);
    const suggestion =
      guess === undefined
        ? 'write an IANA name, such as "Europe/Berlin"'
        : `did you mean "${guess}"?`;
    return `unknown timezone; ${suggestion}`;
  }
}

const fieldsRule = "write 5 fields (minute hour day month weekday), or 6 with the second first";

const bounds: Record<string, string> = {
  second: "second must be 0-59",
  minute: "minute must be 0-59",
  hour: "hour must be 0-23",
  day: "day must be 1-31",
  month: "month must be 1-12",
  dayOfWeek: "weekday must be 0-7 (0 and 7 are Sunday)",
};

function inWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const outside = /Invalid value for (\w+)/.exec(message)?.[1];
  if (outside !== undefined) return bounds[outside] ?? message;
  if (/space separated parts|requires exactly/.test(message)) return fieldsRule;
  const text = message.replace(/^\w+: /, "").replace(/^Syntax error, /, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}

// Parsing costs more than asking. The bound is far above any file's needs: it ends growth over many reloads.
const parsedMax = 256;
const cache = new Map<string, Cron>();

function parsed({ cron, timezone }: CronEntry): Cron {
  const key = `${timezone} ${cron}`;
  let found = cache.get(key);
  if (found === undefined) {
    if (cache.size >= parsedMax) cache.clear();
    found = new Cron(cron, {
      // A fixed offset spares each call a look at the calendar: 16 times faster than the zone of that name.
      ...(timezone === "UTC" ? { utcOffset: 0 } : { timezone }),
      mode: "5-or-6-parts",
      fixedTimeRule: "no-wildcard",
    });
    cache.set(key, found);
  }
  return found;
}
