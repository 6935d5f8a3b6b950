/** The flags of `npm run soak`, held to what a soak can do: what is wrong with them is said before anything is made. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Plan, cadenceRule, hoursMax, isCadence } from "./plan.ts";
import { SoakError, nothingStarted } from "./soak-error.ts";

export const usage = `npm run soak -- --hours 24 [flags]
  --hours N, --minutes N   how long the daemon is to run, all interruptions left out (default 24 hours)
  --folder DIR             where everything lies (default ./soak); with a soak in it, that one goes on
  --seed N                 another seed brings other faults (default 1)
  --every S                polls every so many seconds, for a short one; else as schedules.json says
  --live                   the live venue instead of the simulated one
While it runs, soak.md, soak.json and soak.svg in its folder are at most a minute old. Ctrl-C ends it with a report.
`;

export interface Asked {
  folder: string;
  /** What was given; the rest is as it was in the folder, or as by default. */
  plan: Partial<Plan>;
}

/** `undefined` where `--help` is asked for. */
export function readFlags(words: readonly string[]): Asked | undefined {
  const flags = parsed(words);
  if (flags.help) return undefined;
  const { hours, minutes, seed, every } = flags;
  if (hours !== undefined && minutes !== undefined)
    throw refused(`--hours ${hours} and --minutes ${minutes} cannot both be`, "give one of them");
  const plan: Partial<Plan> = {};
  if (hours !== undefined) plan.wantedHours = hoursOf("--hours", hours, 1);
  if (minutes !== undefined) plan.wantedHours = hoursOf("--minutes", minutes, 60);
  if (seed !== undefined) plan.seed = seedOf(seed);
  if (every !== undefined) plan.everySeconds = cadenceOf(every);
  if (flags.live) plan.venue = "live";
  return { folder: resolve(flags.folder), plan };
}

function parsed(words: readonly string[]) {
  const text = { type: "string" } as const;
  const isSet = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      args: [...words],
      options: {
        hours: text,
        minutes: text,
        folder: { ...text, default: "soak" },
        seed: text,
        every: text,
        live: isSet,
        help: isSet,
      },
    }).values;
  } catch (error) {
    throw refused((error as Error).message, "npm run soak -- --help");
  }
}

function hoursOf(flag: string, text: string, inAnHour: number): number {
  const hours = numberIn(text) / inAnHour;
  if (hours > 0 && hours <= hoursMax) return hours;
  const rule = `a number above 0, and no more than ${hoursMax * inAnHour}`;
  throw refused(`${flag} must be ${rule}, not ${text}`, `${flag} ${inAnHour === 1 ? 24 : 15}`);
}

function seedOf(text: string): number {
  const seed = numberIn(text);
  if (Number.isSafeInteger(seed) && seed > 0) return seed;
  throw refused(`--seed must be a whole number above 0, not ${text}`, "--seed 7");
}

function cadenceOf(text: string): number {
  const seconds = numberIn(text);
  if (isCadence(seconds)) return seconds;
  throw refused(
    `--every must be ${cadenceRule}, not ${text}`,
    "--every 10, or none for schedules.json's",
  );
}

/** An empty text, and one of spaces, is 0 to `Number`. */
function numberIn(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

function refused(what: string, next: string): SoakError {
  return new SoakError({ what, safe: nothingStarted, next, exit: "usage" });
}
