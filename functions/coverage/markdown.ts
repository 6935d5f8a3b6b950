/** The reports for people. Made of the JSON alone, so that they say nothing that the JSON does not. */
import { basename } from "node:path";
import { type Hour, hourMs, hourStart, iso } from "../../runtime/time.ts";
import type { DayReport } from "./day-schema.ts";
import { counted, n, table } from "./markdown-table.ts";
import {
  causeTable,
  cleanTable,
  coverageSentence,
  extras,
  findingsOf,
  gapTable,
  joinSections,
  marketTable,
  numbers,
} from "./markdown-sections.ts";
import { percent } from "./percent.ts";
import type { AnyReport, GapReport } from "./report.ts";
import { reportPaths } from "./store.ts";

export function reportMarkdown(report: GapReport): string {
  const { hour, venue, sources } = report;
  const title = `Gaps of ${venue}, ${hour.slice(0, 10)}, ${hour.slice(11)}:00 to ${endOf(hour)} UTC`;
  const note = "the evidence is not sealed yet. The final report may name better causes.";
  return joinSections([
    headline(report, title),
    report.provisional ? `> Provisional: ${note}` : "",
    pictureOf(report, hour),
    numbers(report),
    gapTable(report),
    causeTable(report),
    cleanTable(report),
    marketTable(report),
    evidence(
      report,
      "Anyone who has these manifests and the hours that they describe gets the same report from them:",
      sources.map(({ path, sha256 }) => `- \`archive/${path}\`, SHA-256 \`${sha256}\``),
    ),
  ]);
}

export function dayMarkdown(report: DayReport): string {
  const { date, venue, sources } = report;
  const note = "some of its hours have no final report yet; the table of hours says which.";
  return joinSections([
    headline(report, `Gaps of ${venue}, ${date}, UTC`),
    report.provisional ? `> Provisional: ${note}` : "",
    pictureOf(report, date),
    numbers(report),
    gapTable(report),
    leftOut(report),
    causeTable(report),
    cleanTable(report),
    hourTable(report),
    marketTable(report),
    evidence(
      report,
      "Made of the reports of its hours, which anyone can make again from the archive:",
      sources.map(({ path, sha256 }) => `- \`${path}\`, SHA-256 \`${sha256}\``),
    ),
  ]);
}

function headline(report: AnyReport, title: string): string {
  const { collector, totals, slots } = report;
  const due = counted(slots.expected, "slot");
  const watched = counted(totals.tokens, "token");
  return [
    `# ${title}`,
    "",
    coverageSentence(report),
    "",
    `Recorded by \`${collector}\`. Of ${due} that were due, ${n(slots.polled)} were polled and ` +
      `${n(slots.clean)} have every book; ${watched} watched.` +
      extras(report)
        .map((text) => ` ${text}.`)
        .join(""),
  ].join("\n");
}

function pictureOf({ collector, provisional, totals }: AnyReport, span: string): string {
  if (totals.tokenSlots === 0) return "";
  const file = basename(reportPaths(span, collector, provisional).picture);
  return `![Coverage over time, and what is missing of each row by cause](${file})`;
}

function hourTable({ hours }: DayReport): string {
  const rows = hours.map(({ hour, standing, slots, totals }) => [
    `${hour.slice(11)}:00`,
    totals === null ? "" : percent(totals.coverage),
    slots === null ? "" : `${n(slots.polled)} of ${n(slots.expected)}`,
    totals === null ? "" : n(totals.missing),
    standing,
  ]);
  const heads = ["hour", "coverage", "slots polled", "missing", "its report"];
  return `## Hours\n\n${table(heads, "lrrrl", rows)}`;
}

function leftOut({ leftOut: { gaps, tokenSlots } }: DayReport): string {
  if (gaps === 0) return "";
  const missing = counted(tokenSlots, "token slot");
  return `${counted(gaps, "smaller gap")} of ${missing} together are named in the reports of the hours alone.`;
}

function evidence(report: AnyReport, rests: string, files: readonly string[]): string {
  const listed = files.length === 0 ? ["- nothing is sealed yet"] : files;
  return ["## Evidence", "", rests, "", ...listed, ...findingsOf(report)].join("\n");
}

function endOf(hour: Hour): string {
  return iso(hourStart(hour) + hourMs).slice(11, 16);
}
