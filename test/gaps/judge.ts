/** Holds every final report against the truth: which holes were found, which are false, whose cause is right. */
import { join } from "node:path";
import * as v from "valibot";
import { type Cause, causes } from "../../functions/archive/lines.ts";
import { type GapReport, gapReportSchema } from "../../functions/coverage/report.ts";
import { reportPaths } from "../../functions/coverage/store.ts";
import { type Hour, hourMs, hourOf, hourStart, iso } from "../../runtime/time.ts";
import type { Became, Truth } from "./truth.ts";
import { cadenceMs, collector, dataFolder, type World } from "./world.ts";

export interface Verdict {
  hours: number;
  tokenSlots: number;
  /** Slots of tokens that truly have no book. */
  holes: number;
  found: number;
  /** Holes that there are not. */
  falseHoles: number;
  /** Of the holes found, those that evidence explains, and those of them with the right cause. */
  explainable: number;
  rightCause: number;
  /** Where nothing says why: reported as `unknown`. */
  unknown: number;
  /** `truth → reported`: how often. */
  confusion: Record<string, number>;
  /** `2026-…, token: truth → reported`, and whatever else is wrong. */
  wrong: string[];
}

export async function judge(
  world: World,
  truth: Truth,
  from: number,
  to: number,
): Promise<Verdict> {
  const verdict: Verdict = {
    hours: 0,
    tokenSlots: 0,
    holes: 0,
    found: 0,
    falseHoles: 0,
    explainable: 0,
    rightCause: 0,
    unknown: 0,
    confusion: {},
    wrong: [],
  };
  for (let hour = hourOf(from); hourStart(hour) < to; hour = hourOf(hourStart(hour) + hourMs)) {
    const report = await readFinal(world, hour);
    if (report === undefined) {
      verdict.wrong.push(`${hour}: no final report`);
      continue;
    }
    verdict.hours += 1;
    judgeHour(verdict, report, truth, slotsOf(hour, from));
  }
  return verdict;
}

function slotsOf(hour: Hour, from: number): number[] {
  const begin = hourStart(hour);
  const slots: number[] = [];
  for (let slot = begin; slot < begin + hourMs; slot += cadenceMs)
    if (slot >= from) slots.push(slot);
  return slots;
}

async function readFinal({ files }: World, hour: Hour): Promise<GapReport | undefined> {
  const path = join(dataFolder, reportPaths(hour, collector, false).json);
  if ((await files.stat(path)) === undefined) return undefined;
  return v.parse(gapReportSchema, JSON.parse((await files.read(path)).toString()));
}

function judgeHour(
  verdict: Verdict,
  report: GapReport,
  truth: Truth,
  slots: readonly number[],
): void {
  const { expected, recorded, unchanged, missing } = {
    ...report.totals,
    expected: report.totals.tokenSlots,
  };
  if (report.slots.expected !== slots.length)
    verdict.wrong.push(`${report.hour}: ${report.slots.expected} slots of ${slots.length}`);
  if (expected !== recorded + unchanged + missing) verdict.wrong.push(`${report.hour}: sums`);
  const tokens = report.markets.flatMap((market) => market.tokens);
  for (const { n, token } of tokens) {
    const reported = causesOf(report, n);
    for (const slot of slots) {
      const right = truth.of(token, slot);
      count(verdict, right, reported.get(slot) ?? "kept", `${iso(slot)} ${token.slice(0, 6)}`);
    }
  }
  // Whoever was served in the hour must be in its report.
  const known = new Set(tokens.map(({ token }) => token));
  for (const token of truth.tokens())
    if (
      !known.has(token) &&
      slots.some((slot) => truth.of(token, slot)[0] === "kept" && truth.served(token, slot))
    )
      verdict.wrong.push(`${report.hour}: nothing of ${token.slice(0, 6)}`);
}

function causesOf({ gaps }: GapReport, n: number): Map<number, Cause> {
  const found = new Map<number, Cause>();
  for (const { from, until, cause, tokens } of gaps) {
    if (tokens !== "all" && !tokens.includes(n)) continue;
    for (let slot = Date.parse(from); slot < Date.parse(until); slot += cadenceMs)
      found.set(slot, cause);
  }
  return found;
}

function count(verdict: Verdict, right: readonly Became[], reported: Became, where: string): void {
  verdict.tokenSlots += 1;
  const [first = "kept"] = right;
  const pair = `${right.join("|")} → ${reported}`;
  verdict.confusion[pair] = (verdict.confusion[pair] ?? 0) + 1;
  if (!right.includes(reported)) verdict.wrong.push(`${where}: ${pair}`);
  if (right.includes("kept")) {
    if (right.length === 1 && reported !== "kept") verdict.falseHoles += 1;
    return;
  }
  verdict.holes += 1;
  if (reported === "kept") return;
  verdict.found += 1;
  if (first === "unknown") verdict.unknown += reported === "unknown" ? 1 : 0;
  else {
    verdict.explainable += 1;
    if (right.includes(reported)) verdict.rightCause += 1;
  }
}

/** Truth by row, what was reported by column; causes that did not occur are left out. */
export function confusionTable({ confusion }: Verdict): string {
  const cells = Object.entries(confusion).map(([pair, times]) => {
    const [truth = "", reported = ""] = pair.split(" → ");
    return { truth, reported, times };
  });
  const order = ["kept", ...causes];
  const place = (name: string): number => order.indexOf(name.split("|")[0] ?? "");
  const rows = [...new Set(cells.map(({ truth }) => truth))].sort(
    (a, b) => place(a) - place(b) || a.length - b.length,
  );
  const wide = Math.max(...rows.map((row) => row.length)) + 2;
  const lines = rows.map((row) => {
    const own = cells.filter(({ truth }) => truth === row).sort((a, b) => b.times - a.times);
    const shown = own.map(({ reported, times }) => `${reported} ${times.toLocaleString("en-US")}`);
    return `  ${row.padEnd(wide)}${shown.join(", ")}`;
  });
  return [`  ${"truth".padEnd(wide)}reported`, ...lines].join("\n");
}
