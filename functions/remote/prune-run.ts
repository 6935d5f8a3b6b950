/** The steps of one prune run: what may go by what is known here, by what the remote holds now, and going. */
import type { Run } from "../../runtime/function.ts";
import {
  type ReasonToKeep,
  artifactsOf,
  labelReason,
  localReason,
  protectedHours,
  reasonsToKeep,
  receiptReason,
} from "./keep.ts";
import { describeDifference } from "./deliver.ts";
import { type Graveyard, bury, empty, findGraves, settleGraves, unbury } from "./graves.ts";
import { type Look, lookAt, stillThere } from "./look.ts";
import { pruneDays } from "./prune-days.ts";
import type { Remote, RemoteRun } from "./remote.ts";
import {
  type Receipt,
  readReceipt,
  receiptAfter,
  removeHalfReceipts,
  writeReceipt,
} from "./receipts.ts";
import { type SealedHour, findHours } from "./sealed-hours.ts";

export interface PruneOptions {
  run: RemoteRun & Pick<Run, "clock" | "log" | "journal" | "progress">;
  remote: Remote;
  dryRun: boolean;
  keepDates: number;
  receiptAgeMs: number;
}

export interface Pruned {
  /** Deleted, or in a dry run such as would be. */
  hours: number;
  files: number;
  bytes: number;
  deleted: string[];
  /** Hours by the reason that keeps them. */
  kept: Record<ReasonToKeep, number>;
  /** Hours whose deletion a killed run had begun, now ended or taken back. */
  resumed: number;
  differing: { path: string; problem: string }[];
}

interface Candidate {
  hour: SealedHour;
  receipts: (Receipt | undefined)[];
}

// One listing for each: few enough that the look is minutes old at most when the deletion comes.
const hoursPerBatch = 50;

export async function prune(options: PruneOptions): Promise<Pruned> {
  const { run, remote, dryRun } = options;
  const yard = { files: run.files, dataFolder: run.settings.dataFolder };
  const result: Pruned = {
    hours: 0,
    files: 0,
    bytes: 0,
    deleted: [],
    kept: Object.fromEntries(reasonsToKeep.map((reason) => [reason, 0])) as Pruned["kept"],
    resumed: dryRun ? (await findGraves(yard)).length : await settleGraves(yard),
    differing: [],
  };
  if (!dryRun) await removeHalfReceipts(run.files, run.settings.dataFolder, remote.id);
  const candidates = await findCandidates(options, result);
  for (let start = 0; start < candidates.length; start += hoursPerBatch) {
    run.signal.throwIfAborted();
    const batch = candidates.slice(start, start + hoursPerBatch);
    const looks = await lookAt(
      remote,
      batch.flatMap(({ hour }) => artifactsOf(hour)),
    );
    const proven = judge(batch, looks, result);
    if (dryRun) report(options, proven, result);
    else {
      await remove(options, yard, proven, result);
      // After the deletions: on a full disk nothing can be written before.
      await noteLooks(options, batch, looks);
    }
    run.progress(Math.min(start + hoursPerBatch, candidates.length), candidates.length, "hours");
  }
  if (!dryRun) await pruneDays(options, result);
  return result;
}

/** What this machine's own records let go. */
async function findCandidates(options: PruneOptions, { kept }: Pruned): Promise<Candidate[]> {
  const { run, remote, keepDates, receiptAgeMs } = options;
  const { files, settings } = run;
  const hours: SealedHour[] = [];
  for await (const found of findHours(files, settings.dataFolder, settings.collector)) {
    if (found.state === "sealed") hours.push(found.hour);
    else kept.incomplete += 1;
  }
  const protection = protectedHours(hours, keepDates);
  const candidates: Candidate[] = [];
  for (const hour of hours) {
    run.signal.throwIfAborted();
    const artifacts = artifactsOf(hour);
    const receipts: Candidate["receipts"] = [];
    const early =
      protection(hour) ?? (await labelReason(files, settings.dataFolder, hour, settings.collector));
    if (early === undefined) {
      for (const { path } of artifacts)
        receipts.push(await readReceipt(files, settings.dataFolder, remote.id, path));
    }
    const reason =
      early ??
      receiptReason(artifacts, receipts, { receiptAgeMs, now: run.clock.now() }) ??
      (await localReason(files, settings.dataFolder, hour));
    if (reason === undefined) candidates.push({ hour, receipts });
    else {
      kept[reason] += 1;
      if (reason === "localDiffers" || reason === "shared") {
        run.log.warn({ hour: nameOf(hour), reason }, `kept ${nameOf(hour)}: ${reason}`);
      }
    }
  }
  return candidates;
}

