/**
 * The gap report of one hour as JSON, schema 1. It holds facts of the archive alone, never the time at which
 * it was made: from the same archived files the same bytes come again, on any machine.
 */
import * as v from "valibot";
import { hourOf, iso } from "../../runtime/time.ts";
import { causes } from "../archive/lines.ts";
import { findingSchema } from "../archive/sealed-index.ts";
import type { Account } from "./account.ts";
import { findCleanStretches, findGaps, type Stretch } from "./gaps.ts";
import { addUp, type Sums, sumOf } from "./sums.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const coverage = v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1)));
const byCause = v.record(v.picklist(causes), count);
const sums = { recorded: count, unchanged: count, missing: count, byCause, coverage };
/** First and last slot, the next one's time (or the hour's end), and how many were expected in it. */
const stretch = { from: v.string(), to: v.string(), until: v.string(), slots: count };

/** What the report of an hour and that of a day have in common. */
export const reportEntries = {
  collector: v.string(),
  venue: v.string(),
  /** Evidence is not sealed yet: a later report may say more. */
  provisional: v.boolean(),
  /** Of the clock: when polls were due, whatever they watched. */
  slots: v.object({
    expected: count,
    /** With at least one poll. */
    polled: count,
    /** Without a token missing, but for those that coverage leaves out. */
    clean: count,
    first: v.nullable(v.string()),
    last: v.nullable(v.string()),
  }),
  /** Of tokens × slots: `tokenSlots` = recorded + unchanged + missing. */
  totals: v.object({ tokens: count, tokenSlots: count, ...sums }),
  /** Polls, not slots: `repeats` are second polls of a slot, `late` came when the hour was closed already. */
  polls: v.object({ scheduled: count, byHand: count, repeats: count, late: count }),
  /** `tokens` are the numbers `n` of `markets`, or all of them. */
  gaps: v.array(
    v.object({
      ...stretch,
      cause: v.picklist(causes),
      tokens: v.union([v.literal("all"), v.array(count)]),
    }),
  ),
  clean: v.array(v.object(stretch)),
  markets: v.array(
    v.object({
      market: v.string(),
      slug: v.string(),
      tokens: v.array(
        v.object({ n: count, token: v.string(), outcome: v.string(), expected: count, ...sums }),
      ),
    }),
  ),
  /** The files that it rests on: an hour on manifests, below `archive/`; a day on its hours' reports. */
  sources: v.array(v.object({ path: v.string(), sha256: v.string() })),
  /** What does not fit together in the evidence. */
  findings: v.array(findingSchema),
};

export const gapReportSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("gap-report"),
  /** `2026-11-22T15` */
  hour: v.string(),
  ...reportEntries,
});

export type GapReport = v.InferOutput<typeof gapReportSchema>;

/** What both reports say, whatever time they cover. */
export type AnyReport = Omit<GapReport, "schema" | "kind" | "hour">;

export interface ReportHead {
  collector: string;
  venue: string;
  provisional: boolean;
  sources: GapReport["sources"];
  /** Of sealing. */
  findings: GapReport["findings"];
}

export function reportOf(unordered: Account, head: ReportHead): GapReport {
  const account = { ...unordered, tokens: byMarket(unordered.tokens) };
  const { slots, tokens } = account;
  const tokenSums = tokens.map(sumOf);
  const { expected, ...totals } = addUp(tokenSums);
  const at = (position: number): string => iso(slots[position] ?? account.to);
  const span = ({ first, last }: Stretch) => ({
    from: at(first),
    to: at(last),
    until: iso(slots[last + 1] ?? endOfLast(account)),
    slots: last - first + 1,
  });
  const clean = findCleanStretches(account);
  return {
    schema: 1,
    kind: "gap-report",
    hour: hourOf(account.from),
    collector: head.collector,
    venue: head.venue,
    provisional: head.provisional,
    slots: {
      expected: slots.length,
      polled: account.polled.filter(Boolean).length,
      clean: clean.reduce((sum, { first, last }) => sum + last - first + 1, 0),
      first: slots.length === 0 ? null : at(0),
      last: slots.length === 0 ? null : at(slots.length - 1),
    },
    totals: { tokens: tokens.length, tokenSlots: expected, ...totals },
    polls: account.polls,
    gaps: findGaps(account).map((gap) => {
      const { cause, tokens: missed } = gap;
      return Object.assign(span(gap), {
        cause,
        tokens: missed.length === tokens.length ? ("all" as const) : missed,
      });
    }),
    clean: clean.map(span),
    markets: marketsOf(tokens, tokenSums),
    sources: head.sources,
    findings: [...head.findings, ...account.problems],
  };
}

/** The last slot lasts as long as the one before it, and no longer than the hour. */
function endOfLast({ slots, to }: Account): number {
  const [before, last] = [slots.at(-2), slots.at(-1)];
  return before === undefined || last === undefined ? to : Math.min(to, last + (last - before));
}

/** Markets by their first token's place on the watch list, each market's tokens together. */
function byMarket(tokens: Account["tokens"]): Account["tokens"] {
  return [...Map.groupBy(tokens, ({ market }) => market).values()].flat();
}

function marketsOf(tokens: Account["tokens"], tokenSums: readonly Sums[]): GapReport["markets"] {
  const markets = new Map<string, GapReport["markets"][number]>();
  for (const [n, { market, slug, token, outcome }] of tokens.entries()) {
    const found = markets.get(market) ?? { market, slug, tokens: [] };
    markets.set(market, found);
    found.tokens.push({ n, token, outcome, ...(tokenSums[n] as Sums) });
  }
  return [...markets.values()];
}
