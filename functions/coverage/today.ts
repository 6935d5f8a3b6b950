/** How today stands, from the newest report of the day: for `npm run status`. */
import { join } from "node:path";
import * as v from "valibot";
import { count } from "../../runtime/columns.ts";
import { errnoOf } from "../../runtime/errors.ts";
import type { Standing } from "../../runtime/function.ts";
import { hourMs, hourOf, hourStart, iso } from "../../runtime/time.ts";
import { type DayReport, dayReportSchema } from "./day-schema.ts";
import { percent } from "./percent.ts";
import type { ShelfContext } from "./shelf.ts";
import { reportPaths } from "./store.ts";

// More would not fit the line; the report has them all.
const causesShownMax = 4;

export async function todayStanding(context: ShelfContext, now: number): Promise<Standing> {
  const date = hourOf(now).slice(0, 10);
  const report = await readDay(context, date);
  if (report === undefined) return { text: `no hour of ${date} is reported yet` };
  const { totals, gaps, leftOut, hours } = report;
  const last = hours.findLast((hour) => hour.slots !== null)?.hour;
  const until = last === undefined ? "" : ` to ${iso(hourStart(last) + hourMs).slice(11, 16)}Z`;
  const found = gaps.length + leftOut.gaps;
  const causes = Object.entries(totals.byCause).sort(([, a], [, b]) => b - a);
  const named = causes
    .slice(0, causesShownMax)
    .map(([cause, slots]) => `${cause} ${slots.toLocaleString("en-US")}`);
  const more = causes.length > named.length ? [`${causes.length - named.length} more causes`] : [];
  const holes =
    found === 0 ? "no gap" : `${count(found, "gap")}: ${[...named, ...more].join(", ")}`;
  return {
    text: `today${until} coverage ${percent(totals.coverage)}, ${holes}`,
    figures: {
      ...(totals.coverage === null ? {} : { coverage: totals.coverage }),
      gaps: found,
      missing: totals.missing,
      unknown: totals.byCause.unknown ?? 0,
    },
  };
}

async function readDay(
  { files, dataFolder, collector }: ShelfContext,
  date: string,
): Promise<DayReport | undefined> {
  for (const provisional of [false, true]) {
    const path = join(dataFolder, reportPaths(date, collector, provisional).json);
    try {
      return v.parse(dayReportSchema, JSON.parse((await files.read(path)).toString()));
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
  return undefined;
}
