/**
 * One batch on its way: look at what the remote has, check what is here, copy what is missing, look again.
 * Whatever the copier says, a file is verified only when a listing shows it.
 */
import { join } from "node:path";
import { settleNames } from "../../runtime/durable.ts";
import type { Run } from "../../runtime/function.ts";
import { errnoOf } from "../../runtime/errors.ts";
import { hourMs } from "../../runtime/time.ts";
import { digestFile } from "./digest.ts";
import { type Artifact, type Look, lookAt } from "./look.ts";
import { beginCopy } from "./copy-note.ts";
import type { CopyReport, Limit, Remote, RemoteRun } from "./remote.ts";
import { type Receipt, receiptAfter, writeReceipt } from "./receipts.ts";

export type FileState =
  | "verified"
  | "pending"
  | "uploaded-unverified"
  | "conflict"
  | "duplicate"
  /** The remote takes nothing more for now. */
  | "quota"
  | "failed"
  | "refused";

export interface Outcome {
  artifact: Artifact;
  state: FileState;
  /** Whether this run copied it or found it there; of what is pending, that it would copy it. */
  how?: "copied" | "found";
  /** To be written once the upload manifest names the file. */
  receipt?: Receipt | undefined;
  /** For a person, where something is wrong. */
  problem?: string;
  /** Of a file in state `quota`. */
  limit?: Limit | undefined;
}

export interface Delivery {
  run: RemoteRun & Pick<Run, "clock" | "log">;
  remote: Remote;
  /** Looks, and copies nothing. */
  dryRun: boolean;
  /** Told now and then how many bytes of this batch are sent. */
  onBytes?: (bytes: number) => void;
}

/** A file to deliver, and its receipt, if it has one that is no proof. */
export interface Parcel {
  artifact: Artifact;
  before: Receipt | undefined;
}

/** A listing can be this late: a file sent and not seen is looked for, and not sent again, until then. */
export const listingLagMsMax = hourMs;

/** What was sent or seen at `time` need not be listed yet. `now`: epoch ms. */
export function mayLag(time: string, now: number): boolean {
  const sinceMs = now - Date.parse(time);
  // A clock that was set back since makes the time lie in the future: then waiting would have no end.
  return sinceMs >= 0 && sinceMs < listingLagMsMax;
}

/** `root` is the local folder that the parcels' paths are relative to. */
export async function deliver(
  delivery: Delivery,
  root: string,
  parcels: readonly Parcel[],
): Promise<Outcome[]> {
  const { remote, dryRun, run } = delivery;
  // What is there for good must not go here with the power, and be made anew with other bytes.
  if (!dryRun) {
    const paths = parcels.map(({ artifact }) => join(root, artifact.path));
    await settleNames(run.files, paths);
  }
  // Without a receipt the copier's own look suffices: it leaves alone what is there.
  const lookedFirst = parcels.filter(({ before }) => dryRun || before !== undefined);
  const looks = await lookAtAll(remote, lookedFirst);
  const outcomes: Outcome[] = [];
  const toCopy: Parcel[] = [];
  for (const parcel of parcels) {
    const look = looks.get(parcel.artifact.path);
    if (look !== undefined && (look.state !== "absent" || isOnItsWay(parcel, run.clock.now()))) {
      outcomes.push(outcomeOf(delivery, parcel, look));
      continue;
    }
    const problem = await localProblem(run, root, parcel.artifact);
    if (problem === undefined) toCopy.push(parcel);
    else outcomes.push({ artifact: parcel.artifact, state: "refused", problem });
  }
  if (!dryRun) return [...outcomes, ...(await copyAndLook(delivery, root, toCopy))];
  for (const { artifact } of toCopy) outcomes.push({ artifact, state: "pending", how: "copied" });
  return outcomes;
}

async function copyAndLook(
  delivery: Delivery,
  root: string,
  parcels: readonly Parcel[],
): Promise<Outcome[]> {
  if (parcels.length === 0) return [];
  const { remote, run, onBytes } = delivery;
  const paths = parcels.map(({ artifact }) => artifact.path);
  const end = await beginCopy(run, remote);
  const report = await remote.copy(root, paths, onBytes === undefined ? {} : { onBytes });
  run.signal.throwIfAborted();
  await end();
  const looks = await lookAtAll(remote, parcels).catch(async (error: unknown) => {
    await noteSent(delivery, parcels, report);
    throw error;
  });
  return parcels.map((parcel) => {
    const look = looks.get(parcel.artifact.path) ?? { state: "absent", seen: [] };
    return outcomeOf(delivery, parcel, look, report);
  });
}

