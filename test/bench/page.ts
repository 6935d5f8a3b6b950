/** `docs/benchmarks.md`, made anew by `npm run bench`. */
import { cell, table } from "../../functions/coverage/markdown-table.ts";
import { type Row, ratioText } from "./rows.ts";

export interface Measured {
  name: string;
  what: string;
  rows: Row[];
}

export interface Circumstances {
  command: string;
  /** Of the large cases, 1 for all of them. */
  scale: number;
  date: string;
  machine: string;
  revision: string;
  /** Of the last minutes before, and how many cores share it: what else the machine was at. */
  load: { before: number; cores: number };
}

export function benchmarksPage(measured: readonly Measured[], how: Circumstances): string {
  const goals = measured.flatMap(({ rows }) => rows).filter(({ met }) => met !== undefined);
  const missed = goals.filter(({ met }) => met === false);
  const size =
    how.scale === 1
      ? "The large cases are at full size."
      : `The large cases (hours of 1 and 5 GB, a day of 5,000 tokens, a day of hours) are at ${ratioText(how.scale)} of their size.`;
  return `# Benchmarks

Made by \`${how.command}\`: the whole page, in one run, each figure beside what one would use instead, on the same feed. A
**ratio** is Hourbook's figure divided by the other one: below 1, Hourbook takes less. Ratios can be compared, figures of
different machines cannot.

${how.date}, ${how.machine}, ${how.revision}. ${size}
${loadText(how.load)}
${goals.length - missed.length} of ${goals.length} goals met${missed.length === 0 ? "" : `; missed: ${missed.map(({ what }) => what).join("; ")}`}.

${measured.map(section).join("\n")}`;
}

/** A benchmark on a busy machine says more about its neighbours; the rows of bare timers show how much. */
function loadText({ before, cores }: Circumstances["load"]): string {
  const load = `The load before it began was ${before.toFixed(1)} on ${cores} cores`;
  return before > cores / 4
    ? `${load}: others used the machine too, which shows in times and lateness, those of bare timers included.`
    : `${load}.`;
}

function section({ name, what, rows }: Measured): string {
  const cells = rows.map((row) => [
    row.ratio === undefined ? "" : `**${ratioText(row.ratio)}**`,
    ...[row.what, row.ours, row.instead, row.goal].map(cell),
    row.met === undefined ? "" : row.met ? "met" : "MISSED",
  ]);
  return `## ${name}

${what[0]?.toUpperCase()}${what.slice(1)}. \`npm run bench -- ${name}\`

${table(["ratio", "what", "Hourbook", "instead", "goal", ""], "rlllll", cells)}
`;
}
