/**
 * `npm run soak`: the real runtime, as a process of its own, against a venue that goes wrong, in real time; and what
 * came of it. Everything lies in one folder and is written as it goes: run it again with the same folder, and it goes on.
 */
import { judgeSoak } from "../../functions/readiness/judge-soak.ts";
import { type SoakEvidence } from "../../functions/readiness/soak-evidence.ts";
import { exitCodes } from "../../runtime/errors.ts";
import { formatDuration, hourMs } from "../../runtime/time.ts";
import type { Evaluated } from "./evaluate.ts";
import { readFlags, usage } from "./flags.ts";
import { takeFolder } from "./folder.ts";
import { soakPage } from "./page.ts";
import { placesIn } from "./places.ts";
import { finishedReport } from "./publish.ts";
import { SoakError } from "./soak-error.ts";
import { Watch } from "./watch.ts";

process.exitCode = await main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  return error instanceof SoakError ? error.exitCode : exitCodes.failed;
});

async function main(): Promise<number> {
  const asked = readFlags(process.argv.slice(2));
  if (asked === undefined) {
    process.stdout.write(usage);
    return exitCodes.ok;
  }
  const { folder } = asked;
  const plan = await takeFolder(folder, asked.plan);
  const finished = finishedReport(placesIn(folder), plan);
  if (finished !== undefined) {
    process.stdout.write(`${folder} holds a soak whose hours are full; nothing was changed\n`);
    return show(finished);
  }

  const interrupt = new AbortController();
  // npm hands Ctrl-C on, so that it comes twice.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => interrupt.abort(signal));
  const wanted = formatDuration(plan.wantedHours * hourMs);
  process.stdout.write(`${wanted} in ${folder}; read soak.md there at any time\n`);
  const last = await new Watch(folder, plan, interrupt.signal).run(say);
  const code = last === undefined ? exitCodes.ok : show(last.soak);
  if (!interrupt.signal.aborted) return code;
  process.stdout.write(`Interrupted. The same command goes on with it.\n`);
  return interrupt.signal.reason === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
}

function show(soak: SoakEvidence): number {
  process.stdout.write(`\n${soakPage(soak)}\n`);
  return judgeSoak(soak).verdict === "missed" ? exitCodes.findings : exitCodes.ok;
}

function say({ soak }: Evaluated): void {
  const { hours, wantedHours, slots, latenessMs, memory, unexpectedExits } = soak;
  const parts = [
    `${formatDuration(hours * hourMs)} of ${formatDuration(wantedHours * hourMs)}`,
    `${slots.unexplained} of ${slots.due.toLocaleString("en-US")} slots unexplained`,
    `late p99 ${latenessMs.p99 ?? "-"} ms`,
    `${memory.lastMB ?? "-"} MB`,
    ...(unexpectedExits > 0 ? [`ended by itself ${unexpectedExits} times`] : []),
  ];
  process.stdout.write(`${soak.until.slice(0, 19)}Z  ${parts.join(", ")}\n`);
}
