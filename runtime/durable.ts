/** Whole files that are there entirely or not at all, whatever moment the power goes. */
import { basename, dirname, join } from "node:path";
import type { Files, OpenFile } from "./doors/files.ts";
import { OperatorError, errnoOf } from "./errors.ts";

/** Makes a folder and its parents so that a power cut does not take them back. */
export async function makeDurableFolder(files: Files, folder: string): Promise<void> {
  if ((await files.stat(folder)) !== undefined) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeDurableFolder(files, parent);
  await files.makeFolder(folder);
  await files.syncFolder(parent);
}

/**
 * Makes files' names last that somebody gave and need not have synced: a run that was killed in between, or on a disk that
 * failed. To be done before anything depends on them. `settled`: folders that were settled before, and those of now.
 */
export async function settleNames(
  files: Files,
  paths: readonly string[],
  settled = new Set<string>(),
): Promise<void> {
  for (const path of paths) {
    // From the top: a folder counts as settled only with all that are above it.
    for (const folder of foldersAbove(path)) {
      if (settled.has(folder)) continue;
      try {
        await files.syncFolder(folder);
      } catch (error) {
        if (!nothingToSettle.has(errnoOf(error) ?? "")) throw error;
      }
      settled.add(folder);
    }
  }
}

/** There is no such folder, or it is another user's, who gave its names; or its filesystem syncs none. */
const nothingToSettle: ReadonlySet<string> = new Set(
  "ENOENT ENOTDIR ELOOP EACCES EPERM EINVAL ENOTSUP ENOSYS".split(" "),
);

function foldersAbove(path: string): string[] {
  const folders = [dirname(path)];
  for (let at = dirname(path); at !== dirname(at);) folders.unshift((at = dirname(at)));
  return folders;
}

/** Replaces the file in one step: a reader sees the old bytes or the new ones. */
export async function replaceFile(files: Files, path: string, bytes: Buffer): Promise<void> {
  const temporary = await writeTemporary(files, path, bytes);
  await files.rename(temporary, path);
  await files.syncFolder(dirname(path));
}

/** Publishes a file that will never change; `false` if one of that name is there already, which stays. */
export async function writeOnce(files: Files, path: string, bytes: Buffer): Promise<boolean> {
  return publish(files, await writeTemporary(files, path, bytes), path);
}

/** Gives a finished, synced temporary file its lasting name; `false` if the name was taken. */
export async function publish(files: Files, temporary: string, path: string): Promise<boolean> {
  let published = true;
  try {
    await files.link(temporary, path);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    published = false;
  }
  // Another process may have found it superfluous in this very moment.
  await removeIfThere(files, temporary);
  await files.syncFolder(dirname(path));
  return published;
}

/** Where a file's bytes lie until they are whole. One writer per name holds a lock, so the name may be fixed. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.tmp`);
}

/** Opens a temporary file anew, whatever an earlier attempt left of it. */
export async function openTemporary(files: Files, path: string): Promise<OpenFile> {
  await makeDurableFolder(files, dirname(path));
  const temporary = temporaryPath(path);
  await removeIfThere(files, temporary);
  return files.open(temporary, "create");
}

/** After a failed attempt: on a full disk what it wrote would keep the room that others wait for. */
export async function discardTemporary(files: Files, path: string): Promise<void> {
  await removeIfThere(files, temporaryPath(path)).catch(() => undefined);
}

export async function removeIfThere(files: Files, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/** Writes all of `bytes`: a full disk takes a part of them without an error, and fails only the next call. */
export async function writeAll(file: OpenFile, bytes: Buffer): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) {
    const written = await file.write(rest);
    if (written === 0)
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    rest = rest.subarray(written);
  }
}

/** No room, or none for this user: the same call may succeed later. */
export function isDiskFull(error: unknown): boolean {
  const code = errnoOf(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** A failed write as an operator needs to read it; other errors as they are. */
export function diskError(error: unknown, path: string, safe: string): unknown {
  const code = errnoOf(error);
  if (isDiskFull(error) || code === "EFBIG") {
    return new OperatorError("DISK_FULL", {
      message: `no space left to write ${path}`,
      safe,
      next: "df -h; then npm run fn -- offload && npm run fn -- prune, or give the disk more room",
      cause: error,
    });
  }
  // A filesystem that found itself damaged goes on read-only.
  if (code === "EIO" || code === "EROFS") {
    return new OperatorError("DISK_ERROR", {
      message: `the disk failed while writing ${path}`,
      safe,
      next: "dmesg | tail; smartctl -a on the disk",
      cause: error,
    });
  }
  return error;
}

async function writeTemporary(files: Files, path: string, bytes: Buffer): Promise<string> {
  try {
    const file = await openTemporary(files, path);
    try {
      await writeAll(file, bytes);
      await file.syncData();
    } finally {
      await file.close();
    }
  } catch (error) {
    await discardTemporary(files, path);
    throw diskError(error, path, "What was there before is unchanged.");
  }
  return temporaryPath(path);
}
