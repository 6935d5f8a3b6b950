/** Brings the hours' files, batch by batch: each is proven by its manifest, and gets its place and its receipts. */
import { hourFolder, parsePath } from "../archive/layout.ts";
import { parseManifest } from "../archive/manifest.ts";
import { localState } from "./local-state.ts";
import type { Artifact } from "./look.ts";
import { localPath } from "./named.ts";
import { placeHour } from "./placing.ts";
import { noteBrought } from "./restored-receipts.ts";
import type { ManifestPlace } from "./restore-manifests.ts";
import { manifestPath, type PlannedHour } from "./restore-plan.ts";
import type { Restoring } from "./restore-run.ts";
import type { Brought } from "./staging.ts";

// So many that starting a process for each costs little, so few that a kill costs little too.
const hoursPerBatch = 50;

export async function restoreHours(
  restoring: Restoring,
  manifests: ReadonlyMap<string, ManifestPlace>,
): Promise<void> {
  const hours = [...restoring.plan.hours.values()];
  for (let start = 0; start < hours.length; start += hoursPerBatch) {
    restoring.run.signal.throwIfAborted();
    const batch = hours.slice(start, start + hoursPerBatch);
    const work: HourWork[] = [];
    for (const hour of batch) {
      const place = manifests.get(hourFolder(hour));
      if (typeof place !== "object") continue;
      const found = await lacking(restoring, hour, place.at);
      if (found !== undefined) work.push(found);
    }
    const brought = await restoring.staging.bring(work.flatMap(({ toBring }) => toBring));
    for (const one of work) await settle(restoring, one, brought);
    restoring.done(batch.reduce((sum, { objects }) => sum + objects.size, 0));
  }
}

interface HourWork {
  hour: PlannedHour;
  toBring: Artifact[];
  /** Staged; `undefined` if it is in its place already. */
  manifest: Artifact | undefined;
}

/** What is missing here; `undefined` if nothing is, or nothing can be brought. */
async function lacking(
  restoring: Restoring,
  hour: PlannedHour,
  manifestAt: string,
): Promise<HourWork | undefined> {
  const { run, filter, ledger, find, result } = restoring;
  const path = manifestPath(hour, filter.collector);
  const { manifest, ...own } = parseManifest(await run.files.read(manifestAt), path);
  const problem = ledger.problemOf(path, own.sha256);
  if (problem !== undefined) {
    find("CHAIN_BREAK", path, problem);
    return undefined;
  }
  const toBring: Artifact[] = [];
  let isSpoilt = false;
  for (const file of manifest.files) {
    const state = await localState(restoring, file);
    if (state === "absent") toBring.push(file);
    if (state !== "different") continue;
    isSpoilt = true;
    find(
      "LOCAL_DIFFERS",
      file.path,
      "it is here, other than its manifest says, and was left alone",
    );
  }
  const isHere = manifestAt === localPath(run.settings.dataFolder, path);
  // Its manifest would say that it is complete.
  if (isSpoilt) return undefined;
  if (toBring.length > 0 || !isHere) return { hour, toBring, manifest: isHere ? undefined : own };
  result.present += 1;
  return undefined;
}

async function settle(
  restoring: Restoring,
  { hour, toBring, manifest }: HourWork,
  brought: ReadonlyMap<string, Brought>,
): Promise<void> {
  const { run, staging, result } = restoring;
  let isWhole = true;
  for (const { path } of toBring) {
    const found = brought.get(path) ?? { problem: "it did not come" };
    if ("digest" in found) continue;
    isWhole = false;
    const isListed = hour.objects.has(parsePath(path)?.kind ?? "data");
    restoring.find(isListed ? "REMOTE_DIFFERS" : "MISSING", path, found.problem);
  }
  if (!isWhole) return;
  const artifacts = manifest === undefined ? toBring : [...toBring, manifest];
  const place = { files: run.files, dataFolder: run.settings.dataFolder, staging };
  await placeHour(
    place,
    hour,
    artifacts.map(({ path }) => path),
  );
  for (const artifact of artifacts) {
    await noteBrought(restoring, artifact, objectsOf(hour, artifact.path));
    result.files += 1;
    result.bytes += artifact.bytes;
  }
  result.hours += 1;
}

function objectsOf({ objects }: PlannedHour, path: string) {
  return objects.get(parsePath(path)?.kind ?? "data") ?? [];
}
