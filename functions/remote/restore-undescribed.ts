/**
 * Brings hours that were sealed and sent, and whose machine was gone before their manifest was there too: the index
 * says what their lines must be. Here build-manifest describes them, and the chain goes on with them.
 */
import { type HourFileKind, hourFolder, hourPaths } from "../archive/layout.ts";
import { messageOf } from "../../runtime/errors.ts";
import { differences, readBack } from "../archive/sealed-check.ts";
import { parseIndex } from "../archive/sealed-index.ts";
import { localPath } from "./named.ts";
import { placeHour } from "./placing.ts";
import { noteBrought } from "./restored-receipts.ts";
import type { ManifestPlace } from "./restore-manifests.ts";
import type { PlannedHour } from "./restore-plan.ts";
import type { Restoring } from "./restore-run.ts";

export async function restoreUndescribed(
  restoring: Restoring,
  manifests: ReadonlyMap<string, ManifestPlace>,
): Promise<void> {
  for (const hour of restoring.plan.hours.values()) {
    if (manifests.get(hourFolder(hour)) !== "none") continue;
    restoring.run.signal.throwIfAborted();
    await bringHour(restoring, hour);
    restoring.done(hour.objects.size);
  }
}

async function bringHour(restoring: Restoring, hour: PlannedHour): Promise<void> {
  const { run, staging, filter, find, result } = restoring;
  const { files, settings } = run;
  const paths = hourPaths(hour, filter.collector);
  if ((await files.stat(localPath(settings.dataFolder, paths.data))) !== undefined) {
    result.present += 1;
    return;
  }
  const kinds = (["data", "index", "sums"] satisfies HourFileKind[]).filter((kind) =>
    hour.objects.has(kind),
  );
  const lacking = (["data", "index"] as const).find((kind) => !kinds.includes(kind));
  if (lacking !== undefined) {
    find(
      "UNFINISHED",
      paths[lacking],
      "its upload was cut off; without it the hour proves nothing",
    );
    return;
  }
  const brought = await staging.bring(kinds.flatMap((kind) => hour.objects.get(kind)?.[0] ?? []));
  for (const [path, found] of brought)
    if ("problem" in found) find("REMOTE_DIFFERS", path, found.problem);
  if ([...brought.values()].some((found) => "problem" in found)) return;
  const problem = await problemOf(restoring, paths);
  if (problem !== undefined) {
    find("REMOTE_DIFFERS", paths.data, problem);
    return;
  }
  const place = { files, dataFolder: settings.dataFolder, staging };
  await placeHour(place, hour, [...brought.keys()]);
  for (const kind of kinds) {
    const path = paths[kind];
    const found = brought.get(path);
    if (found === undefined || !("digest" in found)) continue;
    await noteBrought(restoring, { path, ...found.digest }, hour.objects.get(kind) ?? []);
    result.files += 1;
    result.bytes += found.digest.bytes;
  }
  result.hours += 1;
  result.undescribed += 1;
}

async function problemOf(
  { run, staging }: Restoring,
  { data, index }: Record<"data" | "index", string>,
): Promise<string | undefined> {
  try {
    const noted = parseIndex(await run.files.read(staging.at(index)), index);
    const [first] = differences(await readBack(run.files, staging.at(data)), noted);
    return first;
  } catch (error) {
    run.signal.throwIfAborted();
    return messageOf(error);
  }
}
