/**
 * A report as one self-contained SVG: a line of coverage over time, and below it a heat map, rows of tokens or
 * markets by columns of time. Like the report it shows facts of the archive alone, so the same bytes come again.
 */
import { dayMs, hourMs, hourStart, iso, minuteMs } from "../../runtime/time.ts";
import type { DayReport } from "./day-schema.ts";
import { Cells } from "./picture-cells.ts";
import { drawPicture } from "./picture-draw.ts";
import { chooseRows } from "./picture-rows.ts";
import type { GapReport } from "./report.ts";

/** `hours`: its own hour, or those of the day in order of time. */
export async function picture(
  report: GapReport | DayReport,
  hours: Iterable<GapReport> | AsyncIterable<GapReport>,
): Promise<string> {
  const time = timeOf(report);
  const rows = chooseRows(report.markets);
  const cells = new Cells(time, rows);
  for await (const hour of hours) cells.add(hour);
  return drawPicture({ report, time, rows, cells });
}

export interface TimeAxis {
  /** Epoch ms. */
  from: number;
  columnMs: number;
  columns: number;
  /** In columns, between two marks of the axis. */
  markEvery: number;
  title: string;
}

function timeOf(report: GapReport | DayReport): TimeAxis {
  if (report.kind === "gap-report") {
    const columnMs = minuteMs;
    const from = hourStart(report.hour);
    const [begin, end] = [iso(from), iso(from + hourMs)].map((time) => time.slice(11, 16));
    const title = `${report.hour.slice(0, 10)}, ${begin} to ${end} UTC`;
    return { from, columnMs, columns: hourMs / columnMs, markEvery: 5, title };
  }
  const columnMs = 15 * minuteMs;
  const from = Date.parse(`${report.date}T00:00:00Z`);
  return { from, columnMs, columns: dayMs / columnMs, markEvery: 8, title: `${report.date}, UTC` };
}
