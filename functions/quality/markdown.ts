/** The quality report for people. Made of the JSON alone, so that it says nothing that the JSON does not. */
import { n, table } from "../coverage/markdown-table.ts";
import { percent } from "../coverage/percent.ts";
import type { Percentiles } from "./percentiles.ts";
import type { QualityReport } from "./report.ts";

export function qualityMarkdown(report: QualityReport): string {
  const { venue, hour, collector, alarms, sources } = report;
  const sections = [
    `# Quality of ${venue}, ${hour.slice(0, 10)}, ${hour.slice(11)}:00 UTC`,
    `Recorded by \`${collector}\`. What each number means, and what to do: docs/data-quality.md.`,
    alarms.length === 0
      ? "Nothing to look at."
      : `**Look at:**\n\n${alarms.map(({ metric, detail }) => `- ${metric}: ${detail}`).join("\n")}`,
    `## Books\n\n${table(["metric", "value"], "lr", booksRows(report))}`,
    `## Answers\n\n${table(["metric", "value"], "lr", answersRows(report))}`,
    `## Made of\n\n${sources.map(({ path, sha256 }) => `- \`${path}\`, SHA-256 \`${sha256}\``).join("\n")}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function booksRows({ books }: QualityReport): string[][] {
  const { recorded, checked, hash, mirror, timestamps } = books;
  return [
    ["recorded", n(recorded)],
    ["checked", n(checked)],
    ["hash is that of the text", `${n(hash.same)} of ${n(hash.same + hash.other)}`],
    ["empty", n(books.empty)],
    ["one-sided", n(books.oneSided)],
    ["crossed", n(books.crossed)],
    ["price or size out of range", n(books.outOfRange)],
    ["price between two ticks", n(books.offTick)],
    ["best price not last", n(books.outOfOrder)],
    ["mirror images", `${n(mirror.pairs - mirror.broken)} of ${n(mirror.pairs)} pairs`],
    ["implausible time", n(timestamps.implausible)],
    ["age of the venue's time", ranks(timestamps.ageMs)],
  ];
}

function answersRows({ answers, bytes }: QualityReport): string[][] {
  const { byStatus, responseMs, growth, clockOffsetMs: clock, budget } = answers;
  const statuses = Object.entries(byStatus).map(([status, some]) => `${status}: ${n(some)}`);
  return [
    ["requests", n(answers.requests)],
    ["sent more than once", n(answers.retried)],
    ["by status", statuses.join(", ") || "none"],
    ["response time", ranks(responseMs)],
    ["growth within the hour", growth === null ? "n/a" : `${growth} ×`],
    ["books twice in an answer", n(answers.duplicates)],
    ["answers in another order", n(answers.shuffled)],
    ["venue's clock ahead by", clock === null ? "n/a" : `${n(clock.low)} to ${n(clock.high)} ms`],
    ["most requests in 10 s", `${n(budget.most)} of ${n(budget.limit)}`],
    ["bytes received", n(bytes.received)],
    ["bytes of lines", n(bytes.lines)],
    [
      "bytes of the file",
      `${n(bytes.file)}, ${percent(share(bytes.file, bytes.received))} of those received`,
    ],
  ];
}

function ranks(values: Percentiles | null): string {
  if (values === null) return "n/a";
  const { p50, p90, p99, max } = values;
  return `p50 ${n(p50)}, p90 ${n(p90)}, p99 ${n(p99)}, max ${n(max)} ms`;
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
