/** What a soak is: fixed by its first command, and kept in its folder, so that the next one goes on with the same. */
import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";
import { dayMs, hourMs } from "../../runtime/time.ts";
import { placesIn, replace } from "./places.ts";
import { firedBy, schedulesOf } from "./schedules.ts";
import { SoakError, nothingStarted } from "./soak-error.ts";

/** The venue's outages are drawn for so long. */
export const daysMax = 30;
export const hoursMax = (daysMax * dayMs) / hourMs;

/** A cron line says it as a step of the seconds, which begin anew each minute. */
export const cadenceRule = "whole seconds, 1 to 59, that divide 60";

export function isCadence(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= 59 && 60 % seconds === 0;
}

const planSchema = v.object({
  seed: v.pipe(v.number(), v.finite()),
  venue: v.picklist(["simulated", "live"]),
  /** The polls' cadence; `null`: as shipped. */
  everySeconds: v.nullable(v.pipe(v.number(), v.check(isCadence, `must be ${cadenceRule}`))),
  wantedHours: v.pipe(v.number(), v.gtValue(0), v.maxValue(hoursMax)),
});

export type Plan = v.InferOutput<typeof planSchema>;

const fresh: Plan = { seed: 1, venue: "simulated", everySeconds: null, wantedHours: 24 };

/** Of a folder that holds a soak, its own with what `asked` says of the hours; else a new one. */
export function takePlan(folder: string, asked: Partial<Plan>): Plan {
  const { plan: path, schedules } = placesIn(folder);
  const text = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  const begun = text === undefined ? undefined : planIn(path, text, asked);
  for (const name of ["seed", "venue", "everySeconds"] as const)
    if (begun !== undefined && asked[name] !== undefined && asked[name] !== begun[name])
      throw new SoakError({
        what: `${folder} holds a soak with ${name} ${begun[name]}, and ${asked[name]} is asked for`,
        safe: nothingStarted,
        next: `leave that flag out to go on with it, or give another --folder for ${asked[name]}`,
        exit: "usage",
      });
  const plan = { ...fresh, ...begun, ...asked };
  const wanted = textOf(plan);
  if (wanted !== text) replace(path, wanted);
  // Those of the first start stay: the figures are held against what was fired.
  if (!existsSync(schedules))
    replace(schedules, `${JSON.stringify(schedulesOf(plan.everySeconds), undefined, 2)}\n`);
  firedBy(schedules);
  return plan;
}

function planIn(path: string, text: string, asked: Partial<Plan>): Plan {
  try {
    return v.parse(planSchema, JSON.parse(text));
  } catch (error) {
    const where = v.isValiError<typeof planSchema>(error)
      ? `${v.getDotPath(error.issues[0]) ?? "the whole"}: `
      : "";
    const example = JSON.stringify({ ...fresh, ...asked });
    throw new SoakError({
      what: `${path} is not the plan of a soak: ${where}${(error as Error).message}`,
      safe: `${nothingStarted} What was recorded beside it stays.`,
      next: `write into it what that soak was begun with, such as ${example}, or give another --folder`,
      exit: "configuration",
      cause: error,
    });
  }
}

function textOf(plan: Plan): string {
  return `${JSON.stringify(plan, undefined, 1)}\n`;
}
