/** The audit for people: what polling missed, and what another cadence would see, for what. */
import { formatDuration } from "../../runtime/time.ts";
import { n, table } from "../coverage/markdown-table.ts";
import { percent } from "../coverage/percent.ts";
import type { StreamAudit } from "./report.ts";

export function auditMarkdown(report: StreamAudit): string {
  const { from, to, collector, tokens, watched, stream, compared } = report;
  const sections = [
    `# What polling missed: ${report.venue}, ${from} to ${to}`,
    `Audited by \`${collector}\` on ${tokens} of ${watched} watched tokens; the stream was heard for ${percent(Math.min(1, stream.heard))} of the time.`,
    inWords(report),
    `## Agreement\n\n${table(["books of polls", "number"], "lr", [
      ["compared", n(compared)],
      ["exactly the stream's book of that time", n(report.exact)],
      ["the same prices, other sizes", n(report.sizeOnly)],
      ["other prices", n(report.price)],
      ["stale: the stream was further", n(report.stale)],
      ["of a time that the stream did not tell", n(report.untold)],
    ])}`,
    `## Cadences\n\n${table(
      ["every", "changes seen", "lines a day", "requests a day", "cron of snapshot-poll"],
      "rrrrl",
      report.cadences.map(({ everyMs, seen, bytesPerDay, requestsPerDay, cron }) => [
        formatDuration(everyMs),
        percent(seen),
        megabytes(bytesPerDay),
        n(requestsPerDay),
        `\`${cron}\``,
      ]),
    )}`,
    `## Stream\n\n${stream.connections} connections, ${n(stream.frames)} frames, ${n(stream.others)} events of other kinds, ${n(stream.broken)} not understood.${losses(report)}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

export function inWords(report: StreamAudit): string {
  const { everyMs, changes, seen, missed, tokens, cadences, target } = report;
  if (missed === null)
    return `Not one change of ${tokens} tokens was heard: there was nothing to miss.`;
  const now = `Polling every ${formatDuration(everyMs)} saw ${n(seen)} of ${n(changes)} changes (${percent(1 - missed)}).`;
  const best = cadences.findLast((cadence) => (cadence.seen ?? 0) >= target);
  if (best === undefined) {
    const fastest = cadences[0];
    return `${now} No cadence sees ${percent(target)}: every ${formatDuration(fastest?.everyMs ?? 0)} would see ${percent(fastest?.seen ?? null)}.`;
  }
  const cost = `about ${megabytes(best.bytesPerDay)} of lines and ${n(best.requestsPerDay)} requests a day`;
  return `${now} Every ${formatDuration(best.everyMs)} would see ${percent(best.seen)}, for ${cost}: in schedules.json, "snapshot-poll": { "cron": "${best.cron}" }.`;
}

function losses({ stream }: StreamAudit): string {
  if (stream.losses.length === 0) return " It was never lost.";
  return `\n\n${stream.losses.map(({ at, why }) => `- lost at ${at}: ${why}`).join("\n")}`;
}

function megabytes(bytes: number): string {
  return `${n(Math.round(bytes / 1e6))} MB`;
}
