/** One function's entry in `schedules.json`: what may stand there, and what is meant where nothing does. */
import * as v from "valibot";
import { checkTimezone } from "./cron.ts";
import { dayMs, duration, minuteMs } from "./time.ts";

export interface ScheduleEntry {
  name: string;
  /** `undefined`: by hand only, or at start. */
  cron: string | undefined;
  timezone: string;
  timeoutMs: number;
  /** Checked by the function's schema, defaults filled in. */
  input: unknown;
  /** As it stands in the file, for flags to override. */
  writtenInput: Record<string, unknown>;
  enabled: boolean;
  atStart: boolean;
}

const timeoutDefault = "5m";
const timeoutMsDefault = 5 * minuteMs;

export const entrySchema = v.strictObject({
  cron: v.optional(
    v.pipe(
      v.string(),
      v.description(
        "When it fires: minute hour day month weekday, or six fields, second first. Without it: by hand only.",
      ),
      v.examples(["*/5 * * * *", "*/10 * * * * *"]),
    ),
  ),
  timezone: v.optional(
    v.pipe(
      v.string(),
      v.description("IANA name of the timezone that cron is read in."),
      v.examples(["UTC", "Europe/Berlin"]),
      v.rawCheck(({ dataset, addIssue }) => {
        const problem = dataset.typed ? checkTimezone(dataset.value) : undefined;
        if (problem !== undefined) addIssue({ message: problem });
      }),
    ),
    "UTC",
  ),
  timeout: v.optional(
    v.pipe(
      duration,
      v.description('A run is stopped after this long: a number and a unit, such as "90s".'),
      v.check((ms) => ms > 0 && ms <= dayMs, "must be more than 0 and at most 24h"),
    ),
    timeoutDefault,
  ),
  // What it must look like is the function's to say.
  input: v.optional(v.custom<Record<string, unknown>>(isObject, "must be an object"), {}),
  enabled: v.optional(
    v.pipe(v.boolean(), v.description("false: never fires; by hand it still runs.")),
    true,
  ),
  atStart: v.optional(
    v.pipe(v.boolean(), v.description("true: runs once when the runtime starts, too.")),
    false,
  ),
});

/** A function without an entry: by hand, with its own defaults. */
export function defaultEntry(name: string): ScheduleEntry {
  return {
    name,
    cron: undefined,
    timezone: "UTC",
    timeoutMs: timeoutMsDefault,
    input: {},
    writtenInput: {},
    enabled: true,
    atStart: false,
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