/** Or the next run would send again what a late listing does not show: two objects of one name. */
async function noteSent(
  delivery: Delivery,
  parcels: readonly Parcel[],
  report: CopyReport,
): Promise<void> {
  const { files, settings } = delivery.run;
  for (const parcel of parcels.filter(({ artifact }) => report.copied.has(artifact.path))) {
    const { receipt } = outcomeOf(delivery, parcel, { state: "absent", seen: [] }, report);
    if (receipt !== undefined) await writeReceipt(files, settings.dataFolder, receipt);
  }
}

function outcomeOf(
  delivery: Delivery,
  { artifact, before }: Parcel,
  look: Look,
  report?: CopyReport,
): Outcome {
  const isUploaded = report?.copied.has(artifact.path) ?? false;
  const { remote, run } = delivery;
  const receipt = receiptAfter(artifact, {
    remote,
    look,
    before,
    isUploaded,
    now: run.clock.now(),
  });
  const how = isUploaded ? "copied" : "found";
  const common = { artifact, receipt, how } as const;
  if (look.state === "same" && receipt?.damaged !== undefined)
    return {
      ...common,
      state: "conflict",
      problem: "other bytes came back than its hash there says",
    };
  if (look.state === "same") return { ...common, state: "verified" };
  if (look.state === "different")
    return { ...common, state: "conflict", problem: describeDifference(artifact, look) };
  if (look.state === "several")
    return { ...common, state: "duplicate", problem: describeDifference(artifact, look) };
  if (look.state === "absent" && report !== undefined && !isUploaded) {
    const { limit } = report;
    if (limit !== undefined) return { artifact, state: "quota", problem: limit.message, limit };
    return { ...common, state: "failed", problem: failureOf(report, artifact.path) };
  }
  return { ...common, state: "uploaded-unverified" };
}

/** `local 48,210 B, remote 0 B` */
export function describeDifference({ bytes }: Artifact, { state, seen }: Look): string {
  const [object] = seen;
  if (object === undefined) return `local ${size(bytes)}, remote absent`;
  if (object.isFolderTwice === true)
    return "a folder above it is there twice: rclone dedupe skip of REMOTE, or of what it lies in, makes one of them";
  if (state === "several") return `${seen.length} objects of that name on the remote`;
  if (state === "unproven") return `${size(bytes)} here and there, but it could not be read back`;
  if (object.bytes === bytes) return `${size(bytes)} here and there, but other content`;
  return `local ${size(bytes)}, remote ${size(object.bytes)}`;
}

function size(bytes: number): string {
  return `${bytes.toLocaleString("en-US")} B`;
}

function failureOf({ failures }: CopyReport, path: string): string {
  const own =
    failures.find((failure) => failure.path === path) ??
    failures.find((failure) => failure.path === undefined);
  return own?.message ?? "the copy ended without a word about it, and the remote does not show it";
}

function isOnItsWay({ before }: Parcel, now: number): boolean {
  if (before?.state !== "uploaded-unverified" || before.uploaded === undefined) return false;
  return mayLag(before.uploaded, now);
}

/** What was sealed must be what leaves: a file that changed since is evidence of damage, not an archive. */
async function localProblem(
  run: RemoteRun,
  root: string,
  artifact: Artifact,
): Promise<string | undefined> {
  // A line break would end its name in rclone's list of names, and what follows would be another file.
  if (/[\r\n]/.test(artifact.path)) return "its name holds a line break";
  try {
    const { bytes, sha256 } = await digestFile(run.files, join(root, artifact.path), run.signal);
    if (bytes === artifact.bytes && sha256 === artifact.sha256) return undefined;
    return `${size(bytes)} here, but its manifest says ${size(artifact.bytes)} of other content`;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "its manifest names it, but it is not here";
    throw error;
  }
}

function lookAtAll(remote: Remote, parcels: readonly Parcel[]): Promise<Map<string, Look>> {
  return lookAt(
    remote,
    parcels.map(({ artifact }) => artifact),
  );
}
