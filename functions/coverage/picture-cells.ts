/**
 * How much of each column's time each row misses, by cause. A slot stands for the time up to the next one. Memory
 * goes by rows and columns, whatever the number of tokens and slots.
 */
import { type Cause, causes } from "../archive/lines.ts";
import type { TimeAxis } from "./picture.ts";
import type { PictureRows } from "./picture-rows.ts";
import type { GapReport } from "./report.ts";
import { isOutsideCoverage } from "./states.ts";

/** Of one row in one column; shares of the time in which its tokens were expected. */
export interface Cell {
  /** What most of it is missing for; `undefined`: nothing is. */
  cause: Cause | undefined;
  /** 0 to 1, of what could be recorded; of all where nothing could. */
  missing: number;
  /** `undefined` where nothing was expected. */
  coverage: number | null | undefined;
}

const stride = causes.length + 1;

export class Cells {
  #time: TimeAxis;
  #rows: PictureRows;
  /** Token-ms: by row (the last: all together), column, and cause; expected ones behind the causes. */
  #sums: Float64Array;

  constructor(time: TimeAxis, rows: PictureRows) {
    this.#time = time;
    this.#rows = rows;
    this.#sums = new Float64Array((rows.rows.length + 1) * time.columns * stride);
  }

  add(report: GapReport): void {
    const { slots } = report;
    if (slots.first === null || slots.last === null) return;
    const last = [...report.gaps, ...report.clean].find(({ to }) => to === slots.last);
    const tokens = report.markets.flatMap((market) => market.tokens);
    const rowByNumber = tokens.map(({ token }) => this.#rows.rowOf(token));
    const everyRow = this.#countRows(rowByNumber);
    const whole = { from: slots.first, until: last?.until ?? slots.last };
    this.#spread(whole, everyRow, causes.length);
    for (const gap of report.gaps) {
      const rows =
        gap.tokens === "all" ? everyRow : this.#countRows(gap.tokens.map((n) => rowByNumber[n]));
      this.#spread(gap, rows, causes.indexOf(gap.cause));
    }
  }

  cell(row: number, column: number): Cell {
    const at = (row * this.#time.columns + column) * stride;
    const expected = this.#sums[at + causes.length] as number;
    if (expected <= 0) return { cause: undefined, missing: 0, coverage: undefined };
    let outside = 0;
    let missing = 0;
    let most: [Cause, number] | undefined;
    let mostOutside: [Cause, number] | undefined;
    for (const [position, cause] of causes.entries()) {
      const ms = this.#sums[at + position] as number;
      if (ms <= 0) continue;
      if (isOutsideCoverage(cause)) {
        outside += ms;
        if (mostOutside === undefined || ms > mostOutside[1]) mostOutside = [cause, ms];
      } else {
        missing += ms;
        if (most === undefined || ms > most[1]) most = [cause, ms];
      }
    }
    const possible = expected - outside;
    if (possible <= expected * rounding)
      return { cause: mostOutside?.[0], missing: 1, coverage: null };
    const coverage = Math.max(0, 1 - missing / possible);
    return { cause: most?.[0], missing: missing / possible, coverage };
  }

  /** Of every token, with a row of its own or not. */
  all(column: number): Cell {
    return this.cell(this.#rows.rows.length, column);
  }

  /** How many of these tokens each row stands for; behind the rows all of them. */
  #countRows(rows: readonly (number | undefined)[]): Map<number, number> {
    const counts = new Map<number, number>([[this.#rows.rows.length, rows.length]]);
    for (const row of rows) if (row !== undefined) counts.set(row, (counts.get(row) ?? 0) + 1);
    return counts;
  }

  #spread(
    span: { from: string; until: string },
    rows: ReadonlyMap<number, number>,
    position: number,
  ): void {
    const { from: start, columnMs, columns } = this.#time;
    const from = Math.max(0, Date.parse(span.from) - start);
    const until = Math.min(columns * columnMs, Date.parse(span.until) - start);
    for (let column = Math.floor(from / columnMs); column * columnMs < until; column += 1) {
      const ms = Math.min(until, (column + 1) * columnMs) - Math.max(from, column * columnMs);
      for (const [row, count] of rows) {
        const at = (row * columns + column) * stride + position;
        this.#sums[at] = (this.#sums[at] as number) + ms * count;
      }
    }
  }
}

// Sums of whole milliseconds times whole tokens are exact; their shares are not.
const rounding = 1e-9;
