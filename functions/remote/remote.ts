/**
 * A place off this machine, as far as the archive needs one: list by name, copy without overwriting, read
 * back. Nothing here deletes. Paths are relative to the remote's root, which is laid out as `archive/` is,
 * with `labels/`, `incidents/`, `uploads/` and `reports/` beside it.
 */
import type { CoreSettings, Run, SettingsOf } from "../../runtime/function.ts";
import { openDir } from "./dir.ts";
import { openRclone } from "./rclone.ts";
import { type remoteSettings, remoteId } from "./settings.ts";

/** One object there; two of one name are two of these. */
export interface RemoteFile {
  path: string;
  bytes: number;
  /** As far as the remote knows them. */
  md5?: string | undefined;
  sha256?: string | undefined;
  /** The remote's own name for the object, where it has one. */
  id?: string | undefined;
  /** A folder above it is there twice, so what is there of this name cannot be told; nor are the others of these. */
  isFolderTwice?: boolean;
}

export interface CopyReport {
  /** What the copier says it wrote: a hint, never a proof. */
  copied: ReadonlySet<string>;
  /** What went wrong and stayed wrong; without a path if it concerns the whole remote. */
  failures: readonly CopyFailure[];
  /** The place that is copied to takes nothing more, and the copy stopped there. */
  limit?: Limit;
}

export interface Limit {
  /** `day`: Google's 750 GB a day, over by itself; `full`: no room, until somebody makes some. */
  kind: "day" | "full";
  /** In the remote's words. */
  message: string;
}

export interface CopyFailure {
  path: string | undefined;
  message: string;
}

export interface CopyOptions {
  /** Told now and then how many bytes of this copy are sent. */
  onBytes?: (bytes: number) => void;
}

/** What a remote is held to, whatever is asked of it; a folder takes no notice. */
export interface RemoteLimits {
  /** Bytes a second as rclone writes it (`"1M"`). */
  bandwidth?: string | undefined;
  callsPerSecond?: number | undefined;
}

export interface Remote {
  id: string;
  spec: string;
  kind: "dir" | "rclone";
  /** Every object that has one of these names, duplicates included; without `hashes`, sizes only. */
  list(paths: readonly string[], options?: { hashes?: boolean }): Promise<RemoteFile[]>;
  /** Copies files below a local folder to the same paths there; what is there already stays as it is. */
  copy(root: string, paths: readonly string[], options?: CopyOptions): Promise<CopyReport>;
  /** SHA-256 of the bytes that come back when the object is read; a path that cannot be read is left out. */
  readBack(paths: readonly string[]): Promise<Map<string, string>>;
  /**
   * Every object there is, duplicates included, in no order; with hashes where the remote knows them without
   * reading. It is cheap and may be an hour behind: what it does not show is looked for by `list` before it is
   * called gone. Below these folders only, if some are named.
   */
  listAll(below?: readonly string[]): AsyncIterable<RemoteFile>;
  /**
   * Brings objects to the same paths below a local folder, over what lies there. What arrives is neither synced
   * nor proven yet.
   */
  fetch(root: string, paths: readonly string[], options?: CopyOptions): Promise<CopyReport>;
  /** Up to `length` bytes of an object from `offset` on: fewer only at its end. At most `rangeBytesMax`. */
  readRange(path: string, offset: number, length: number): Promise<Buffer>;
}

/** Held in memory twice over, as text from the child and as bytes. */
export const rangeBytesMax = 16 * 1024 * 1024;

/** What a remote needs of a run. */
export interface RemoteRun extends Pick<Run, "files" | "children" | "signal"> {
  settings: CoreSettings & SettingsOf<typeof remoteSettings>;
}

export async function openRemote(run: RemoteRun, limits: RemoteLimits = {}): Promise<Remote> {
  const spec = run.settings.HOURBOOK_REMOTE;
  const access = spec.kind === "dir" ? openDir(run, spec) : await openRclone(run, spec, limits);
  return { id: remoteId(spec), spec: spec.spec, kind: spec.kind, ...access };
}

export type RemoteAccess = Omit<Remote, "id" | "spec" | "kind">;
