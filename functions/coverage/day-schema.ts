/**
 * The gap report of one day as JSON, schema 1. It is made of its hours' reports, one after the other, and of
 * nothing else: whoever has those, or the archive that they are made of, gets the same bytes.
 */
import * as v from "valibot";
import { type GapReport, gapReportSchema, reportEntries } from "./report.ts";

/**
 * `final` and `provisional`: what its report is. `nothing-due`: no poll was. `waiting`: it is not over, or its
 * evidence is not sealed. `not-here`: neither its report nor its evidence is on this machine any more.
 */
export const hourStandings = [
  "final",
  "provisional",
  "nothing-due",
  "waiting",
  "not-here",
] as const;

export type HourStanding = (typeof hourStandings)[number];

const { slots, totals } = gapReportSchema.entries;
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const dayReportSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("gap-report-day"),
  /** `2026-11-22`, UTC. */
  date: v.string(),
  ...reportEntries,
  /** All 24; those with a report in the order of `sources`. */
  hours: v.array(
    v.object({
      hour: v.string(),
      standing: v.picklist(hourStandings),
      slots: v.nullable(slots),
      totals: v.nullable(totals),
    }),
  ),
  /** What `gaps` and `findings` have no room for: the reports of the hours name it all. */
  leftOut: v.object({ gaps: count, tokenSlots: count, findings: count }),
});

export type DayReport = v.InferOutput<typeof dayReportSchema>;

export interface DayHour {
  hour: string;
  standing: HourStanding;
  report: GapReport | undefined;
}
