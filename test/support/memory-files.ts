/**
 * A disk in memory, behind the files door: fast enough for a week in seconds, and able to do what a real one does
 * only rarely. It forgets at a power cut what was not synced, fills up, and fails where it is told to. Each process
 * on it has a door of its own; its locks go when it is killed.
 */
import { basename, dirname } from "node:path";
import type { Entry, Files, OpenFile, OpenMode, Stat } from "../../runtime/doors/files.ts";
import { MemoryFile, MemoryFolder, type MemoryNode } from "./memory-nodes.ts";

export interface MemoryDiskOptions {
  capacityBytes?: number;
  /** The code with which a call fails instead of being made: `EIO`. */
  fault?: (method: string, path: string) => string | undefined;
}

export interface MemoryProcess {
  files: Files;
  /** Its locks are dropped, and whatever it still calls is refused. */
  kill(): void;
}

export class MemoryDisk {
  fault: MemoryDiskOptions["fault"];
  capacityBytes: number;
  #usedBytes = 0;
  #root = new MemoryFolder();
  #holders = new Map<MemoryNode, object>();

  constructor({ capacityBytes = 2 ** 40, fault }: MemoryDiskOptions = {}) {
    this.capacityBytes = capacityBytes;
    this.fault = fault;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  process(): MemoryProcess {
    const holder = {};
    let isKilled = false;
    const called =
      <A extends [string, ...unknown[]], R>(method: string, act: (...args: A) => R) =>
      async (...args: A): Promise<R> => {
        if (isKilled) throw new Error(`killed before ${method} ${args[0]}`);
        const code = this.fault?.(method, args[0]);
        if (code !== undefined) throw failure(code, method, args[0]);
        return act(...args);
      };
    const files: Files = {
      open: called("open", (path: string, mode: OpenMode) => {
        const file = this.#open(path, mode);
        return this.#handle(file, (method, act) => called(method, act)(path));
      }),
      read: called("read", (path: string) => {
        const file = this.#open(path, "read");
        return file.read(0, file.length);
      }),
      list: called("list", (folder: string) => this.#list(folder)),
      stat: called("stat", (path: string) => this.#stat(path)),
      makeFolder: called("makeFolder", (folder: string) => this.#makeFolder(folder)),
      rename: called("rename", (from: string, to: string) => this.#rename(from, to)),
      link: called("link", (from: string, to: string) => this.#link(from, to)),
      remove: called("remove", (path: string) => this.#remove(path)),
      removeFolder: called("removeFolder", (folder: string) => this.#removeFolder(folder)),
      syncFolder: called("syncFolder", (folder: string) => this.#sync(folder)),
      space: called("space", () => ({
        freeBytes: Math.max(0, this.capacityBytes - this.#usedBytes),
        totalBytes: this.capacityBytes,
      })),
      lock: called("lock", (path: string) => {
        const file = this.#open(path, "append");
        if (this.#holders.has(file)) return undefined;
        this.#holders.set(file, holder);
        return {
          release: async () => {
            if (this.#holders.get(file) === holder) this.#holders.delete(file);
          },
        };
      }),
    };
    return {
      files,
      kill: () => {
        isKilled = true;
        for (const [file, by] of this.#holders) if (by === holder) this.#holders.delete(file);
      },
    };
  }

  /** Every process must be killed too. `keptOf` says how much of each unsynced append the disk took: none. */
  powerCut(keptOf: () => number = () => 0): void {
    this.#root.powerCut(keptOf);
    this.#holders.clear();
    this.#usedBytes = this.#root.length;
  }

  #find(path: string, method: string): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.#root;
    for (const name of path.split("/")) {
      if (name === "") continue;
      if (node instanceof MemoryFile) throw failure("ENOTDIR", method, path);
      node = node?.names.get(name);
    }
    return node;
  }

  #folder(path: string, method: string): MemoryFolder {
    const node = this.#find(path, method);
    if (node === undefined) throw failure("ENOENT", method, path);
    if (node instanceof MemoryFile) throw failure("ENOTDIR", method, path);
    return node;
  }

  #node(path: string, method: string): MemoryNode {
    const node = this.#folder(dirname(path), method).names.get(basename(path));
    if (node === undefined) throw failure("ENOENT", method, path);
    return node;
  }

  #file(path: string, method: string): MemoryFile {
    const node = this.#node(path, method);
    if (node instanceof MemoryFolder) throw failure("EISDIR", method, path);
    return node;
  }

  #open(path: string, mode: OpenMode): MemoryFile {
    const { names } = this.#folder(dirname(path), "open");
    const isNew = mode === "create" || mode === "private";
    if (isNew && names.has(basename(path))) throw failure("EEXIST", "open", path);
    if (mode !== "read" && !names.has(basename(path))) names.set(basename(path), new MemoryFile());
    return this.#file(path, "open");
  }

  #handle(
    file: MemoryFile,
    called: <R>(method: string, act: (path: string) => R) => Promise<R>,
  ): OpenFile {
    return {
      size: () => called("size", () => file.length),
      read: (offset, length) => called("readAt", () => file.read(offset, length)),
      write: (bytes) => called("write", (path) => this.#write(file, bytes, path)),
      truncate: (length) => called("truncate", () => this.#truncate(file, length)),
      syncData: () => called("syncData", () => file.sync()),
      close: async () => {},
    };
  }

  #write(file: MemoryFile, bytes: Buffer, path: string): number {
    const room = this.capacityBytes - this.#usedBytes;
    if (room <= 0 && bytes.length > 0) throw failure("ENOSPC", "write", path);
    // A disk that fills up takes what it has room for, without an error.
    const taken = bytes.subarray(0, room);
    file.append(taken);
    this.#usedBytes += taken.length;
    return taken.length;
  }

  #truncate(file: MemoryFile, length: number): void {
    this.#usedBytes += length - file.length;
    file.truncate(length);
  }

  #list(folder: string): Entry[] {
    const node = this.#find(folder, "list");
    if (node === undefined) return [];
    if (node instanceof MemoryFile) throw failure("ENOTDIR", "list", folder);
    return [...node.names]
      .map(([name, found]) => ({ name, isFolder: found instanceof MemoryFolder }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #stat(path: string): Stat | undefined {
    const node = this.#find(path, "stat");
    if (node === undefined) return undefined;
    const isFolder = node instanceof MemoryFolder;
    const { inode, changes } = node;
    const owned = { mode: isFolder ? 0o755 : 0o644, owner: 0 };
    const bytes = isFolder ? 0 : node.length;
    return { bytes, isFolder, device: 1, inode, changedMs: changes, ...owned };
  }

  #makeFolder(path: string): void {
    const node = this.#find(path, "mkdir");
    if (node instanceof MemoryFolder) return;
    if (node !== undefined) throw failure("EEXIST", "mkdir", path);
    if (this.#find(dirname(path), "mkdir") === undefined) this.#makeFolder(dirname(path));
    this.#folder(dirname(path), "mkdir").names.set(basename(path), new MemoryFolder());
  }

  #sync(path: string): void {
    const node = this.#find(path, "open");
    if (node === undefined) throw failure("ENOENT", "open", path);
    node.sync();
  }

  #rename(from: string, to: string): void {
    const source = this.#folder(dirname(from), "rename").names;
    const target = this.#folder(dirname(to), "rename").names;
    const node = this.#node(from, "rename");
    if (`${to}/`.startsWith(`${from}/`) && from !== to) throw failure("EINVAL", "rename", to);
    // What lies above it is not empty, whatever else.
    if (`${from}/`.startsWith(`${to}/`) && from !== to) throw failure("ENOTEMPTY", "rename", to);
    const replaced = target.get(basename(to));
    if (replaced === node) return;
    if (replaced instanceof MemoryFolder) {
      if (node instanceof MemoryFile) throw failure("EISDIR", "rename", to);
      if (replaced.names.size > 0) throw failure("ENOTEMPTY", "rename", to);
    } else if (replaced !== undefined) {
      if (node instanceof MemoryFolder) throw failure("ENOTDIR", "rename", to);
      this.#unlink(replaced);
    }
    source.delete(basename(from));
    target.set(basename(to), node);
  }

  #link(from: string, to: string): void {
    const node = this.#node(from, "link");
    const target = this.#folder(dirname(to), "link").names;
    if (target.has(basename(to))) throw failure("EEXIST", "link", to);
    if (node instanceof MemoryFolder) throw failure("EPERM", "link", from);
    target.set(basename(to), node);
    node.links += 1;
  }

  #remove(path: string): void {
    this.#unlink(this.#file(path, "unlink"));
    this.#folder(dirname(path), "unlink").names.delete(basename(path));
  }

  #unlink(file: MemoryFile): void {
    file.links -= 1;
    if (file.links === 0) this.#usedBytes -= file.length;
  }

  #removeFolder(path: string): void {
    if (this.#folder(path, "rmdir").names.size > 0) throw failure("ENOTEMPTY", "rmdir", path);
    this.#folder(dirname(path), "rmdir").names.delete(basename(path));
  }
}

function failure(code: string, method: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${method} ${path}`), { code });
}
