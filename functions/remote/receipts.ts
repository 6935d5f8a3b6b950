/**
 * Receipts: what a remote was seen to hold, one small file for each file there, replaced at each look. A
 * receipt counts for its own remote and its own content; losing one costs a look, never data.
 */
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { removeIfThere, replaceFile } from "../../runtime/durable.ts";
import { errnoOf } from "../../runtime/errors.ts";
import { iso } from "../../runtime/time.ts";
import type { Artifact, Look } from "./look.ts";
import type { Remote } from "./remote.ts";

const seenSchema = v.object({
  bytes: v.number(),
  md5: v.optional(v.string()),
  sha256: v.optional(v.string()),
  id: v.optional(v.string()),
});

export const receiptSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("receipt"),
  /** The remote's id, and its configured place. */
  remote: v.string(),
  spec: v.string(),
  path: v.string(),
  /** What the file is here. */
  bytes: v.number(),
  sha256: v.string(),
  md5: v.string(),
  /** `missing`: something of that name was seen there, and is there no more. */
  state: v.picklist(["verified", "uploaded-unverified", "conflict", "duplicate", "missing"]),
  /** How it was proven: by the remote's own hashes, or by reading it back. */
  verified: v.optional(v.picklist(["hash", "read-back"])),
  /** When its bytes last came back from there as they should be. */
  readBack: v.optional(v.string()),
  /** Since when other bytes come back than the remote's own listing tells: no listing can take that away. */
  damaged: v.optional(v.string()),
  /** Every object of that name at the newest look. */
  seen: v.array(seenSchema),
  /** When this machine copied it there; absent if it was found there. */
  uploaded: v.optional(v.string()),
  /** First and newest of the looks that verified it, without one between that did not. */
  firstSeen: v.optional(v.string()),
  lastSeen: v.optional(v.string()),
  /** The newest look, whatever it showed. */
  looked: v.string(),
});

export type Receipt = v.InferOutput<typeof receiptSchema>;
export type ReceiptState = Receipt["state"];

/** Holds a folder for each remote. */
export function receiptsRoot(dataFolder: string): string {
  return join(dataFolder, "receipts");
}

export function receiptsFolder(dataFolder: string, remoteId: string): string {
  return join(receiptsRoot(dataFolder), remoteId);
}

/** `undefined` without a receipt, and for one that cannot be read: then the remote is looked at anew. */
export async function readReceipt(
  files: Files,
  dataFolder: string,
  remoteId: string,
  path: string,
): Promise<Receipt | undefined> {
  let text: string;
  try {
    text = (await files.read(receiptPath(dataFolder, remoteId, path))).toString();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  const receipt = parseReceipt(text);
  return receipt?.remote === remoteId && receipt.path === path ? receipt : undefined;
}

export async function writeReceipt(
  files: Files,
  dataFolder: string,
  receipt: Receipt,
): Promise<void> {
  const path = receiptPath(dataFolder, receipt.remote, receipt.path);
  await replaceFile(files, path, Buffer.from(`${JSON.stringify(receipt, undefined, 2)}\n`));
}

/**
 * Removes what a run that was killed while it wrote receipts has left half-written, for hours that are no longer
 * here: those of others are written again.
 */
export async function removeHalfReceipts(
  files: Files,
  dataFolder: string,
  remoteId: string,
  folder = "",
): Promise<void> {
  const place = join(receiptsFolder(dataFolder, remoteId), folder);
  for (const { name, isFolder } of await files.list(place)) {
    if (isFolder) await removeHalfReceipts(files, dataFolder, remoteId, join(folder, name));
    else if (/^\..+\.tmp$/.test(name)) {
      const isHere = (await files.stat(join(dataFolder, "archive", folder))) !== undefined;
      if (!isHere) await removeIfThere(files, join(place, name));
    }
  }
}

/** The path of every file that this remote was seen to hold, or was sent. */
export async function* receiptPaths(
  files: Files,
  dataFolder: string,
  remoteId: string,
  folder = "",
): AsyncGenerator<string> {
  const place = join(receiptsFolder(dataFolder, remoteId), folder);
  for (const { name, isFolder } of await files.list(place)) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isFolder) yield* receiptPaths(files, dataFolder, remoteId, path);
    else if (name.endsWith(".json") && !name.startsWith(".")) yield path.slice(0, -".json".length);
  }
}

