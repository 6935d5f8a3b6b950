/** Why an hour must stay on this machine, as far as this machine can tell: the remote is asked after that. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { labelsOf, mustKeep } from "../archive/labels.ts";
import { archiveFolder, hourFolder, openNameOf } from "../archive/layout.ts";
import type { Artifact } from "./look.ts";
import { type Receipt, isProof } from "./receipts.ts";
import type { SealedHour } from "./sealed-hours.ts";

export const reasonsToKeep = [
  /** No manifest yet, or none that can be relied on. */
  "incomplete",
  /** Its date is one of the newest that hold polls, or newer. */
  "recent",
  /** The newest hour of its stream, or the end of its chain of manifests. */
  "newest",
  /** A label says so. */
  "labelled",
  /** Not all its files have been verified on this remote. */
  "noReceipt",
  /** Verified too short a time ago. */
  "youngReceipt",
  /** A file here is not of the size that the manifest says. */
  "localDiffers",
  /** Its folder holds files that are not its own. */
  "shared",
  /** The remote, looked at now, does not hold exactly these files. */
  "remoteDiffers",
] as const;

export type ReasonToKeep = (typeof reasonsToKeep)[number];

/** Hours that no receipt can release: what is recent by dates that hold polls, and the end of each stream. */
export function protectedHours(
  hours: readonly SealedHour[],
  keepDates: number,
): (hour: SealedHour) => "recent" | "newest" | undefined {
  const oldestKept = oldestDateKept(hours, keepDates);
  const newestHours = new Map<string, string>();
  const highestSeqs = new Map<string, number>();
  for (const hour of hours) {
    const stream = openNameOf(hour);
    if (hour.hour > (newestHours.get(stream) ?? "")) newestHours.set(stream, hour.hour);
    if (hour.seq > (highestSeqs.get(stream) ?? 0)) highestSeqs.set(stream, hour.seq);
  }
  return (hour) => {
    if (oldestKept !== undefined && dateOf(hour) >= oldestKept) return "recent";
    const stream = openNameOf(hour);
    // The next manifest must name the one before it, so the end of the chain stays whatever its hour.
    const isEnd = hour.hour === newestHours.get(stream) || hour.seq === highestSeqs.get(stream);
    return isEnd ? "newest" : undefined;
  };
}

// Dates that hold polls, not days by the clock: a clock in 2030 makes nothing older than it is.
function oldestDateKept(hours: readonly SealedHour[], keepDates: number): string | undefined {
  if (keepDates === 0) return undefined;
  const dates = new Set(hours.filter(({ polls }) => polls > 0).map(dateOf));
  const kept = [...dates].toSorted().slice(-keepDates);
  // With fewer dates than are to be kept, all of them are, and what came before the first poll as well.
  return kept.length < keepDates ? "" : kept[0];
}

function dateOf({ hour }: SealedHour): string {
  return hour.slice(0, 10);
}

/** All the files of an hour, the manifest last. */
export function artifactsOf({ files, manifest }: SealedHour): Artifact[] {
  return [...files, manifest];
}

export interface ReceiptRule {
  receiptAgeMs: number;
  /** Epoch ms. */
  now: number;
}

/** `receipts` in the order of the artifacts. */
export function receiptReason(
  artifacts: readonly Artifact[],
  receipts: readonly (Receipt | undefined)[],
  { receiptAgeMs, now }: ReceiptRule,
): "noReceipt" | "youngReceipt" | undefined {
  if (artifacts.some((artifact, position) => !isProof(receipts[position], artifact)))
    return "noReceipt";
  // Two good looks this far apart: one alone can be a remote that has yet to make up its mind.
  const isOld = (receipt: Receipt | undefined): boolean =>
    receipt?.firstSeen !== undefined && now - Date.parse(receipt.firstSeen) >= receiptAgeMs;
  return receipts.every(isOld) ? undefined : "youngReceipt";
}

/** A label that cannot be read may be one that says so. */
export async function labelReason(
  files: Files,
  dataFolder: string,
  hour: SealedHour,
  collector: string,
): Promise<"labelled" | undefined> {
  try {
    return mustKeep(await labelsOf(files, dataFolder, hour, collector)) ? "labelled" : undefined;
  } catch (error) {
    if (error instanceof OperatorError) return "labelled";
    throw error;
  }
}

/** What lies here must be the hour as described and nothing else, or its folder does not go. */
export async function localReason(
  files: Files,
  dataFolder: string,
  hour: SealedHour,
): Promise<"localDiffers" | "shared" | undefined> {
  const artifacts = artifactsOf(hour);
  for (const { path, bytes } of artifacts) {
    const stat = await files.stat(join(archiveFolder(dataFolder), path));
    if (stat?.bytes !== bytes) return "localDiffers";
  }
  const own = new Set(artifacts.map(({ path }) => path));
  const entries = await files.list(join(archiveFolder(dataFolder), hourFolder(hour)));
  const isOwn = (name: string): boolean =>
    own.has(`${hourFolder(hour)}/${name}`) || name.startsWith(".");
  return entries.every(({ name, isFolder }) => !isFolder && isOwn(name)) ? undefined : "shared";
}
