/**
 * build-manifest: describes and checksums what is sealed, and chains it to what was described before.
 *
 * Every sealed hour without a manifest is read anew, oldest first; a file that differs from what sealing noted
 * is refused (70) and gets no manifest, so it is never offloaded. Written in this order: `.sha256` for
 * `sha256sum -c`, then the manifest, whose presence means that the hour is complete. A day of which every hour
 * is described gets a Frictionless data package that lists them, written once.
 */
import { join } from "node:path";
import * as v from "valibot";
import { count } from "../runtime/columns.ts";
import { discardTemporary } from "../runtime/durable.ts";
import { OperatorError, messageOf } from "../runtime/errors.ts";
import { defineFunction, type Run } from "../runtime/function.ts";
import { listParts } from "../runtime/hours/parts.ts";
import { readJournal } from "../runtime/journal-read.ts";
import { type Hour, hourMs, hourStart } from "../runtime/time.ts";
import { findChainEnd, type ChainEnd } from "./archive/chain.ts";
import { writeDayPackages } from "./archive/day-packages.ts";
import { describeHour } from "./archive/describe.ts";
import {
  archiveFolder,
  hourPaths,
  type ArchivedHour,
  listHours,
  openNameOf,
  type StreamId,
  streamFolder,
} from "./archive/layout.ts";

interface ManifestReport {
  manifests: { path: string; seq: number }[];
  /** Paths of the data packages of days that are over. */
  packages: string[];
}

export default defineFunction({
  input: v.strictObject({}),
  settings: {},
  asOf: true,

  async run(_input, run): Promise<ManifestReport> {
    const { dataFolder, collector } = run.settings;
    const report: ManifestReport = { manifests: [], packages: [] };
    const failures: string[] = [];
    const hours = await listHours(run.files, dataFolder, collector);
    const due = hours.filter((hour) => isDue(hour, run)).sort((a, b) => (a.hour < b.hour ? -1 : 1));
    for (const hour of hours) await removeLeftover(run, hour);
    const ends = new Map<string, ChainEnd | undefined>();
    const schedulesIn = scheduleReader(run);
    for (const [position, hour] of due.entries()) {
      run.signal.throwIfAborted();
      run.progress(position, due.length, "hours");
      const chain = streamFolder(hour);
      try {
        if (!ends.has(chain))
          ends.set(chain, await findChainEnd(run.files, dataFolder, collector, hour));
        const isSilent = await silenceTest(run, hours, hour);
        const end = await describeHour(
          { ...run, ...run.settings, isSilent, schedules: await schedulesIn(hour.hour) },
          hour,
          ends.get(chain),
        );
        ends.set(chain, end);
        report.manifests.push({ path: end.path, seq: end.seq });
      } catch (error) {
        run.signal.throwIfAborted();
        // Where the disk failed last of all, its manifest is there, and is the end now.
        ends.delete(chain);
        failures.push(`${hour.venue} ${hour.stream} ${hour.hour}: ${messageOf(error)}`);
      }
    }
    try {
      report.packages = await writeDayPackages({ ...run, ...run.settings });
    } catch (error) {
      run.signal.throwIfAborted();
      failures.push(`data packages: ${messageOf(error)}`);
    }
    if (failures.length > 0) throw refused(failures, report);
    return report;
  },

  summary: ({ manifests, packages }) =>
    `${count(manifests.length, "hour")} described` +
    (packages.length > 0 ? `, ${count(packages.length, "data package")} of days written` : ""),
});

/** A run that was killed right after it published a manifest has left the other name of it. */
async function removeLeftover({ files, settings }: Run, hour: ArchivedHour): Promise<void> {
  if (!hour.has.has("manifest")) return;
  const { manifest } = hourPaths(hour, settings.collector);
  await discardTemporary(files, join(archiveFolder(settings.dataFolder), manifest));
}

/** Sealed, not described yet, and an hour that `--as-of` looks at. */
function isDue({ has, hour }: ArchivedHour, run: Run): boolean {
  return (
    has.has("data") &&
    has.has("index") &&
    !has.has("manifest") &&
    hourStart(hour) + hourMs <= run.asOf
  );
}

/** An hour that could not be sealed or described yet is not silent. */
async function silenceTest(
  run: Run,
  hours: readonly ArchivedHour[],
  id: StreamId,
): Promise<(hour: Hour) => boolean> {
  const same = hours.filter(({ venue, stream }) => venue === id.venue && stream === id.stream);
  const open = await listParts(run.files, run.settings.dataFolder, openNameOf(id));
  const spoken = new Set([...same, ...open].map(({ hour }) => hour));
  return (hour) => !spoken.has(hour);
}

const scheduleKind = Buffer.from('"kind":"schedule"');

/** Which schedules were in force in an hour; its streams are described one after another, and ask the same. */
function scheduleReader(run: Run): (hour: Hour) => Promise<string[]> {
  const known = new Map<Hour, string[]>();
  return async (hour) => {
    const revisions = known.get(hour) ?? [];
    if (known.has(hour)) return revisions;
    known.set(hour, revisions);
    const lines = readJournal(run.files, run.settings, [hour], (line) =>
      line.includes(scheduleKind),
    );
    for await (const line of lines) {
      if (line.kind === "schedule" && !revisions.includes(line.revision))
        revisions.push(line.revision);
    }
    return revisions;
  };
}

function refused(failures: string[], report: ManifestReport): OperatorError {
  return new OperatorError("SEALED_HOUR_DIFFERS", {
    message: `${failures.length} sealed hours are not what sealing noted, and were not described`,
    details: failures,
    safe: `They are kept and never offloaded; ${report.manifests.length} other hours were described.`,
    next: "check the disk (dmesg | tail); the hour named is damaged and its copy, if any, is on the remote",
    result: report,
  });
}
