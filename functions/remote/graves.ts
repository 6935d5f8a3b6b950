/**
 * How an hour leaves the disk: its folder is first renamed, in one step, to what no reader takes for an hour,
 * and then emptied. So no moment, and no kill, leaves an hour that looks complete and is not. A rename beside
 * itself needs no room, so it works on a full disk too.
 */
import { basename, dirname, join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { errnoOf } from "../../runtime/errors.ts";
import { type HourId, archiveFolder, hourFolder } from "../archive/layout.ts";

export interface Graveyard {
  files: Files;
  dataFolder: string;
}

/** Takes the hour out of the archive; nothing is deleted yet. */
export async function bury(yard: Graveyard, hour: HourId): Promise<void> {
  await yard.files.rename(placeOf(yard, hour), graveOf(yard, hour));
  // Durable before anything is deleted: a power cut must not bring back half of it.
  await yard.files.syncFolder(dirname(placeOf(yard, hour)));
}

/** Puts the hour back. */
export async function unbury(yard: Graveyard, hour: HourId): Promise<void> {
  await yard.files.rename(graveOf(yard, hour), placeOf(yard, hour));
  await yard.files.syncFolder(dirname(placeOf(yard, hour)));
}

/** Deletes what was taken out, and the date's folder if it was the last of it. */
export async function empty(yard: Graveyard, hour: HourId): Promise<void> {
  const { files } = yard;
  const grave = graveOf(yard, hour);
  const names = (await files.list(grave)).map(({ name }) => name);
  // The manifest first and for good: while it is there, a run after a kill puts the hour back.
  for (const name of names.filter(isManifest)) await files.remove(join(grave, name));
  await files.syncFolder(grave);
  for (const name of names) if (!isManifest(name)) await files.remove(join(grave, name));
  await files.removeFolder(grave);
  await removeIfEmpty(files, dirname(grave));
}

/** Hours that a killed run had taken out: whole ones as they were, the others partly deleted. */
export async function findGraves(yard: Graveyard): Promise<{ hour: HourId; isWhole: boolean }[]> {
  const graves: { hour: HourId; isWhole: boolean }[] = [];
  for (const path of await foldersAt(yard, "", 4)) {
    const [, venue, stream, date, utc] = gravePattern.exec(path) ?? [];
    if (venue === undefined || stream === undefined) continue;
    const hour = { venue, stream, hour: `${date}T${utc}` };
    const entries = await yard.files.list(graveOf(yard, hour));
    graves.push({ hour, isWhole: entries.some(({ name }) => isManifest(name)) });
  }
  return graves;
}

const gravePattern =
  /^venue=([^/]+)\/stream=([^/]+)\/date=(\d{4}-\d{2}-\d{2})\/\.hour=(\d{2})\.pruned$/;

async function foldersAt(yard: Graveyard, path: string, depth: number): Promise<string[]> {
  if (depth === 0) return [path];
  const entries = await yard.files.list(join(archiveFolder(yard.dataFolder), path));
  const folders = entries
    .filter(({ isFolder }) => isFolder)
    .map(({ name }) => (path === "" ? name : `${path}/${name}`));
  return (await Promise.all(folders.map((folder) => foldersAt(yard, folder, depth - 1)))).flat();
}

/** Ends what a killed run began: whole hours go back and are judged anew, others are deleted to the end. */
export async function settleGraves(yard: Graveyard): Promise<number> {
  const graves = await findGraves(yard);
  for (const { hour, isWhole } of graves) {
    const isPlaceFree = (await yard.files.stat(placeOf(yard, hour))) === undefined;
    // An hour restored meanwhile needs no second copy here: this one was proven when it was taken out.
    if (isWhole && isPlaceFree) await unbury(yard, hour);
    else await empty(yard, hour);
  }
  return graves.length;
}

// Whoever wrote it: the collector may have been renamed since.
function isManifest(name: string): boolean {
  return name.endsWith(".manifest.json");
}

function placeOf({ dataFolder }: Graveyard, hour: HourId): string {
  return join(archiveFolder(dataFolder), hourFolder(hour));
}

function graveOf(yard: Graveyard, hour: HourId): string {
  const place = placeOf(yard, hour);
  return join(dirname(place), `.${basename(place)}.pruned`);
}

export async function removeIfEmpty(files: Files, folder: string): Promise<void> {
  try {
    await files.removeFolder(folder);
    await files.syncFolder(dirname(folder));
  } catch (error) {
    const code = errnoOf(error);
    if (code !== "ENOTEMPTY" && code !== "ENOENT") throw error;
  }
}
