/** A files door whose writes a watcher is told of, on whatever clock: what the kernel does for a real folder. */
import { dirname } from "node:path";
import type { Files, OpenFile } from "../../runtime/doors/files.ts";
import type { Watch } from "../../runtime/doors/watch.ts";

export interface Watchable {
  files: Files;
  watch: Watch;
  /** Every watcher fails, as when its folder goes. */
  fail(): void;
}

export function watchable(files: Files): Watchable {
  const watchers = new Set<{ folder: string; onChange(): void; onFailure(error: Error): void }>();
  const tell = (path: string): void => {
    for (const watcher of watchers) if (watcher.folder === dirname(path)) watcher.onChange();
  };
  return {
    watch(folder, onChange, onFailure) {
      const watcher = { folder, onChange, onFailure };
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    fail() {
      const failed = [...watchers];
      watchers.clear();
      for (const watcher of failed) watcher.onFailure(new Error("the folder is gone"));
    },
    files: {
      ...files,
      async open(path, mode) {
        const file = await files.open(path, mode);
        return mode === "read" ? file : telling(file, () => tell(path));
      },
      async rename(from, to) {
        await files.rename(from, to);
        tell(to);
      },
      async remove(path) {
        await files.remove(path);
        tell(path);
      },
      // What is written here is read back by the same kernel: no test need wait for the disk.
      syncFolder: async () => {},
    },
  };
}

function telling(file: OpenFile, tell: () => void): OpenFile {
  return {
    ...file,
    async write(bytes) {
      const written = await file.write(bytes);
      tell();
      return written;
    },
    async truncate(length) {
      await file.truncate(length);
      tell();
    },
    syncData: async () => {},
  };
}
