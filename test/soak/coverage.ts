/** What the gap reports say of the time in which a soak was there. */
import type { Cause } from "../../functions/archive/lines.ts";
import type { GapReport } from "../../functions/coverage/report.ts";
import type { SoakEvidence } from "../../functions/readiness/soak-evidence.ts";
import type { Span } from "./lives.ts";

/** Nothing could be recorded then, so nothing was lost. */
const outside = ["not-yet-watched", "market-closed"] as const;

/**
 * `off`: when no daemon was meant to run. Slots without one that lie there are of no account: an hour's report covers
 * all of it, also what came before the soak and after it.
 */
export function coverageOf(
  reports: readonly GapReport[],
  off: readonly Span[],
): SoakEvidence["coverage"] {
  const missing: Partial<Record<Cause, number>> = {};
  let [tokenSlots, kept] = [0, 0];
  for (const report of reports) {
    const { totals } = report;
    const byCause = { ...totals.byCause };
    let left = totals.tokenSlots;
    for (const cause of outside) {
      left -= byCause[cause] ?? 0;
      delete byCause[cause];
    }
    const away = notMeant(report, off);
    byCause["not-running"] = Math.max(0, (byCause["not-running"] ?? 0) - away);
    tokenSlots += Math.max(0, left - away);
    kept += totals.recorded + totals.unchanged;
    for (const [cause, slots] of Object.entries(byCause) as [Cause, number][])
      if (slots > 0) missing[cause] = (missing[cause] ?? 0) + slots;
  }
  const provisional = reports.filter((report) => report.provisional).length;
  return { reports: reports.length, provisional, tokenSlots, kept, missing };
}

function notMeant({ gaps, totals }: GapReport, off: readonly Span[]): number {
  let count = 0;
  for (const { cause, from, until, slots, tokens } of gaps) {
    if (cause !== "not-running") continue;
    const [first, end] = [Date.parse(from), Date.parse(until)];
    const step = (end - first) / slots;
    const wide = tokens === "all" ? totals.tokens : tokens.length;
    for (let slot = 0; slot < slots; slot += 1) {
      const at = first + slot * step;
      if (off.some((span) => span.from <= at && at <= span.to)) count += wide;
    }
  }
  return count;
}
