/** A folder that holds sealed hours: this machine's own archive, or what was copied from a remote. */
import { resolve } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { errnoOf, OperatorError } from "../../runtime/errors.ts";
import { archiveFolder } from "./layout.ts";

export interface Place {
  /** Holds `venue=…`. */
  root: string;
  /** Holds `labels/`, `reports/` and `uploads/`. */
  beside: string;
  /** With open hours and receipts too; `undefined` for a copy. */
  dataFolder: string | undefined;
}

/** The data folder's archive, unless another folder is named, which must hold sealed hours. */
export async function openPlace(
  files: Files,
  dataFolder: string,
  folder: string | undefined,
): Promise<Place> {
  if (folder === undefined)
    return { root: archiveFolder(dataFolder), beside: dataFolder, dataFolder };
  const root = resolve(folder);
  const entries = await files.list(root).catch((error: unknown) => {
    if (errnoOf(error) !== "ENOTDIR") throw error;
    return [];
  });
  if (entries.some(({ name, isFolder }) => isFolder && name.startsWith("venue=")))
    return { root, beside: root, dataFolder: undefined };
  throw new OperatorError("NO_ARCHIVE", {
    message: `${root} holds no folder venue=…, so no sealed hours`,
    exit: "usage",
    safe: "Nothing was read or written.",
    next: "name the folder that a remote was copied to, or leave --folder away for the data folder",
  });
}