/** The receipt says that the remote holds exactly this content. */
export function isProof(receipt: Receipt | undefined, { bytes, sha256 }: Artifact): boolean {
  return receipt?.state === "verified" && receipt.bytes === bytes && receipt.sha256 === sha256;
}

export interface Looked {
  remote: Pick<Remote, "id" | "spec">;
  look: Look;
  /** The receipt until now. */
  before: Receipt | undefined;
  /** This run copied it there. */
  isUploaded?: boolean;
  /** Epoch ms. */
  now: number;
}

/** The receipt after a look; `undefined` where nothing was ever seen or sent there. */
export function receiptAfter(artifact: Artifact, looked: Looked): Receipt | undefined {
  const { remote, look, now } = looked;
  const before = looked.before?.sha256 === artifact.sha256 ? looked.before : undefined;
  const uploaded = looked.isUploaded === true ? iso(now) : before?.uploaded;
  const { readBack, damaged } = readBackAfter(looked, before);
  const state = damaged === undefined ? stateAfter(looked, before) : "conflict";
  if (state === undefined) return undefined;
  const { path, bytes, sha256, md5 } = artifact;
  // A clock that was set back since makes it lie in the future: then it would be too young for years.
  const isSince = before?.state === "verified" && !isAhead(before, now);
  return {
    schema: 1,
    kind: "receipt",
    remote: remote.id,
    spec: remote.spec,
    path,
    bytes,
    sha256,
    md5,
    state,
    ...(look.proof === undefined || state !== "verified" ? {} : { verified: look.proof }),
    ...(readBack === undefined ? {} : { readBack }),
    ...(damaged === undefined ? {} : { damaged }),
    seen: look.seen.map((object) => ({
      bytes: object.bytes,
      md5: object.md5,
      sha256: object.sha256,
      id: object.id,
    })),
    ...(uploaded === undefined ? {} : { uploaded }),
    ...(state === "verified"
      ? { firstSeen: (isSince ? before.firstSeen : undefined) ?? iso(now), lastSeen: iso(now) }
      : {}),
    looked: iso(now),
  };
}

/** First verified at a time that is still to come. */
export function isAhead({ firstSeen }: Receipt, now: number): boolean {
  return firstSeen !== undefined && Date.parse(firstSeen) > now;
}

function readBackAfter(
  { look, now }: Looked,
  before: Receipt | undefined,
): Pick<Receipt, "readBack" | "damaged"> {
  const { readBack, damaged } = before ?? {};
  // Gone, or another object now: what came back from the old one says nothing of it.
  if (look.state === "absent") return { readBack };
  if (look.proof !== "read-back") return { readBack, damaged };
  return look.state === "same" ? { readBack: iso(now) } : { damaged: damaged ?? iso(now) };
}

function stateAfter(
  { look, isUploaded }: Looked,
  before: Receipt | undefined,
): ReceiptState | undefined {
  if (look.state === "same") return "verified";
  if (look.state === "different") return "conflict";
  if (look.state === "several") return "duplicate";
  // Listings lag: what was just sent may not be in them yet.
  if (look.state === "unproven" || isUploaded === true) return "uploaded-unverified";
  if (before === undefined || before.state === "uploaded-unverified") return before?.state;
  return "missing";
}

function receiptPath(dataFolder: string, remoteId: string, path: string): string {
  return `${join(receiptsFolder(dataFolder, remoteId), path)}.json`;
}

function parseReceipt(text: string): Receipt | undefined {
  try {
    const result = v.safeParse(receiptSchema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
