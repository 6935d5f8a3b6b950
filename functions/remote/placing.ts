/** Gives what was brought and proven its place: a whole hour in one step, other files each in one. */
import { basename, dirname, join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { makeDurableFolder, publish, removeIfThere, writeOnce } from "../../runtime/durable.ts";
import { archiveFolder, hourFolder, type HourId } from "../archive/layout.ts";
import type { Staging } from "./staging.ts";

interface Place {
  files: Files;
  dataFolder: string;
  staging: Staging;
}

/** `paths` have been brought, the manifest last; those that are here already stay as they are. */
export async function placeHour(
  { files, dataFolder, staging }: Place,
  hour: HourId,
  paths: readonly string[],
): Promise<void> {
  const folder = join(archiveFolder(dataFolder), hourFolder(hour));
  // rclone wrote them, and syncs nothing.
  for (const path of paths) await syncFile(files, staging.at(path));
  if ((await files.stat(folder)) !== undefined) {
    for (const path of paths)
      await publish(files, staging.at(path), join(archiveFolder(dataFolder), path));
    return;
  }
  // Nobody reads half an hour, and build-manifest describes none anew: the folder comes with all that is in it.
  const staged = staging.at(hourFolder(hour));
  const own = new Set(paths.map((path) => basename(path)));
  for (const { name } of await files.list(staged))
    if (!own.has(name)) await removeIfThere(files, join(staged, name));
  await files.syncFolder(staged);
  await makeDurableFolder(files, dirname(folder));
  await files.rename(staged, folder);
  await files.syncFolder(dirname(folder));
}

/** A small file, which may lie on another filesystem than the archive. */
export async function placeFile(
  { files, staging }: Place,
  path: string,
  local: string,
): Promise<void> {
  await writeOnce(files, local, await files.read(staging.at(path)));
}

async function syncFile(files: Files, path: string): Promise<void> {
  const file = await files.open(path, "append");
  try {
    await file.syncData();
  } finally {
    await file.close();
  }
}
