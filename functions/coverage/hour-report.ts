/** One hour from evidence to published report. */
import type { Run } from "../../runtime/function.ts";
import type { Hour } from "../../runtime/time.ts";
import { account } from "./account.ts";
import { gather } from "./gather.ts";
import type { JournalReader } from "./journal-hours.ts";
import { reportText } from "./json-text.ts";
import { reportMarkdown } from "./markdown.ts";
import { picture } from "./picture.ts";
import { reportOf } from "./report.ts";
import type { Shelf } from "./shelf.ts";
import { prepareReports, publishReport } from "./store.ts";

export interface HourReport {
  hour: Hour;
  provisional: boolean;
  coverage: number | null;
  /** In token slots, as are the next two. */
  expected: number;
  missing: number;
  /** Of `missing`: without any evidence of the cause. */
  unknown: number;
  gaps: number;
  findings: number;
  /** Path of the Markdown, relative to the data folder; the JSON lies beside it. */
  report: string;
}

export async function reportHour(
  run: Pick<Run, "clock" | "asOf">,
  shelf: Shelf,
  readJournal: JournalReader,
  hour: Hour,
): Promise<HourReport> {
  // `--as-of` can name a time to come, in which nothing can be missing yet.
  const now = Math.min(run.asOf, run.clock.now());
  const { evidence, head } = await gather(shelf, readJournal, hour, now);
  const accounted = account(evidence);
  // Here, since each step takes up to 100 ms for 5,000 tokens, and a poll that is due must not wait for both.
  await prepareReports(shelf, hour);
  const report = reportOf(accounted, head);
  const texts = {
    json: () => reportText(report),
    markdown: () => reportMarkdown(report),
    picture: () => picture(report, [report]),
  };
  const paths = await publishReport(shelf, hour, report.provisional, texts);
  const { totals, gaps, findings, provisional } = report;
  return {
    hour,
    provisional,
    coverage: totals.coverage,
    expected: totals.tokenSlots,
    missing: totals.missing,
    unknown: totals.byCause.unknown ?? 0,
    gaps: gaps.length,
    findings: findings.length,
    report: paths.markdown,
  };
}
