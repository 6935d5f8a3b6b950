/**
 * Brings the manifests of all hours that are asked for before anything else: each says what its hour's files must
 * be, and what the manifest before it was. An hour that one of them names and no listing shows is looked for too.
 */
import { OperatorError } from "../../runtime/errors.ts";
import { hourFolder, hourPaths, parsePath } from "../archive/layout.ts";
import { parseManifest, type ReadManifest } from "../archive/manifest.ts";
import { localPath } from "./named.ts";
import { manifestPath, type PlannedHour, plannedHour } from "./restore-plan.ts";
import type { Restoring } from "./restore-run.ts";
import { checkIdentity } from "./sealed-hours.ts";

/** Where the hour's manifest can be read; `none` if none was ever written, as far as anything tells. */
export type ManifestPlace = { at: string } | "none" | "failed";

const manifestsPerBatch = 400;

/** By the hour's folder. */
export async function bringManifests(restoring: Restoring): Promise<Map<string, ManifestPlace>> {
  const { plan, filter, ledger, run } = restoring;
  const places = new Map<string, ManifestPlace>();
  for (const path of ledger.paths()) plannedHour(plan, filter, path);
  let pending = [...plan.hours.values()];
  while (pending.length > 0) {
    run.signal.throwIfAborted();
    const batch = pending.splice(0, manifestsPerBatch);
    for (const read of await bringBatch(restoring, batch, places)) {
      const { previous } = read.manifest;
      if (previous === null) continue;
      ledger.name(previous.path, previous.sha256, read.path);
      const id = parsePath(previous.path);
      const isNew = id !== undefined && !plan.hours.has(hourFolder(id));
      const planned = plannedHour(plan, filter, previous.path);
      if (isNew && planned !== undefined) pending.push(planned);
    }
  }
  // Only now is every manifest's successor known.
  return places;
}

async function bringBatch(
  restoring: Restoring,
  batch: readonly PlannedHour[],
  places: Map<string, ManifestPlace>,
): Promise<ReadManifest[]> {
  const { run, filter, staging, ledger, find } = restoring;
  const toBring: PlannedHour[] = [];
  const read: ReadManifest[] = [];
  const take = async (hour: PlannedHour, at: string): Promise<void> => {
    const taken = await readAt(restoring, hour, at);
    places.set(hourFolder(hour), taken === undefined ? "failed" : { at });
    if (taken !== undefined) read.push(taken);
  };
  for (const hour of batch) {
    const path = manifestPath(hour, filter.collector);
    const local = localPath(run.settings.dataFolder, path);
    if ((await run.files.stat(local)) !== undefined) await take(hour, local);
    else if (hour.objects.has("manifest") || ledger.has(path)) toBring.push(hour);
    else places.set(hourFolder(hour), "none");
  }
  const wanted = toBring.map((hour) => {
    const [object] = hour.objects.get("manifest") ?? [];
    return object ?? { path: manifestPath(hour, filter.collector) };
  });
  const brought = await staging.bring(wanted);
  for (const hour of toBring) {
    const path = manifestPath(hour, filter.collector);
    const found = brought.get(path) ?? { problem: "it did not come" };
    if ("digest" in found) {
      await take(hour, staging.at(path));
      continue;
    }
    places.set(hourFolder(hour), "failed");
    find(hour.objects.has("manifest") ? "REMOTE_DIFFERS" : "MISSING", path, found.problem);
  }
  return read;
}

async function readAt(
  { run, filter, find }: Restoring,
  hour: PlannedHour,
  at: string,
): Promise<ReadManifest | undefined> {
  const { manifest: path } = hourPaths(hour, filter.collector);
  try {
    const read = parseManifest(await run.files.read(at), path);
    checkIdentity(read, hour, filter.collector);
    return read;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    find(error.code, path, error.message);
    return undefined;
  }
}
