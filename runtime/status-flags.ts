/** What may be typed after `npm run status --`. */
import { parseArgs } from "node:util";
import * as v from "valibot";
import { OperatorError, messageOf } from "./errors.ts";
import { ruleOf } from "./issues.ts";
import { duration, instant } from "./time.ts";

export const statusHelp = `npm run status -- [--next N | --why NAME [--at TIME] | --max-age DURATION] [--json]

Is the runtime running, how did each function's last run end, when is its next, how does the work stand. Read
from the journal (its newest 48 hours that have lines) and the disk; it changes nothing and keeps no run waiting.

  --next N            the next N slots of each function; by schedules.json where nothing is running
  --why NAME          what happened to each of a function's last slots: ran, failed, skipped, missed, disabled
  --at TIME           with --why: around this UTC time, such as 2026-11-22T15:40
  --max-age DURATION  exits 65 if the newest recorded data is older, such as 5m: for a timer that raises an alert
  --json              one line for a program; npm run -s status -- --json
  --help              this text

Exit codes: 0 said; 64 a wrong flag; 65 the data is too old; 69 the journal cannot be read; 78 a wrong setting.
`;

export interface StatusFlags {
  isHelp: boolean;
  isJson: boolean;
  slots: number | undefined;
  why: string | undefined;
  /** Epoch ms. */
  at: number | undefined;
  maxAgeMs: number | undefined;
}

const slotsMax = 100;
const slotCount = v.pipe(
  v.string(),
  v.regex(/^\d+$/, "write a number, such as 5"),
  v.transform(Number),
  v.minValue(1, "must be at least 1"),
  v.maxValue(slotsMax, `must be at most ${slotsMax}`),
);

/** Throws `BAD_FLAG`. */
export function readStatusFlags(args: readonly string[]): StatusFlags {
  const values = parse(args);
  const { json = false, help = false, why, next, at, "max-age": maxAge } = values;
  const modes = ["next", "why", "max-age"].filter((name) => name in values);
  if (modes.length > 1) throw badFlag(`--${modes.join(" and --")} do not go together`);
  if (at !== undefined && why === undefined) throw badFlag("--at goes with --why NAME");
  return {
    isHelp: help,
    isJson: json,
    why,
    slots: read("next", slotCount, next),
    at: read("at", instant, at),
    maxAgeMs: read("max-age", duration, maxAge),
  };
}

const options = {
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  next: { type: "string" },
  why: { type: "string" },
  at: { type: "string" },
  "max-age": { type: "string" },
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw badFlag(messageOf(error));
  }
}

function read<T>(
  name: string,
  schema: v.GenericSchema<string, T>,
  text: string | undefined,
): T | undefined {
  if (text === undefined) return undefined;
  const parsed = v.safeParse(schema, text);
  if (parsed.success) return parsed.output;
  throw badFlag(`--${name} ${JSON.stringify(text)}: ${parsed.issues.map(ruleOf).join("; ")}`);
}

function badFlag(message: string): OperatorError {
  return new OperatorError("BAD_FLAGS", {
    message,
    exit: "usage",
    safe: "Nothing was looked at.",
    next: "npm run status -- --help",
  });
}
