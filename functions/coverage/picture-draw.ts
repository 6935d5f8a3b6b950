/** Draws the picture: head, coverage line, heat map, legend, one below the other, 1280 px wide. */
import { iso } from "../../runtime/time.ts";
import { type Cause, causes } from "../archive/lines.ts";
import { causeWords } from "./cause-words.ts";
import type { DayReport } from "./day-schema.ts";
import { counted, n } from "./markdown-table.ts";
import { percent } from "./percent.ts";
import type { TimeAxis } from "./picture.ts";
import type { Cell, Cells } from "./picture-cells.ts";
import type { PictureRows } from "./picture-rows.ts";
import { pictureStyle } from "./picture-style.ts";
import { charPx, fit, widthOf, xml } from "./picture-text.ts";
import type { GapReport } from "./report.ts";

export interface Picture {
  report: GapReport | DayReport;
  time: TimeAxis;
  rows: PictureRows;
  cells: Cells;
}

const width = 1280;
const left = 24;
/** The plot's edges; before it the labels, behind it each row's coverage. */
const plotLeft = 348;
const plotRight = 1_188;
const labelEnd = plotLeft - 12;
const labelChars = Math.floor((labelEnd - left) / charPx);
const tailChars = 16;
const lineTop = 104;
const linePx = 72;
const rowPx = 15;
const markPx = 12;

