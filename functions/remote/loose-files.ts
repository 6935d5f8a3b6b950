/** Files beside the archive: written once under unique names, and offloaded like the rest. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";

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
