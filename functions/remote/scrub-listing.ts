/**
 * Everything that the remote shows, held against the receipts, one object at a time: what does not fit is suspect,
 * and is looked at by name before anything is said of it.
 */
import type { Run } from "../../runtime/function.ts";
import { parsePath } from "../archive/layout.ts";
import { nameOf } from "./named.ts";
import { isAhead, type Receipt, readReceipt, receiptPaths } from "./receipts.ts";
import type { Remote, RemoteFile, RemoteRun } from "./remote.ts";

export interface ScrubRun {
  run: RemoteRun & Pick<Run, "clock" | "log" | "progress">;
  remote: Remote;
}

/** An hour that can be read back: its data file, and when that was done last. */
export interface ReadableHour {
  path: string;
  bytes: number;
  /** ISO 8601; `""` if never. */
  readBack: string;
}

export interface Compared {
  objects: number;
  bytes: number;
  /** Files of this machine that it shows, by name. */
  known: number;
  /** As its receipt says. */
  same: number;
  /** Objects without a receipt of this machine, which nobody touches. */
  unknown: { own: number; others: number; foreign: number };
  suspects: Set<string>;
  hours: ReadableHour[];
}

export async function compareListing({ run, remote }: ScrubRun): Promise<Compared> {
  const { files, settings, signal } = run;
  const now = run.clock.now();
  const compared: Compared = {
    objects: 0,
    bytes: 0,
    known: 0,
    same: 0,
    unknown: { own: 0, others: 0, foreign: 0 },
    suspects: new Set(),
    hours: [],
  };
  const seen = new Set<string>();
  for await (const object of remote.listAll()) {
    signal.throwIfAborted();
    compared.objects += 1;
    compared.bytes += object.bytes;
    const named = nameOf(object.path);
    const receipt =
      named && (await readReceipt(files, settings.dataFolder, remote.id, object.path));
    if (receipt === undefined) {
      const whose = named === undefined ? "foreign" : ownerOf(named.collector, settings.collector);
      compared.unknown[whose] += 1;
      continue;
    }
    if (seen.has(object.path) || !isAsNoted(object, receipt, now))
      compared.suspects.add(object.path);
    seen.add(object.path);
    const { path, bytes, readBack = "" } = receipt;
    if (parsePath(path)?.kind === "data") compared.hours.push({ path, bytes, readBack });
  }
  for await (const path of receiptPaths(files, settings.dataFolder, remote.id)) {
    signal.throwIfAborted();
    if (!seen.has(path)) compared.suspects.add(path);
  }
  compared.known = seen.size;
  compared.same = [...seen].filter((path) => !compared.suspects.has(path)).length;
  compared.hours = compared.hours.filter(({ path }) => !compared.suspects.has(path));
  return compared;
}

function ownerOf(whose: string, collector: string): "own" | "others" {
  return whose === collector ? "own" : "others";
}

/** Of a clock that was ahead, receipts are too young to prune by: a look of now replaces them. */
function isAsNoted(object: RemoteFile, receipt: Receipt, now: number): boolean {
  return (
    receipt.state === "verified" &&
    !isAhead(receipt, now) &&
    object.bytes === receipt.bytes &&
    (object.md5 ?? receipt.md5) === receipt.md5 &&
    (object.sha256 ?? receipt.sha256) === receipt.sha256
  );
}
