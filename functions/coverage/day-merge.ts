/** One day out of its hours' reports, taken one at a time: sums, gaps, clean stretches, markets. Pure. */
import type { DayHour, DayReport } from "./day-schema.ts";
import { GapRuns } from "./day-runs.ts";
import type { GapReport } from "./report.ts";
import { addUp, type Sums } from "./sums.ts";

type Merged = Omit<
  DayReport,
  "schema" | "kind" | "date" | "collector" | "venue" | "provisional" | "sources"
>;

interface DayToken {
  row: number;
  token: string;
  market: string;
  slug: string;
  outcome: string;
  sums: Sums;
}

// Evidence that contradicts itself is rare; a broken index may say it of each of 5,000 tokens.
const findingsMax = 200;

export class DayMerge {
  #tokens = new Map<string, DayToken>();
  #runs = new GapRuns();
  #hours: DayReport["hours"] = [];
  #slots: DayReport["slots"] = { expected: 0, polled: 0, clean: 0, first: null, last: null };
  #polls: DayReport["polls"] = { scheduled: 0, byHand: 0, repeats: 0, late: 0 };
  #clean: DayReport["clean"] = [];
  /** The last slot so far was clean, and the stretch may go on. */
  #isCleanOpen = false;
  #findings: DayReport["findings"] = [];
  #findingsLeftOut = 0;

  /** In order of time. */
  add({ hour, standing, report }: DayHour): void {
    const { slots = null, totals = null } = report ?? {};
    this.#hours.push({ hour, standing, slots, totals });
    if (report !== undefined) this.#addReport(report);
    else if (standing !== "nothing-due") this.#interrupt();
  }

  end(): Merged {
    const order = [...Map.groupBy(this.#tokens.values(), ({ market }) => market).values()].flat();
    const n = new Uint32Array(order.length);
    for (const [position, { row }] of order.entries()) n[row] = position;
    const { expected, ...totals } = addUp(order.map(({ sums }) => sums));
    const { gaps, leftOut } = this.#runs.end();
    return {
      slots: this.#slots,
      totals: { tokens: order.length, tokenSlots: expected, ...totals },
      polls: this.#polls,
      gaps: gaps
        .map(({ rows, ...gap }) => {
          const numbers = rows.map((row) => n[row] as number).sort((a, b) => a - b);
          const isAll = numbers.length === order.length;
          return Object.assign(gap, { tokens: isAll ? ("all" as const) : numbers });
        })
        .sort(byTime),
      clean: this.#clean,
      markets: marketsOf(order),
      findings: this.#findings,
      hours: this.#hours,
      leftOut: { ...leftOut, findings: this.#findingsLeftOut },
    };
  }

  #addReport(report: GapReport): void {
    const rows: number[] = [];
    for (const { market, slug, tokens } of report.markets)
      for (const { n, token, outcome, ...sums } of tokens)
        rows[n] = this.#addToken({ token, market, slug, outcome, sums });
    this.#runs.add(report, rows);
    this.#addClean(report);
    this.#addCounts(report);
    for (const { code, detail } of report.findings) {
      if (this.#findings.length === findingsMax) this.#findingsLeftOut += 1;
      else this.#findings.push({ code, detail: `${report.hour}: ${detail}` });
    }
  }

  #addToken(found: Omit<DayToken, "row">): number {
    const known = this.#tokens.get(found.token);
    if (known === undefined) {
      const row = this.#tokens.size;
      this.#tokens.set(found.token, { row, ...found });
      return row;
    }
    known.sums = addUp([known.sums, found.sums]);
    // An hour in which only a poll named the token knows no more of it.
    if (known.market === "") {
      const { market, slug, outcome } = found;
      Object.assign(known, { market, slug, outcome });
    }
    return known.row;
  }

  #addClean({ slots, clean }: GapReport): void {
    if (slots.expected === 0) return;
    for (const stretch of clean) {
      const last = this.#clean.at(-1);
      if (this.#isCleanOpen && stretch.from === slots.first && last !== undefined) {
        const { to, until } = stretch;
        this.#clean[this.#clean.length - 1] = {
          from: last.from,
          to,
          until,
          slots: last.slots + stretch.slots,
        };
      } else this.#clean.push(stretch);
      this.#isCleanOpen = false;
    }
    this.#isCleanOpen = clean.at(-1)?.to === slots.last;
  }

  #addCounts({ slots, polls }: GapReport): void {
    for (const name of ["expected", "polled", "clean"] as const) this.#slots[name] += slots[name];
    this.#slots.first ??= slots.first;
    this.#slots.last = slots.last ?? this.#slots.last;
    for (const name of ["scheduled", "byHand", "repeats", "late"] as const)
      this.#polls[name] += polls[name];
  }

  #interrupt(): void {
    this.#runs.interrupt();
    this.#isCleanOpen = false;
  }
}

type Gap = DayReport["gaps"][number];

function byTime(a: Gap, b: Gap): number {
  if (a.from !== b.from) return a.from < b.from ? -1 : 1;
  if (a.to !== b.to) return a.to > b.to ? -1 : 1;
  return firstOf(a) - firstOf(b);
}

function firstOf({ tokens }: Gap): number {
  return tokens === "all" ? 0 : (tokens[0] ?? 0);
}

function marketsOf(order: readonly DayToken[]): DayReport["markets"] {
  const markets = new Map<string, DayReport["markets"][number]>();
  for (const [n, { market, slug, token, outcome, sums }] of order.entries()) {
    const found = markets.get(market) ?? { market, slug, tokens: [] };
    markets.set(market, found);
    found.tokens.push({ n, token, outcome, ...sums });
  }
  return [...markets.values()];
}
