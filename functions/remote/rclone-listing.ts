/** What `rclone lsjson` says: files, folders, and folders that are there twice, as Google Drive can have them. */
import * as v from "valibot";
import type { RemoteFile } from "./remote.ts";

const listedSchema = v.object({
  Path: v.string(),
  Size: v.number(),
  IsDir: v.optional(v.boolean(), false),
  ID: v.optional(v.string()),
  Hashes: v.optional(v.object({ md5: v.optional(v.string()), sha256: v.optional(v.string()) })),
});
type Listed = v.InferOutput<typeof listedSchema>;

/**
 * The files of these names. Of two folders of one name rclone lists one, and as often as there are folders: so a
 * file below them is marked, seen or not, since what is seen is not all there is.
 */
export function parseListing(text: string, paths: readonly string[]): RemoteFile[] {
  const listed = v.parse(v.array(listedSchema), JSON.parse(text));
  const files = listed.filter(({ IsDir }) => !IsDir).map(fileOf);
  const doubled = doubledFolders(listed);
  if (doubled.length === 0) return files;
  const isBelow = (path: string): boolean => doubled.some((folder) => path.startsWith(folder));
  const hidden = paths.filter(isBelow).map((path) => ({ path, bytes: 0, isFolderTwice: true }));
  return [...files.filter(({ path }) => !isBelow(path)), ...hidden];
}

/** How many of that name a folder's own listing shows. */
export function countNamed(text: string, name: string): number {
  const listed = v.parse(v.array(listedSchema), JSON.parse(text));
  return listed.filter(({ Path }) => Path === name).length;
}

function doubledFolders(listed: readonly Listed[]): string[] {
  const seen = new Set<string>();
  const doubled = new Set<string>();
  for (const { Path, IsDir } of listed) {
    if (!IsDir) continue;
    if (seen.has(Path)) doubled.add(`${Path}/`);
    seen.add(Path);
  }
  return [...doubled];
}

/** The object on one line of a listing; `undefined` for its brackets, and for a folder. */
export function parseFile(text: string): RemoteFile | undefined {
  const line = text.replace(/,$/, "");
  if (!line.startsWith("{")) return undefined;
  const listed = v.parse(listedSchema, JSON.parse(line));
  return listed.IsDir ? undefined : fileOf(listed);
}

function fileOf({ Path, Size, ID, Hashes }: Listed): RemoteFile {
  return {
    path: Path,
    bytes: Size,
    // An object that has no hash of a kind has an empty one with some backends.
    md5: Hashes?.md5 || undefined,
    sha256: Hashes?.sha256 || undefined,
    id: ID || undefined,
  };
}
