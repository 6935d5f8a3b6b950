/**
 * How much of what was due since a time was recorded, in whole percent: the share of the slots of snapshot-poll that
 * ended well, times the share of the watched books that the newest poll brought. Prints `none` where nothing was due.
 * `node deploy/coverage.ts SECONDS`: seconds since 1970. It reads the journal and the disk.
 */
import { readEnvironment } from "../runtime/configuration.ts";
import { type Machine, systemMachine } from "../runtime/doors/machine.ts";
import { loadFunctions } from "../runtime/load.ts";
import { type Settings, readSettings } from "../runtime/settings.ts";
import { type StandingReport, readStandings } from "../runtime/standings.ts";
import { secondMs } from "../runtime/time.ts";
import { userAgent } from "../runtime/version.ts";
import { readEvidence } from "../runtime/why-evidence.ts";
import { rowsAfter } from "../runtime/why-slots.ts";
import { slotJudge } from "../runtime/why-verdict.ts";

const polling = "snapshot-poll";

const from = Number(process.argv[2]) * secondMs;
if (Number.isNaN(from)) throw new Error("coverage.ts SECONDS");
const machine = systemMachine(userAgent);
const functions = await loadFunctions();
const settings = readSettings(await readEnvironment(machine.files), functions);
const slots = await shareOfSlots(machine, settings);
const standings = await readStandings(machine, settings, functions);
const percent = slots === undefined ? "none" : Math.floor(100 * slots * shareOfBooks(standings));
process.stdout.write(`${percent}\n`);

/** Of those that are over by now; `undefined` if there was none. */
async function shareOfSlots(
  { clock, files }: Machine,
  { core }: Settings,
): Promise<number | undefined> {
  const now = clock.now();
  // It is asked while the service runs, or has failed to; either way each slot is judged by its own lines first.
  const isRunning = true;
  const evidence = await readEvidence(files, core, { name: polling, at: now, isRunning });
  const judge = slotJudge(evidence, isRunning);
  const rows = rowsAfter(evidence, judge, { from: from - 1, to: now, rows: Infinity }).filter(
    ({ what }) => what !== "running" && what !== "disabled",
  );
  const due = rows.reduce((sum, { slots: each }) => sum + each, 0);
  return due === 0 ? undefined : rows.filter(({ what }) => what === "ok").length / due;
}

function shareOfBooks(reports: readonly StandingReport[]): number {
  const {
    books = 0,
    unchanged = 0,
    missing = 0,
  } = reports.find((report) => report.function === polling)?.figures ?? {};
  const watched = books + unchanged + missing;
  return watched === 0 ? 0 : (books + unchanged) / watched;
}
