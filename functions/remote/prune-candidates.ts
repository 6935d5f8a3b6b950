/** Which hours may go, as far as this machine can tell; the remote is asked after that. */
import { settleNames } from "../../runtime/durable.ts";
import {
  type ReasonToKeep,
  artifactsOf,
  labelReason,
  localReason,
  protectedHours,
  receiptReason,
} from "./keep.ts";
import { localPath } from "./named.ts";
import type { PruneOptions, Pruned } from "./prune-run.ts";
import { type Receipt, readReceipt } from "./receipts.ts";
import { type SealedHour, findHours } from "./sealed-hours.ts";

export interface Candidate {
  hour: SealedHour;
  receipts: (Receipt | undefined)[];
}

export interface SortedHours {
  /** Older than what is to be kept. */
  due: SealedHour[];
  /** Kept while there is room: of the dates to keep, but not of the newest two. Oldest first. */
  spare: SealedHour[];
}

/** However little room there is: gap-report and people work on yesterday still. */
const datesUnderPressure = 2;

/** Counts what stays whatever its copies are. */
export async function sortHours(
  { run, keepDates }: PruneOptions,
  { kept }: Pruned,
): Promise<SortedHours> {
  const { files, settings } = run;
  const hours: SealedHour[] = [];
  for await (const found of findHours(files, settings.dataFolder, settings.collector)) {
    if (found.state === "sealed") hours.push(found.hour);
    else kept.incomplete += 1;
  }
  // The chain goes on from what stays: that must outlast what goes.
  const manifests = hours.map(({ manifest }) => localPath(settings.dataFolder, manifest.path));
  await settleNames(files, manifests);
  const protection = protectedHours(hours, keepDates);
  const inNeed = protectedHours(hours, Math.min(keepDates, datesUnderPressure));
  const sorted: SortedHours = { due: [], spare: [] };
  for (const hour of hours) {
    const reason = protection(hour);
    if (reason === undefined) sorted.due.push(hour);
    else if (inNeed(hour) === undefined) sorted.spare.push(hour);
    else kept[reason] += 1;
  }
  sorted.spare.sort((a, b) => (a.hour < b.hour ? -1 : 1));
  return sorted;
}

/** What labels, receipts and the files here let go; the others are counted by their reason. */
export async function candidateOf(
  { run, remote, receiptAgeMs }: PruneOptions,
  { kept }: Pruned,
  hour: SealedHour,
): Promise<Candidate | undefined> {
  const { files, settings, log, signal, clock } = run;
  signal.throwIfAborted();
  const artifacts = artifactsOf(hour);
  const receipts: Candidate["receipts"] = [];
  const labelled = await labelReason(files, settings.dataFolder, hour, settings.collector);
  if (labelled === undefined) {
    for (const { path } of artifacts)
      receipts.push(await readReceipt(files, settings.dataFolder, remote.id, path));
  }
  const reason: ReasonToKeep | undefined =
    labelled ??
    receiptReason(artifacts, receipts, { receiptAgeMs, now: clock.now() }) ??
    (await localReason(files, settings.dataFolder, hour));
  if (reason === undefined) return { hour, receipts };
  kept[reason] += 1;
  if (reason === "localDiffers" || reason === "shared")
    log.warn({ hour: nameOf(hour), reason }, `kept ${nameOf(hour)}: ${reason}`);
  return undefined;
}

export function bytesOf(hour: SealedHour): number {
  return artifactsOf(hour).reduce((sum, { bytes }) => sum + bytes, 0);
}

export function nameOf({ venue, stream, hour }: SealedHour): string {
  return `${venue}/${stream}/${hour}`;
}
