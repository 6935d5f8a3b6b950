/**
 * build-manifest: describes and checksums what is sealed, and chains it to what was described before.
 *
 * Every sealed hour without a manifest is read anew, oldest first; a file that differs from what sealing noted
 * is refused (70) and gets no manifest, so it is never offloaded. Written in this order: `.sha256` for
 * `sha256sum -c`, then the manifest, whose presence means that the hour is complete.
 */
import * as v from "valibot";
import { OperatorError, messageOf } from "../runtime/errors.ts";
import { defineFunction, type Run } from "../runtime/function.ts";
import { listParts } from "../runtime/hours/parts.ts";
import { type Hour, hourMs, hourStart } from "../runtime/time.ts";
import { findChainEnd, type ChainEnd } from "./archive/chain.ts";
import { describeHour } from "./archive/describe.ts";
import {
  type ArchivedHour,
  listHours,
  openNameOf,
  type StreamId,
  streamFolder,
} from "./archive/layout.ts";

interface ManifestReport {
  manifests: { path: string; seq: number }[];
}

export default defineFunction({
  input: v.strictObject({}),
  settings: {},
  asOf: true,

  async run(_input, run): Promise<ManifestReport> {
    const { dataFolder, collector } = run.settings;
    const report: ManifestReport = { manifests: [] };
    const failures: string[] = [];
    const hours = await listHours(run.files, dataFolder, collector);
    const due = hours.filter((hour) => isDue(hour, run)).sort((a, b) => (a.hour < b.hour ? -1 : 1));
    const ends = new Map<string, ChainEnd | undefined>();
    for (const [position, hour] of due.entries()) {
      run.signal.throwIfAborted();
      run.progress(position, due.length, "hours");
      const chain = streamFolder(hour);
      if (!ends.has(chain))
        ends.set(chain, await findChainEnd(run.files, dataFolder, collector, hour, hours));
      try {
        const isSilent = await silenceTest(run, hours, hour);
        const end = await describeHour(
          { ...run, ...run.settings, isSilent },
          hour,
          ends.get(chain),
        );
        ends.set(chain, end);
        report.manifests.push({ path: end.path, seq: end.seq });
      } catch (error) {
        run.signal.throwIfAborted();
        failures.push(`${hour.venue} ${hour.stream} ${hour.hour}: ${messageOf(error)}`);
      }
    }
    if (failures.length > 0) throw refused(failures, report);
    return report;
  },

  summary: ({ manifests }) => `${manifests.length} hours described`,
});

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

function refused(failures: string[], report: ManifestReport): OperatorError {
  return new OperatorError("SEALED_HOUR_DIFFERS", {
    message: `${failures.length} sealed hours are not what sealing noted, and were not described`,
    details: failures,
    safe: `They are kept and never offloaded; ${report.manifests.length} other hours were described.`,
    next: "check the disk (dmesg | tail); the hour named is damaged and its copy, if any, is on the remote",
    result: report,
  });
}
