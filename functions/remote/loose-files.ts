/** Files beside the archive: written once under unique names, and offloaded like the rest. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { removeIfThere } from "../../runtime/durable.ts";

/** Uploads last: each upload manifest is itself one of these. */
export const looseFolders = ["labels", "incidents", "reports"] as const;
export const uploadsFolder = "uploads";

/** Paths relative to the data folder. Provisional files change still; dot-files are not finished. */
export async function* looseFiles(
  files: Files,
  dataFolder: string,
  folder: string,
): AsyncGenerator<string> {
  for (const { name, isFolder } of await files.list(join(dataFolder, folder))) {
    const path = `${folder}/${name}`;
    if (name.startsWith(".") || name.includes(".provisional.")) continue;
    if (isFolder) yield* looseFiles(files, dataFolder, path);
    else yield path;
  }
}

/**
 * Removes temporary files that a killed run left beside what they became, and in `uploads/`, which only offload
 * writes, those that became nothing.
 */
export async function removeLeftovers(
  files: Files,
  dataFolder: string,
  folder: string,
): Promise<void> {
  const entries = await files.list(join(dataFolder, folder));
  const names = new Set(entries.map(({ name }) => name));
  for (const { name, isFolder } of entries) {
    const path = `${folder}/${name}`;
    if (isFolder) await removeLeftovers(files, dataFolder, path);
    const became = /^\.(.+)\.tmp$/.exec(name)?.[1];
    if (became === undefined || became.includes(".provisional.")) continue;
    const isOwn = path.startsWith(`${uploadsFolder}/`);
    if (names.has(became) || isOwn) await removeIfThere(files, join(dataFolder, path));
  }
}
