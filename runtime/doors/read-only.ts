/** A files door that looks and changes nothing, for those who only want to know how things stand. */
import { OperatorError } from "../errors.ts";
import type { Files } from "./files.ts";

export function readOnlyFiles(files: Files): Files {
  return {
    open: (path, mode) =>
      mode === "read" ? files.open(path, mode) : refuse("open to write", path),
    read: (path) => files.read(path),
    list: (folder) => files.list(folder),
    stat: (path) => files.stat(path),
    space: (path) => files.space(path),
    makeFolder: (folder) => refuse("make", folder),
    rename: (from) => refuse("rename", from),
    link: (from) => refuse("link", from),
    remove: (path) => refuse("remove", path),
    removeFolder: (folder) => refuse("remove", folder),
    syncFolder: (folder) => refuse("sync", folder),
    lock: (path) => refuse("lock", path),
  };
}

function refuse(what: string, path: string): Promise<never> {
  return Promise.reject(
    new OperatorError("READ_ONLY", {
      message: `refused to ${what} ${path}: this only looks`,
      safe: "Nothing was changed.",
      next: "mend what tried to write: who looks is given no door to do so",
    }),
  );
}
