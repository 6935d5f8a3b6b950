/** Whether a file or a folder can be written to, found by trying: rights alone do not tell of a read-only mount. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { messageOf } from "../../runtime/errors.ts";

/** Why not; `undefined` if it can. Changes nothing. */
export async function canWriteTo(files: Files, path: string): Promise<string | undefined> {
  try {
    const isFolder = (await files.stat(path))?.isFolder === true;
    const probed = isFolder ? join(path, `.hourbook-doctor-${process.pid}`) : path;
    await (await files.open(probed, isFolder ? "create" : "append")).close();
    if (isFolder) await files.remove(probed);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
