/** A soak's figures for people: the goals first, then what was measured. */
import { type JudgedSoak, type Verdict, judgeSoak } from "../../functions/readiness/judge-soak.ts";
import type { SoakEvidence } from "../../functions/readiness/soak-evidence.ts";
import { n, table } from "../../functions/coverage/markdown-table.ts";
import { formatDuration, hourMs } from "../../runtime/time.ts";

const words: Record<Verdict, string> = { met: "met", missed: "MISSED", open: "open" };

export function soakPage(soak: SoakEvidence): string {
  const judged = judgeSoak(soak);
  const { machine, software, interruptions, slots, coverage, latenessMs, memory, disk } = soak;
  const causes = Object.entries(coverage.missing).map(([cause, lost]) => `${cause} ${n(lost)}`);
  return `# Soak of ${formatDuration(soak.hours * hourMs)}

${verdictText(soak, judged)}

${table(
  ["goal", "measured", "wanted", ""],
  "llll",
  judged.goals.map(({ what, measured, goal, verdict }) => [what, measured, goal, words[verdict]]),
)}

| | |
|---|---|
| command | \`${soak.command}\` |
| from, to | ${soak.started}, ${soak.until} |
| venue | ${soak.venue}${soak.venue === "live" ? "" : `, faults of seed ${soak.seed}`} |
| schedule | ${soak.schedule} |
| software | ${software.version}, ${software.revision}, Node ${software.node} |
| machine | ${machine.cpus} CPUs, ${n(machine.memoryMB)} MB, ${machine.system} |
| slots | ${n(slots.due)} due: ${n(slots.ran)} ran, ${n(slots.skipped)} skipped, ${n(slots.missed)} missed, ${n(slots.whileDown)} while it was stopped |
| lateness | ${n(latenessMs.runs)} runs; p50 ${latenessMs.p50 ?? "-"} ms, p99 ${latenessMs.p99 ?? "-"} ms, max ${latenessMs.max ?? "-"} ms |
| memory | last ${memory.lastMB ?? "-"} MB, peak ${memory.peakMB ?? "-"} MB |
| token slots | ${n(coverage.tokenSlots)} due, ${n(coverage.kept)} kept; missing: ${causes.join(", ") || "none"} |
| reports | ${n(coverage.reports)}, ${n(coverage.provisional)} of them provisional |
| data folder | ${n(disk.files)} files, ${n(disk.bytes)} B |
| interruptions | ${interruptions.map(({ from, to }) => `${from} to ${to}`).join("; ") || "none"} |

![memory and lateness](soak.svg)
${slots.examples.length === 0 ? "" : `\nNot explained: ${slots.examples.join(", ")}\n`}`;
}

export function verdictText(soak: SoakEvidence, { verdict }: JudgedSoak = judgeSoak(soak)): string {
  if (verdict === "met") return "**Passed.** Every goal is met.";
  if (verdict === "missed") return "**Failed.** A goal is missed.";
  return "**Not decided.** No goal is missed; some need a longer soak to tell.";
}
