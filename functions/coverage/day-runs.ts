/**
 * The gaps of a day out of those of its hours: what goes on across the end of an hour becomes one. Takes the hours
 * one at a time and keeps the largest gaps only, so its memory does not grow with a noisy day.
 */
import type { Cause } from "../archive/lines.ts";
import type { GapReport } from "./report.ts";

export interface DayGap {
  from: string;
  to: string;
  until: string;
  slots: number;
  cause: Cause;
  /** Ascending. */
  rows: number[];
}

interface Run extends Omit<DayGap, "rows"> {
  row: number;
}

export interface LeftOut {
  gaps: number;
  tokenSlots: number;
}

// A day of a sound recorder has a handful. What is left out is counted, and stands in the hours' reports.
const gapsMax = 2_000;
const rowsNamedMax = 1_000_000;

export class GapRuns {
  /** By row: the run that reaches the last slot so far. */
  #open = new Map<number, Run>();
  /** Ended, by their span and cause. */
  #ended = new Map<string, DayGap>();
  #leftOut: LeftOut = { gaps: 0, tokenSlots: 0 };

  /** `rows`: of the hour's tokens, by their number `n`. */
  add({ slots, gaps }: GapReport, rows: readonly number[]): void {
    if (slots.expected === 0) return;
    const before = this.#open;
    this.#open = new Map();
    for (const gap of gaps) {
      const isOpen = gap.to === slots.last;
      const fresh: number[] = [];
      for (const row of gap.tokens === "all" ? rows : gap.tokens.map((n) => rows[n] as number)) {
        const run = gap.from === slots.first ? continued(before.get(row), gap) : undefined;
        if (run !== undefined) before.delete(row);
        if (isOpen) this.#open.set(row, run ?? { ...spanOf(gap), row });
        else if (run === undefined) fresh.push(row);
        else this.#end(run, [row]);
      }
      if (fresh.length > 0) this.#end(gap, fresh);
    }
    for (const run of before.values()) this.#end(run, [run.row]);
    // What ended by now ended for every row: no later hour adds to it.
    this.#keepLargest();
  }

  /** What comes next does not follow on: there is a time between of which nothing is known. */
  interrupt(): void {
    for (const run of this.#open.values()) this.#end(run, [run.row]);
    this.#open.clear();
  }

  end(): { gaps: DayGap[]; leftOut: LeftOut } {
    this.interrupt();
    this.#keepLargest();
    return { gaps: [...this.#ended.values()], leftOut: this.#leftOut };
  }

  #end(span: Omit<DayGap, "rows">, rows: readonly number[]): void {
    const key = `${span.from} ${span.to} ${span.cause}`;
    const gap = this.#ended.get(key);
    if (gap === undefined) this.#ended.set(key, { ...spanOf(span), rows: [...rows] });
    else for (const row of rows) gap.rows.push(row);
  }

  #keepLargest(): void {
    if (this.#ended.size <= gapsMax && this.#named() <= rowsNamedMax) return;
    const bySize = [...this.#ended.values()].sort(
      (a, b) => sizeOf(b) - sizeOf(a) || Date.parse(a.from) - Date.parse(b.from),
    );
    this.#ended.clear();
    let named = 0;
    for (const gap of bySize) {
      named += gap.rows.length;
      if (this.#ended.size < gapsMax && named <= rowsNamedMax) {
        this.#ended.set(`${gap.from} ${gap.to} ${gap.cause}`, gap);
      } else {
        this.#leftOut.gaps += 1;
        this.#leftOut.tokenSlots += sizeOf(gap);
      }
    }
  }

  #named(): number {
    let named = 0;
    for (const { rows } of this.#ended.values()) named += rows.length;
    return named;
  }
}

function continued(run: Run | undefined, gap: GapReport["gaps"][number]): Run | undefined {
  if (run?.cause !== gap.cause) return undefined;
  return { ...run, to: gap.to, until: gap.until, slots: run.slots + gap.slots };
}

function spanOf({ from, to, until, slots, cause }: Omit<DayGap, "rows">): Omit<DayGap, "rows"> {
  return { from, to, until, slots, cause };
}

function sizeOf({ slots, rows }: DayGap): number {
  return slots * rows.length;
}