export function drawPicture(picture: Picture): string {
  const { rows } = picture.rows;
  const mapTop = lineTop + linePx + 68;
  const mapEnd = mapTop + rows.length * rowPx;
  const legend = drawLegend(picture, mapEnd + 56);
  const height = legend.end + 16;
  const about = `${headOf(picture.report)}. ${coverageText(picture.report)}.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${xml(`Gaps: ${picture.time.title}`)}</title>`,
    `<desc>${xml(about)}</desc>`,
    `<style>\n${pictureStyle()}\n</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...drawHead(picture),
    ...drawAxis(picture.time, lineTop, mapEnd),
    ...drawLine(picture),
    ...drawMap(picture, mapTop),
    ...legend.elements,
    "</svg>",
    "",
  ].join("\n");
}

function headOf({ venue, collector, provisional }: Picture["report"]): string {
  return `${venue}, recorded by ${collector}${provisional ? ", provisional" : ""}`;
}

function coverageText({ totals, slots }: Picture["report"]): string {
  const watched = counted(totals.tokens, "token");
  return `Coverage ${percent(totals.coverage)} of ${watched} in ${counted(slots.expected, "slot")}`;
}

function drawHead({ report, time }: Picture): string[] {
  const chars = Math.floor((width - 2 * left) / charPx);
  return [
    text(left, 34, fit(`Gaps of ${time.title}`, chars), "title"),
    text(left, 54, fit(`${coverageText(report)}; ${headOf(report)}`, chars)),
  ];
}

function drawLine({ time, cells }: Picture): string[] {
  const columns = Array.from({ length: time.columns }, (_, column) => cells.all(column).coverage);
  const known = columns.filter((coverage) => typeof coverage === "number");
  // The steps between "nearly all" and "all" are what a reader looks for.
  const floor = [0.99, 0.9, 0.5].find((share) => known.every((coverage) => coverage >= share)) ?? 0;
  const y = (coverage: number): number =>
    round(lineTop + linePx * (1 - (coverage - floor) / (1 - floor)));
  const path = columns
    .map((coverage, column) => {
      if (typeof coverage !== "number") return "";
      const begins = typeof columns[column - 1] === "number" ? "L" : "M";
      return `${begins}${x(time, column)} ${y(coverage)}H${x(time, column + 1)}`;
    })
    .join("");
  return [
    text(left, lineTop - 12, "Coverage", "title"),
    text(labelEnd, lineTop + 4, "100 %", "soft end"),
    text(labelEnd, lineTop + linePx + 4, `${floor * 100} %`, "soft end"),
    `<path class="grid" d="M${plotLeft} ${lineTop}H${plotRight}M${plotLeft} ${lineTop + linePx}H${plotRight}"/>`,
    ...(path === "" ? [] : [`<path class="line" d="${path}"/>`]),
  ];
}

function drawMap({ rows: { rows, says }, time, cells, report }: Picture, top: number): string[] {
  const column = report.kind === "gap-report" ? "one minute" : "15 minutes";
  const marks = `Each column is ${column}; a mark is as high as the share that it misses, at least a quarter.`;
  const elements = [text(left, top - 30, says, "title"), text(left, top - 12, marks, "soft")];
  for (const [position, { label, tail, coverage }] of rows.entries()) {
    const y = top + position * rowPx;
    const base = y + rowPx - 4;
    const behind = tail === "" ? "" : ` ${fit(tail, tailChars)}`;
    const name = fit(label, labelChars - widthOf(behind)) + behind;
    elements.push(
      `<g><title>${xml(`${label} ${tail}: ${percent(coverage)}`)}</title>`,
      text(labelEnd, base, name, "end"),
      ...drawRow(time, (at) => cells.cell(position, at), y + 1),
      text(plotRight + 12, base, percent(coverage), coverage === 1 ? "soft" : ""),
      "</g>",
    );
  }
  return elements;
}

/** One path for what is kept and one for each cause; neighbours that look the same are one mark. */
function drawRow(time: TimeAxis, cellAt: (column: number) => Cell, y: number): string[] {
  const paths = new Map<string, string>();
  const add = (name: string, first: number, end: number, height: number): void => {
    const [from, to] = [x(time, first), x(time, end)];
    const mark = `M${from} ${y + markPx - height}H${to}v${height}H${from}z`;
    paths.set(name, (paths.get(name) ?? "") + mark);
  };
  let first = 0;
  let before = lookOf(cellAt(0));
  for (let column = 1; column <= time.columns; column += 1) {
    const look = column < time.columns ? lookOf(cellAt(column)) : undefined;
    if (
      look !== undefined &&
      look.cause === before.cause &&
      look.height === before.height &&
      look.isKept === before.isKept
    )
      continue;
    if (before.isKept) add("kept", first, column, markPx);
    if (before.cause !== undefined) add(before.cause, first, column, before.height);
    first = column;
    if (look !== undefined) before = look;
  }
  return [...paths].map(([name, path]) => `<path class="${name}" d="${path}"/>`);
}

const steps = 4;

function lookOf({ cause, missing, coverage }: Cell) {
  const height = (Math.max(1, Math.ceil(missing * steps)) * markPx) / steps;
  return { cause, height, isKept: typeof coverage === "number" && coverage > 0 };
}

function drawAxis(time: TimeAxis, top: number, bottom: number): string[] {
  const elements: string[] = [];
  for (let column = 0; column <= time.columns; column += time.markEvery) {
    const at = iso(time.from + column * time.columnMs);
    const isEnd = column === time.columns && at.slice(11, 16) === "00:00";
    elements.push(
      `<path class="grid" d="M${x(time, column)} ${bottom}v6M${x(time, column)} ${top}v${linePx}"/>`,
      text(x(time, column), bottom + 20, isEnd ? "24:00" : at.slice(11, 16), "soft mid"),
    );
  }
  return elements;
}

function drawLegend(
  { report: { totals } }: Picture,
  top: number,
): { elements: string[]; end: number } {
  const found = causes.filter((cause) => totals.byCause[cause] !== undefined);
  const kept = totals.recorded + totals.unchanged;
  const entries = [
    {
      name: "kept",
      says: `recorded or unchanged: ${n(kept)} of ${counted(totals.tokenSlots, "token slot")}`,
    },
    ...found.map((cause) => ({ name: cause, says: legendOf(cause, totals.byCause[cause] ?? 0) })),
  ];
  const columnPx = (width - 2 * left) / 2;
  const perColumn = Math.ceil(entries.length / 2);
  const elements = entries.flatMap(({ name, says }, position) => {
    const atX = left + Math.floor(position / perColumn) * columnPx;
    const y = top + (position % perColumn) * 20;
    const chars = Math.floor((columnPx - 40) / charPx);
    return [
      `<rect class="${name}" x="${atX}" y="${y - 11}" width="18" height="${markPx}"/>`,
      text(atX + 26, y, fit(says, chars)),
    ];
  });
  const blank = "Blank: no poll was due, or the token was not watched.";
  const end = top + perColumn * 20;
  return { elements: [...elements, text(left, end + 4, blank, "soft")], end: end + 4 };
}

function legendOf(cause: Cause, count: number): string {
  return `${cause}: ${causeWords[cause].short}; ${n(count)}`;
}

function x({ columns }: TimeAxis, column: number): number {
  return round(plotLeft + ((plotRight - plotLeft) * column) / columns);
}

function round(px: number): number {
  return Math.round(px * 100) / 100;
}

function text(atX: number, y: number, content: string, classes = ""): string {
  const named = classes === "" ? "" : ` class="${classes}"`;
  return `<text x="${atX}" y="${y}"${named}>${xml(content)}</text>`;
}
