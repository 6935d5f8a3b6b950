/**
 * What lies on a remote, behind the files door: listed once, then read by byte range, so that whoever reads an
 * archive here reads one there as well. It only looks.
 */
import { join } from "node:path";
import { readOnlyFiles } from "../../runtime/doors/read-only.ts";
import type { Entry, Files, OpenFile } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { rangeBytesMax, type Remote } from "./remote.ts";

/** `folders` are all that will be looked at; `base` is the door that nothing of it may go through. */
export async function remoteFiles(
  remote: Pick<Remote, "spec" | "listAll" | "readRange">,
  folders: readonly string[],
  base: Files,
): Promise<Files> {
  const sizes = new Map<string, number>();
  const twice = new Set<string>();
  for await (const { path, bytes } of remote.listAll(folders)) {
    if (sizes.has(path)) twice.add(path);
    sizes.set(path, bytes);
  }
  const entries = entriesOf(sizes.keys());

  function sizeOf(path: string): number {
    const bytes = sizes.get(path);
    if (bytes === undefined) throw notThere(remote.spec, path);
    if (twice.has(path)) throw ambiguous(remote.spec, path);
    return bytes;
  }

  async function readAll(path: string, from: number, to: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let offset = from; offset < to; offset += rangeBytesMax) {
      const piece = await remote.readRange(path, offset, Math.min(rangeBytesMax, to - offset));
      pieces.push(piece);
      if (piece.length === 0) break;
    }
    return Buffer.concat(pieces);
  }

  return readOnlyFiles({
    ...base,
    open: async (path) => {
      const bytes = sizeOf(path);
      return openAt(bytes, (offset, to) => readAll(path, offset, to));
    },
    read: async (path) => readAll(path, 0, sizeOf(path)),
    list: async (folder) => [...(entries.get(folder)?.values() ?? [])],
    stat: async (path) => {
      const bytes = sizes.get(path);
      if (bytes === undefined && !entries.has(path)) return undefined;
      const isFolder = bytes === undefined;
      return { bytes: bytes ?? 0, isFolder, device: 0, inode: 0, mode: 0, owner: 0, changedMs: 0 };
    },
  });
}

type ReadAt = (from: number, to: number) => Promise<Buffer>;

function openAt(bytes: number, read: ReadAt): OpenFile {
  const refuse = (): never => {
    throw new Error("a remote is only read");
  };
  return {
    size: async () => bytes,
    read: (offset, length) => read(offset, Math.min(bytes, offset + length)),
    write: refuse,
    truncate: refuse,
    syncData: refuse,
    close: async () => {},
  };
}

/** Folder → what lies in it, by name. */
function entriesOf(paths: Iterable<string>): Map<string, Map<string, Entry>> {
  const folders = new Map<string, Map<string, Entry>>();
  for (const path of [...paths].sort()) {
    const names = path.split("/");
    for (const [depth, name] of names.entries()) {
      const folder = join(...names.slice(0, depth), "");
      const found = folders.get(folder) ?? new Map<string, Entry>();
      folders.set(folder, found.set(name, { name, isFolder: depth < names.length - 1 }));
    }
  }
  return folders;
}

function notThere(spec: string, path: string): Error {
  return Object.assign(new Error(`${spec} holds no ${path}`), { code: "ENOENT" });
}

function ambiguous(spec: string, path: string): OperatorError {
  return new OperatorError("REMOTE_DUPLICATE", {
    message: `${spec} holds several objects named ${path}`,
    safe: "Nothing was changed.",
    next: "npm run fn -- offload says which of them is the hour's; remove the others by hand",
  });
}
