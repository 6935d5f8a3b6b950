/** A folder as the remote: another disk, a mount, a share. Each file appears whole, synced, and only once. */
import { dirname, join, sep } from "node:path";
import type { Entry, Files, Stat } from "../../runtime/doors/files.ts";
import {
  discardTemporary,
  isDiskFull,
  openTemporary,
  publish,
  removeIfThere,
  settleNames,
  temporaryPath,
  writeAll,
} from "../../runtime/durable.ts";
import { OperatorError, errnoOf, messageOf } from "../../runtime/errors.ts";
import { readPieces } from "../../runtime/hours/read.ts";
import { type Digest, digestFile } from "./digest.ts";
import { isOwnFolder } from "./named.ts";
import type {
  CopyFailure,
  CopyOptions,
  CopyReport,
  RemoteAccess,
  RemoteFile,
  RemoteRun,
} from "./remote.ts";
import type { DirSpec } from "./settings.ts";

export function openDir(run: RemoteRun, { spec, folder }: DirSpec): RemoteAccess {
  const { files, signal, settings } = run;
  if (folder === settings.dataFolder || folder.startsWith(settings.dataFolder + sep)) {
    throw new OperatorError("REMOTE_IN_DATA", {
      message: `the remote ${spec} lies in the data folder ${settings.dataFolder}: that would be no copy`,
      exit: "configuration",
      safe: "Nothing was copied or deleted.",
      next: "set HOURBOOK_REMOTE to a folder elsewhere, best on another disk",
    });
  }

  return {
    list: (paths, { hashes = true } = {}) =>
      hashes ? listProven(run, folder, paths) : listSizes(run, folder, paths),

    copy: (root, paths, options) =>
      copyEach({ signal, paths, ...options }, (path, onPiece) =>
        copyFile(files, join(root, path), join(folder, path), onPiece),
      ),

    async readBack(paths) {
      const read = new Map<string, string>();
      const settled = new Set<string>();
      for (const path of paths) {
        const digest = await digestThere(run, join(folder, path), settled);
        if (digest !== undefined) read.set(path, digest.sha256);
      }
      return read;
    },

    async *listAll(below = [""]) {
      try {
        for (const start of below) {
          for await (const path of filesBelow(files, folder, start)) {
            signal.throwIfAborted();
            const stat = await statOf(files, join(folder, path));
            // Sizes only: a hash would mean to read all of it.
            if (stat !== undefined) yield { path, bytes: stat.bytes };
          }
        }
      } catch (error) {
        throw errnoOf(error) === undefined ? error : unreachable(spec, folder, error);
      }
    },

    async readRange(path, offset, length) {
      const file = await files.open(join(folder, path), "read");
      try {
        return await file.read(offset, length);
      } finally {
        await file.close();
      }
    },

    fetch: (root, paths, options) =>
      copyEach({ signal, paths, ...options }, async (path, onPiece) => {
        await removeIfThere(files, join(root, path));
        return copyFile(files, join(folder, path), join(root, path), onPiece);
      }),
  };
}

async function listSizes(
  { files, signal }: RemoteRun,
  folder: string,
  paths: readonly string[],
): Promise<RemoteFile[]> {
  const found: RemoteFile[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    const stat = await statOf(files, join(folder, path));
    if (stat !== undefined && !stat.isFolder) found.push({ path, bytes: stat.bytes });
  }
  return found;
}

/** Read back from where it lies: what a write reported says nothing about what arrived. */
async function listProven(
  run: RemoteRun,
  folder: string,
  paths: readonly string[],
): Promise<RemoteFile[]> {
  const found = await listSizes(run, folder, paths);
  const settled = new Set<string>();
  for (const file of found)
    Object.assign(file, await digestThere(run, join(folder, file.path), settled));
  return found;
}

/** What cannot be copied is told for each file; the others go on, until the disk is full. */
async function copyEach(
  { signal, paths, onBytes }: CopyOptions & { signal: AbortSignal; paths: readonly string[] },
  copy: (path: string, onPiece: (bytes: number) => void) => Promise<boolean>,
): Promise<CopyReport> {
  const copied = new Set<string>();
  const failures: CopyFailure[] = [];
  let sent = 0;
  const onPiece = (bytes: number): void => onBytes?.((sent += bytes));
  for (const path of paths) {
    signal.throwIfAborted();
    try {
      if (await copy(path, onPiece)) copied.add(path);
    } catch (error) {
      const message = messageOf(error);
      failures.push({ path, message });
      if (isDiskFull(error)) return { copied, failures, limit: { kind: "full", message } };
    }
  }
  return { copied, failures };
}

/** `undefined` of a file that cannot be read: a bad sector below one must not keep all the others from being looked at. */
async function digestThere(
  { files, signal }: RemoteRun,
  path: string,
  settled: Set<string>,
): Promise<Digest | undefined> {
  try {
    // On the strength of this, prune deletes here.
    await settleNames(files, [path], settled);
    return await digestFile(files, path, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Without what a copy leaves that is killed. */
async function* filesBelow(files: Files, root: string, folder: string): AsyncGenerator<string> {
  for (const { name, isFolder } of await entriesOf(files, root, folder)) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isFolder) yield* filesBelow(files, root, path);
    else if (!/^\..+\.tmp$/.test(name)) yield path;
  }
}

/** A disk's own folders, such as `lost+found`, are closed to whoever records: nothing of Hourbook's lies there. */
async function entriesOf(files: Files, root: string, folder: string): Promise<Entry[]> {
  try {
    return await files.list(join(root, folder));
  } catch (error) {
    const isClosed = errnoOf(error) === "EACCES" || errnoOf(error) === "EPERM";
    if (isClosed && folder !== "" && !isOwnFolder(folder)) return [];
    throw error;
  }
}

function unreachable(spec: string, folder: string, error: unknown): OperatorError {
  return new OperatorError("REMOTE_UNREACHABLE", {
    message: `${spec} cannot be listed: ${messageOf(error)}`,
    exit: "unavailable",
    safe: "Nothing was deleted, here or there.",
    next: `ls -la ${folder}`,
  });
}

/** `false` if something of that name is there already, which stays. */
async function copyFile(
  files: Files,
  from: string,
  to: string,
  onPiece: (bytes: number) => void,
): Promise<boolean> {
  if ((await files.stat(to)) !== undefined) {
    // Killed between giving the file its name and this.
    await removeIfThere(files, temporaryPath(to));
    return false;
  }
  const source = await files.open(from, "read");
  try {
    const target = await openTemporary(files, to);
    try {
      for await (const piece of readPieces(source)) {
        await writeAll(target, piece);
        onPiece(piece.length);
      }
      await target.syncData();
    } finally {
      await target.close();
    }
  } catch (error) {
    await discardTemporary(files, to);
    throw error;
  } finally {
    await source.close();
  }
  return publish(files, temporaryPath(to), to);
}

/** The filesystem that a folder lies on, or will lie on once it is made. */
export async function deviceOf(files: Files, folder: string): Promise<number | undefined> {
  for (let place = folder; ; place = dirname(place)) {
    const stat = await statOf(files, place);
    if (stat !== undefined) return stat.device;
    if (place === dirname(place)) return undefined;
  }
}

/** With a file where a folder should be, or a link that leads nowhere, nothing of that name is there either. */
async function statOf(files: Files, path: string): Promise<Stat | undefined> {
  try {
    return await files.stat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR" || errnoOf(error) === "ELOOP") return undefined;
    throw error;
  }
}
