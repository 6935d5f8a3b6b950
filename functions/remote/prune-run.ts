/** The steps of one prune run: what may go by what is known here, by what the remote holds now, and going. */
import type { Run } from "../../runtime/function.ts";
import { describeDifference } from "./deliver.ts";
import { type Graveyard, findGraves, settleGraves } from "./graves.ts";
import { type ReasonToKeep, artifactsOf, reasonsToKeep } from "./keep.ts";
import { type Look, lookAt } from "./look.ts";
import { type Candidate, bytesOf, candidateOf, nameOf, sortHours } from "./prune-candidates.ts";
import { pruneDays } from "./prune-days.ts";
import { countDeleted, remove } from "./prune-remove.ts";
import type { Remote, RemoteRun } from "./remote.ts";
import { receiptAfter, removeHalfReceipts, writeReceipt } from "./receipts.ts";
import type { SealedHour } from "./sealed-hours.ts";

export interface PruneOptions {
  run: RemoteRun & Pick<Run, "clock" | "log" | "journal" | "progress">;
  remote: Remote;
  dryRun: boolean;
  keepDates: number;
  receiptAgeMs: number;
  /** With less room than this, hours within `keepDates` go too. */
  freeWantedBytes: number;
}

export interface Pruned {
  /** Deleted, or in a dry run such as would be. */
  hours: number;
  files: number;
  bytes: number;
  deleted: string[];
  /** Of the hours: within `keepDates`, gone to make room. */
  forRoom: number;
  /** On the data folder's disk: before, wanted, and with what was deleted. */
  freeBytes: { before: number; wanted: number; after: number };
  /** Hours by the reason that keeps them. */
  kept: Record<ReasonToKeep, number>;
  /** Hours whose deletion a killed run had begun, now ended or taken back. */
  resumed: number;
  differing: { path: string; problem: string }[];
}

/** Of a small disk, no more than this is wanted free. */
const freeShareMax = 0.15;

export async function prune(options: PruneOptions): Promise<Pruned> {
  const { run, remote, dryRun } = options;
  const { dataFolder } = run.settings;
  const yard = { files: run.files, dataFolder };
  const { freeBytes, totalBytes } = await run.files.space(dataFolder);
  const wanted = Math.min(options.freeWantedBytes, totalBytes * freeShareMax);
  const result: Pruned = {
    hours: 0,
    files: 0,
    bytes: 0,
    deleted: [],
    forRoom: 0,
    freeBytes: { before: freeBytes, wanted, after: freeBytes },
    kept: Object.fromEntries(reasonsToKeep.map((reason) => [reason, 0])) as Pruned["kept"],
    resumed: dryRun ? (await findGraves(yard)).length : await settleGraves(yard),
    differing: [],
  };
  if (!dryRun) await removeHalfReceipts(run.files, dataFolder, remote.id);
  const { due, spare } = await sortHours(options, result);
  await new Pruning(options, yard, result).all(due);
  const before = result.hours;
  await new Pruning(options, yard, result).untilRoom(spare);
  result.forRoom = result.hours - before;
  await pruneDays(options, result);
  return result;
}

// One listing for each: few enough that the look is minutes old at most when the deletion comes.
const hoursPerBatch = 50;

class Pruning {
  #options: PruneOptions;
  #yard: Graveyard;
  #result: Pruned;

  constructor(options: PruneOptions, yard: Graveyard, result: Pruned) {
    this.#options = options;
    this.#yard = yard;
    this.#result = result;
  }

  async all(hours: readonly SealedHour[]): Promise<void> {
    const candidates: Candidate[] = [];
    for (const hour of hours) {
      const candidate = await candidateOf(this.#options, this.#result, hour);
      if (candidate !== undefined) candidates.push(candidate);
    }
    for (let start = 0; start < candidates.length; start += hoursPerBatch) {
      const batch = candidates.slice(start, start + hoursPerBatch);
      await this.#prune(batch, "age");
      this.#options.run.progress(start + batch.length, candidates.length, "hours");
    }
  }

  /** Oldest first, each proven like any other, and no more than it takes. */
  async untilRoom(spare: readonly SealedHour[]): Promise<void> {
    const { kept } = this.#result;
    const rest = [...spare];
    while (this.#shortBytes() > 0 && rest.length > 0) {
      const batch: Candidate[] = [];
      let bytes = 0;
      while (bytes < this.#shortBytes() && batch.length < hoursPerBatch && rest.length > 0) {
        const hour = rest.shift() as SealedHour;
        const candidate = await candidateOf(this.#options, this.#result, hour);
        if (candidate === undefined) continue;
        batch.push(candidate);
        bytes += bytesOf(hour);
      }
      await this.#prune(batch, "room");
    }
    kept.recent += rest.length;
  }

  /** Counted, not asked for again: what others write meanwhile must not cost more hours. */
  #shortBytes(): number {
    const { freeBytes, bytes } = this.#result;
    freeBytes.after = freeBytes.before + bytes;
    return freeBytes.wanted - freeBytes.after;
  }

  async #prune(batch: readonly Candidate[], why: "age" | "room"): Promise<void> {
    const { run, remote, dryRun } = this.#options;
    run.signal.throwIfAborted();
    const artifacts = batch.flatMap(({ hour }) => artifactsOf(hour));
    const looks = await lookAt(remote, artifacts);
    const proven = judge(batch, looks, this.#result);
    if (dryRun) report(this.#options, proven, this.#result);
    else {
      const gone = await remove({ ...this.#options, yard: this.#yard, why }, proven, this.#result);
      for (const path of gone) looks.set(path, { state: "absent", seen: [] });
      // After the deletions: on a full disk nothing can be written before.
      await noteLooks(this.#options, batch, looks);
    }
  }
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
