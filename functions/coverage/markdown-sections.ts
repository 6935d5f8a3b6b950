/** What the reports of an hour and of a day say alike, as Markdown. */
import { formatDuration } from "../../runtime/time.ts";
import { type Cause, causes } from "../archive/lines.ts";
import { causeWords } from "./cause-words.ts";
import { cell, counted, n, table } from "./markdown-table.ts";
import { percent } from "./percent.ts";
import type { AnyReport } from "./report.ts";

// The JSON has them all.
const gapsShownMax = 60;
const cleanShownMax = 20;
const marketsShownMax = 20;
const tokensNamedMax = 3;

/** Sections that have nothing to say are empty. */
export function joinSections(sections: readonly string[]): string {
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

export function coverageSentence({ totals, slots }: AnyReport): string {
  const { coverage, recorded, unchanged, tokenSlots, byCause } = totals;
  if (slots.expected === 0) return "No poll was due.";
  if (totals.tokens === 0) return "Polls were due, but no watch list is known that says of what.";
  if (coverage === null) return "Nothing was due that could have been recorded.";
  const possible = tokenSlots - (byCause["market-closed"] ?? 0) - (byCause["not-yet-watched"] ?? 0);
  const parts = `${n(recorded)} recorded, ${n(unchanged)} unchanged`;
  return (
    `**Coverage ${percent(coverage)}**: ${n(recorded + unchanged)} of ` +
    `${counted(possible, "possible token slot")} have a book (${parts}).`
  );
}

export function extras({ polls }: AnyReport): string[] {
  const { byHand, repeats, late } = polls;
  return [
    ...(byHand > 0 ? [`Run by hand, and filling no slot: ${counted(byHand, "poll")}`] : []),
    ...(repeats > 0
      ? [`Polled again after the clock was set back: ${counted(repeats, "slot")}`]
      : []),
    ...(late > 0
      ? [`Come after the hour was closed, so in the next one's file: ${counted(late, "poll")}`]
      : []),
  ];
}

export function numbers({ totals }: AnyReport): string {
  if (totals.tokenSlots === 0) return "";
  return table(
    ["token slots", "", "share"],
    ["l", "r", "r"],
    [
      ["recorded", totals.recorded],
      ["unchanged", totals.unchanged],
      ["missing", totals.missing],
      ["expected", totals.tokenSlots],
    ].map(([name, value]) => [
      String(name),
      n(Number(value)),
      percent(Number(value) / totals.tokenSlots),
    ]),
  );
}

export function gapTable(report: AnyReport): string {
  const { gaps, totals } = report;
  if (gaps.length === 0) return "## Gaps\n\nNone.";
  const names = tokenNames(report);
  const size = (gap: AnyReport["gaps"][number]): number =>
    gap.slots * (gap.tokens === "all" ? totals.tokens : gap.tokens.length);
  const largest = new Set(gaps.toSorted((a, b) => size(b) - size(a)).slice(0, gapsShownMax));
  const rows = gaps
    .filter((gap) => largest.has(gap))
    .map((gap) => [
      timeOf(gap.from),
      timeOf(gap.to),
      `${counted(gap.slots, "slot")}, ${lengthOf(gap)}`,
      `${gap.cause}: ${causeWords[gap.cause].short}`,
      gap.tokens === "all" ? `all ${n(totals.tokens)}` : nameSome(gap.tokens, names),
    ]);
  const more =
    gaps.length > rows.length
      ? `\n\nThe largest ${n(rows.length)} of ${n(gaps.length)}; the JSON has them all.`
      : "";
  const heads = ["first slot", "last slot", "how long", "cause", "tokens"];
  return `## Gaps\n\n${table(heads, "llrll", rows)}${more}`;
}

export function causeTable({ totals }: AnyReport): string {
  const found = causes.filter((cause: Cause) => totals.byCause[cause] !== undefined);
  if (found.length === 0) return "";
  const rows = found.map((cause) => [
    cause,
    n(totals.byCause[cause] ?? 0),
    causeWords[cause].meaning,
  ]);
  const heads = ["cause", "token slots", "for a reader of the data"];
  return `## What the causes mean\n\n${table(heads, "lrl", rows)}`;
}

export function cleanTable({ clean, slots, gaps }: AnyReport): string {
  if (gaps.length === 0 || slots.expected === 0) return "";
  if (clean.length === 0) return "## Clean stretches\n\nNone: in every slot some token is missing.";
  const longest = new Set(clean.toSorted((a, b) => b.slots - a.slots).slice(0, cleanShownMax));
  const rows = clean
    .filter((stretch) => longest.has(stretch))
    .map((stretch) => [
      timeOf(stretch.from),
      timeOf(stretch.to),
      `${counted(stretch.slots, "slot")}, ${lengthOf(stretch)}`,
    ]);
  const more =
    clean.length > rows.length ? `\n\nThe longest ${n(rows.length)} of ${n(clean.length)}.` : "";
  return `## Clean stretches\n\n${table(["first slot", "last slot", "how long"], "llr", rows)}${more}`;
}

export function marketTable({ markets }: AnyReport): string {
  const tokens = markets.flatMap(({ market, slug, tokens: own }) =>
    own.map((token) => ({ ...token, market, slug })),
  );
  const worst = tokens
    .filter(({ coverage }) => coverage !== null && coverage < 1)
    .sort((a, b) => (a.coverage ?? 1) - (b.coverage ?? 1) || a.n - b.n);
  if (worst.length === 0) return "";
  const rows = worst
    .slice(0, marketsShownMax)
    .map(({ slug, market, outcome, coverage, recorded, unchanged, missing }) => [
      cell(slug || market),
      cell(outcome),
      percent(coverage),
      n(recorded),
      n(unchanged),
      n(missing),
    ]);
  const rest = worst.length - rows.length;
  const note = rest > 0 ? `\n\n${n(rest)} more are below 100 %; the JSON has every token.` : "";
  const names = ["market", "outcome", "coverage", "recorded", "unchanged", "missing"];
  return `## Lowest coverage\n\n${table(names, "llrrrr", rows)}${note}`;
}

export function findingsOf({ findings }: AnyReport): string[] {
  const found = findings.slice(0, gapsShownMax).map(({ code, detail }) => `- ${code}: ${detail}`);
  return found.length === 0 ? [] : ["", "What does not fit together in it:", "", ...found];
}

function tokenNames({ markets }: AnyReport): Map<number, string> {
  return new Map(
    markets.flatMap(({ slug, market, tokens }) =>
      tokens.map(
        ({ n: number, outcome }) => [number, cell(`${slug || market} (${outcome})`)] as const,
      ),
    ),
  );
}

function nameSome(tokens: readonly number[], names: ReadonlyMap<number, string>): string {
  const named = tokens.slice(0, tokensNamedMax).map((token) => names.get(token) ?? "");
  const more = tokens.length - named.length;
  return `${n(tokens.length)}: ${named.join(", ")}${more > 0 ? ` and ${n(more)} more` : ""}`;
}

function lengthOf({ from, until }: { from: string; until: string }): string {
  return formatDuration(Date.parse(until) - Date.parse(from));
}

function timeOf(time: string): string {
  return time.endsWith(".000Z") ? time.slice(11, 19) : time.slice(11, 23);
}
