/**
 * Where what is brought from a remote lies until it is proven: below the archive's own folder, so that a whole hour
 * takes its place in one rename, and under a name that no reader enters. A run that is killed leaves it, and the
 * next one takes from it what is right.
 */
import { dirname, join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { removeIfThere } from "../../runtime/durable.ts";
import { errnoOf } from "../../runtime/errors.ts";
import { archiveFolder } from "../archive/layout.ts";
import { type Digest, digestFile } from "./digest.ts";
import { removeIfEmpty } from "./graves.ts";
import type { Remote, RemoteFile, RemoteRun } from "./remote.ts";

/** What must arrive, as far as it is known before. */
export type Wanted = Pick<RemoteFile, "path"> & Partial<RemoteFile>;

/** `other`: what came, where it is not what it should be. */
export type Brought = { digest: Digest } | { problem: string; other?: Digest };

export interface Staging {
  /** Absolute path of what is brought from `path`. */
  at(path: string): string;
  /** What is staged already and right is not brought again. */
  bring(wanted: readonly Wanted[]): Promise<Map<string, Brought>>;
  /** Takes everything away that was not given a place. */
  clear(): Promise<void>;
}

export function openStaging(run: RemoteRun, remote: Remote, purpose: string): Staging {
  const { files, settings, signal } = run;
  const root = join(archiveFolder(settings.dataFolder), `.${purpose}`, remote.id);
  const at = (path: string): string => join(root, path);

  async function look(wanted: Wanted): Promise<Brought> {
    try {
      const digest = await digestFile(files, at(wanted.path), signal);
      const problem = differenceOf(wanted, digest);
      return problem === undefined ? { digest } : { problem, other: digest };
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return { problem: "it is not on the remote" };
      throw error;
    }
  }

  return {
    at,
    async bring(wanted) {
      const brought = new Map<string, Brought>();
      const missing: Wanted[] = [];
      for (const each of wanted) {
        const found = await look(each);
        brought.set(each.path, found);
        if ("digest" in found) continue;
        await removeIfThere(files, at(each.path));
        missing.push(each);
      }
      if (missing.length === 0) return brought;
      const paths = missing.map(({ path }) => path);
      const { copied, failures } = await remote.fetch(root, paths);
      signal.throwIfAborted();
      // With nothing at all it may be the way there: then this throws, and the next run goes on from here.
      if (copied.size === 0) await remote.list(paths.slice(0, 1), { hashes: false });
      const messages = new Map(failures.map(({ path, message }) => [path, message]));
      for (const each of missing) {
        const found = await look(each);
        const message = messages.get(each.path);
        const isRefused = "problem" in found && found.other === undefined && message !== undefined;
        const isGone = isRefused && /ENOENT|not found/.test(message);
        const problem = `it did not come: ${message}`;
        brought.set(each.path, isRefused && !isGone ? { problem } : found);
      }
      return brought;
    },
    async clear() {
      await removeAll(files, root);
      await removeIfEmpty(files, dirname(root));
    },
  };
}

function differenceOf(wanted: Wanted, { bytes, sha256, md5 }: Digest): string | undefined {
  if (wanted.bytes !== undefined && bytes !== wanted.bytes)
    return `${size(bytes)} came, it should be ${size(wanted.bytes)}`;
  const isSame = (wanted.sha256 ?? sha256) === sha256 && (wanted.md5 ?? md5) === md5;
  return isSame ? undefined : `${size(bytes)} came, but of other content`;
}

function size(bytes: number): string {
  return `${bytes.toLocaleString("en-US")} B`;
}

async function removeAll(files: Files, folder: string): Promise<void> {
  if ((await files.stat(folder)) === undefined) return;
  for (const { name, isFolder } of await files.list(folder)) {
    if (isFolder) await removeAll(files, join(folder, name));
    else await removeIfThere(files, join(folder, name));
  }
  await files.removeFolder(folder);
}