/** A receipt proves a copy of then; people tidy shared folders, so the look of just now decides. */
function judge(
  batch: readonly Candidate[],
  looks: ReadonlyMap<string, Look>,
  result: Pruned,
): SealedHour[] {
  const proven: SealedHour[] = [];
  for (const { hour } of batch) {
    const differing = artifactsOf(hour).flatMap((artifact) => {
      const look = looks.get(artifact.path) ?? { state: "absent", seen: [] };
      return look.state === "same"
        ? []
        : [{ path: artifact.path, problem: describeDifference(artifact, look) }];
    });
    if (differing.length === 0) proven.push(hour);
    else result.kept.remoteDiffers += 1;
    result.differing.push(...differing);
  }
  return proven;
}

// A receipt that no longer holds must not stand: offload would take the file for proven.
async function noteLooks(
  { run, remote }: PruneOptions,
  batch: readonly Candidate[],
  looks: ReadonlyMap<string, Look>,
): Promise<void> {
  for (const { hour, receipts } of batch) {
    for (const [position, artifact] of artifactsOf(hour).entries()) {
      const look = looks.get(artifact.path) ?? { state: "absent", seen: [] };
      const looked = { remote, look, before: receipts[position], now: run.clock.now() };
      const receipt = receiptAfter(artifact, looked);
      if (receipt !== undefined) await writeReceipt(run.files, run.settings.dataFolder, receipt);
    }
  }
}

function report({ run }: PruneOptions, hours: readonly SealedHour[], result: Pruned): void {
  for (const hour of hours) {
    run.log.info({ hour: nameOf(hour), bytes: bytesOf(hour) }, `would delete ${nameOf(hour)}`);
    countDeleted(result, hour);
  }
}

/**
 * The remote has just been seen to hold each of these files. They leave the archive first, and are deleted
 * only if the remote still shows them then: one that is this very folder by another name would not.
 */
async function remove(
  { run, remote }: PruneOptions,
  yard: Graveyard,
  hours: readonly SealedHour[],
  result: Pruned,
): Promise<void> {
  await noteDeletions({ run, remote }, hours);
  for (const hour of hours) await bury(yard, hour);
  const there = await lookOrTakeBack(remote, yard, hours);
  for (const hour of hours) {
    const gone = artifactsOf(hour).filter(({ path }) => !there.has(path));
    if (gone.length === 0) {
      await empty(yard, hour);
      countDeleted(result, hour);
      continue;
    }
    await unbury(yard, hour);
    result.kept.remoteDiffers += 1;
    for (const { path } of gone)
      result.differing.push({ path, problem: "its copy went when it was moved: is it one?" });
  }
}

/** What the manifest's hash names can be held against the remote, long after nothing of it is here. */
async function noteDeletions(
  { run, remote }: Pick<PruneOptions, "run" | "remote">,
  hours: readonly SealedHour[],
): Promise<void> {
  const notes = hours.map((hour) => {
    const about = { hour: nameOf(hour), bytes: bytesOf(hour), manifest: hour.manifest.sha256 };
    run.log.info(about, `deleting ${nameOf(hour)}: verified on ${remote.spec}`);
    return run.journal("delete", { remote: remote.spec, ...about });
  });
  const isDurable = (await Promise.all(notes)).every(Boolean);
  // On a disk so full that not even the journal's reserve is left, nothing but deleting makes room for it.
  if (!isDurable)
    run.log.warn({}, "the disk takes no journal line: it is written when the deletions made room");
}

async function lookOrTakeBack(
  remote: Remote,
  yard: Graveyard,
  hours: readonly SealedHour[],
): Promise<Set<string>> {
  try {
    return await stillThere(remote, hours.flatMap(artifactsOf));
  } catch (error) {
    for (const hour of hours) await unbury(yard, hour);
    throw error;
  }
}

function countDeleted(result: Pruned, hour: SealedHour): void {
  result.hours += 1;
  result.files += artifactsOf(hour).length;
  result.bytes += bytesOf(hour);
  result.deleted.push(nameOf(hour));
}

function bytesOf(hour: SealedHour): number {
  return artifactsOf(hour).reduce((sum, { bytes }) => sum + bytes, 0);
}

function nameOf({ venue, stream, hour }: SealedHour): string {
  return `${venue}/${stream}/${hour}`;
}
