/**
 * The disk, at the level where durability is decided: a fault or a crash can be put at any of these calls.
 * Failed system calls throw Node's own errors (`code` is `ENOENT`, `ENOSPC`, …).
 */
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rmdir,
  stat,
  statfs,
  unlink,
} from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "../errors.ts";
import { type Lock, lockFile } from "./file-lock.ts";

export type { Lock };

/**
 * `read`: must exist. `create`: must not exist; `private` is the same, for this user's eyes only (0600). `append`:
 * made if absent, every write at its end.
 */
export type OpenMode = "read" | "create" | "private" | "append";

export interface Files {
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** A whole small file. */
  read(path: string): Promise<Buffer>;
  /** Names in a folder, sorted by code unit; an absent folder holds none. */
  list(folder: string): Promise<Entry[]>;
  /** `undefined` if there is nothing of that name. */
  stat(path: string): Promise<Stat | undefined>;
  /** With its parents; an existing one is fine. Not durable before `syncFolder` of the parent. */
  makeFolder(folder: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for the same bytes; refuses (`EEXIST`) to replace. */
  link(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Refuses (`ENOTEMPTY`) a folder that holds anything. */
  removeFolder(folder: string): Promise<void>;
  /** Makes names made, renamed or removed in the folder durable. */
  syncFolder(folder: string): Promise<void>;
  space(path: string): Promise<Space>;
  /** The kernel's own lock, dropped when the holder dies; `undefined` if another holds it. */
  lock(path: string): Promise<Lock | undefined>;
}

export interface OpenFile {
  size(): Promise<number>;
  /** Up to `length` bytes at `offset`: fewer only at the file's end. */
  read(offset: number, length: number): Promise<Buffer>;
  /** Bytes written: fewer than given on a full disk, without an error. */
  write(bytes: Buffer): Promise<number>;
  truncate(length: number): Promise<void>;
  /** Bytes and length are durable when this returns; never to be tried again after it threw. */
  syncData(): Promise<void>;
  close(): Promise<void>;
}

export interface Entry {
  name: string;
  isFolder: boolean;
}

export interface Stat {
  bytes: number;
  isFolder: boolean;
  /** Of the filesystem it lies on. */
  device: number;
  /** Which file it is, whatever its name. */
  inode: number;
  /** When its content or its names last changed, by the filesystem's clock. */
  changedMs: number;
  /** Permission bits, such as 0o600, and whose it is. */
  mode: number;
  owner: number;
}

export interface Space {
  freeBytes: number;
  totalBytes: number;
}

const ownerOnly = 0o600;
const permissionBits = 0o7777;

export const systemFiles: Files = {
  async open(path, mode) {
    const flags = { read: "r", create: "wx+", private: "wx+", append: "a+" }[mode];
    return openFile(await open(path, flags, mode === "private" ? ownerOnly : undefined));
  },
  read: (path) => readFile(path),
  async list(folder) {
    try {
      const found = await readdir(folder, { withFileTypes: true });
      return found
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return [];
      throw error;
    }
  },
  async stat(path) {
    try {
      const found = await stat(path);
      return {
        bytes: found.size,
        isFolder: found.isDirectory(),
        device: found.dev,
        inode: found.ino,
        changedMs: found.ctimeMs,
        mode: found.mode & permissionBits,
        owner: found.uid,
      };
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
  },
  makeFolder: (folder) => makeFolder(folder),
  rename,
  link,
  remove: unlink,
  removeFolder: rmdir,
  async syncFolder(folder) {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async space(path) {
    const found = await statfs(path);
    // bavail, not bfree: what root keeps in reserve is not ours to fill.
    return { freeBytes: found.bavail * found.bsize, totalBytes: found.blocks * found.bsize };
  },
  lock: async (path) => lockFile(path),
};

// Not `recursive`: where a parent is there and mkdir still says ENOENT, as under /proc, Node tries for ever.
async function makeFolder(folder: string, isAgain = false): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const parent = dirname(folder);
    if (errnoOf(error) === "EEXIST" && (await stat(folder)).isDirectory()) return;
    if (errnoOf(error) !== "ENOENT" || parent === folder || isAgain) throw error;
    // Another process may make the same parents at this moment.
    if (!(await exists(parent))) await makeFolder(parent);
    await makeFolder(folder, true);
  }
}

async function exists(path: string): Promise<boolean> {
  return (await systemFiles.stat(path)) !== undefined;
}

function openFile(handle: FileHandle): OpenFile {
  return {
    size: async () => (await handle.stat()).size,
    async read(offset, length) {
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
    async write(bytes) {
      const { bytesWritten } = await handle.write(bytes, 0, bytes.length);
      return bytesWritten;
    },
    truncate: (length) => handle.truncate(length),
    syncData: () => handle.datasync(),
    close: () => handle.close(),
  };
}
