/** The steps of one offload run, batch by batch: each is recorded before the next, so a kill costs one. */
import type { Run } from "../../runtime/function.ts";
import { archiveFolder } from "../archive/layout.ts";
import { type Delivery, type Outcome, type Parcel, deliver } from "./deliver.ts";
import { looseFolders, removeLeftovers, uploadsFolder } from "./loose-files.ts";
import {
  type Archive,
  daysToOffload,
  type HourWork,
  hoursToOffload,
  looseToOffload,
  type Work,
} from "./offload-work.ts";
import { type Offloaded, OffloadTally } from "./offload-tally.ts";
import type { RemoteRun } from "./remote.ts";
import { writeReceipt } from "./receipts.ts";
import { writeUploadManifest } from "./upload-manifest.ts";

export interface OffloadBounds {
  hoursMax: number;
  filesMax: number;
}

export interface OffloadOptions extends Delivery {
  run: RemoteRun & Pick<Run, "id" | "clock" | "log" | "asOf" | "progress">;
  bounds: OffloadBounds;
}

// So many that starting a process for each step costs nothing, so few that a kill costs minutes at most.
const hoursPerBatch = 100;
const filesPerBatch = 400;

export async function offload(options: OffloadOptions): Promise<Offloaded> {
  const run = new OffloadRun(options);
  await run.tidy();
  try {
    await run.hours();
    await run.loose();
  } finally {
    // What was proven before the remote went away stays proven.
    await run.record();
  }
  await run.uploads();
  return run.result;
}

class OffloadRun {
  #options: OffloadOptions;
  #archive: Archive;
  #filesTaken = 0;
  #tally: OffloadTally;
  /** Of the batches before this one. */
  #bytesDone = 0;
  /** Settled, and not recorded yet. */
  #unrecorded: Outcome[] = [];

  constructor(options: OffloadOptions) {
    const { files, settings, log } = options.run;
    this.#options = options;
    this.#tally = new OffloadTally(log);
    this.#archive = {
      files,
      dataFolder: settings.dataFolder,
      collector: settings.collector,
      remoteId: options.remote.id,
    };
  }

  get result(): Offloaded {
    return this.#tally.result;
  }

  async tidy(): Promise<void> {
    if (this.#options.dryRun) return;
    const { files, dataFolder } = this.#archive;
    for (const folder of [...looseFolders, uploadsFolder])
      await removeLeftovers(files, dataFolder, folder);
  }

  async hours(): Promise<void> {
    const { run, bounds } = this.#options;
    const work = await hoursToOffload(this.#archive, { asOf: run.asOf, ...bounds });
    this.#begin(work);
    const all = work.todo.flatMap(parcelsOf);
    this.#filesTaken = all.length;
    const totalBytes = bytesOf(all);
    for (const batch of chunks(work.todo, hoursPerBatch)) {
      const parcels = batch.flatMap(parcelsOf);
      if (this.#isOver(parcels)) continue;
      await this.#settle(await this.#deliverHours(batch, totalBytes));
      this.#bytesDone += bytesOf(parcels);
    }
  }

  async loose(): Promise<void> {
    const { dataFolder } = this.#archive;
    const filesMax = Math.max(0, this.#options.bounds.filesMax - this.#filesTaken);
    // After the hours that they list.
    await this.#deliverFiles(
      archiveFolder(dataFolder),
      await daysToOffload(this.#archive, filesMax),
    );
    await this.#deliverFiles(
      dataFolder,
      await looseToOffload(this.#archive, looseFolders, filesMax),
    );
  }

  // After everything that writes one: so the remote holds the upload manifests of this very run too.
  async uploads(): Promise<void> {
    const work = await looseToOffload(this.#archive, [uploadsFolder], Number.POSITIVE_INFINITY);
    await this.#deliverFiles(this.#archive.dataFolder, work);
    await this.record();
  }

  /** Data, index and sums first: where a manifest is, on the remote too, its hour is complete. */
  async #deliverHours(batch: readonly HourWork[], totalBytes: number): Promise<Outcome[]> {
    const root = archiveFolder(this.#archive.dataFolder);
    const parcels = batch.flatMap(({ files }) => files);
    const outcomes = await deliver(this.#delivery(totalBytes), root, parcels);
    const arrived = new Set(outcomes.filter(isThere).map(({ artifact }) => artifact.path));
    const isOver = outcomes.some(({ state }) => state === "quota");
    const isComplete = ({ files }: HourWork): boolean =>
      !isOver && files.every(({ artifact }) => arrived.has(artifact.path));
    const manifests = batch.filter(isComplete).flatMap(manifestOf);
    const later = batch.filter((hour) => !isComplete(hour)).flatMap(manifestOf);
    const sent = await deliver(this.#options, root, manifests);
    return [
      ...outcomes,
      ...sent,
      ...later.map(({ artifact }) => ({ artifact, state: "pending" as const })),
    ];
  }

  async #deliverFiles(root: string, work: Work<Parcel>): Promise<void> {
    this.#begin(work);
    for (const batch of chunks(work.todo, filesPerBatch)) {
      if (!this.#isOver(batch)) await this.#settle(await deliver(this.#options, root, batch));
    }
  }

  #begin({ proven, left, damaged }: Work<unknown>): void {
    this.#tally.count("verified", proven);
    this.#tally.count("pending", left);
    for (const { path, problem } of damaged) this.#tally.problem(path, "refused", problem);
  }

  /** Once the remote takes no more, nothing more is asked of it: the next run begins where this one stopped. */
  #isOver(parcels: readonly Parcel[]): boolean {
    this.#options.run.signal.throwIfAborted();
    if (this.result.limit === null) return false;
    this.#tally.count("pending", parcels.length);
    return true;
  }

  #delivery(totalBytes: number): Delivery {
    const { run } = this.#options;
    const onBytes = (bytes: number): void =>
      run.progress(megabytes(this.#bytesDone + bytes), megabytes(totalBytes), "MB");
    return { ...this.#options, onBytes };
  }

  async #settle(outcomes: readonly Outcome[]): Promise<void> {
    if (this.#unrecorded.length >= filesPerBatch) await this.record();
    this.#unrecorded.push(...outcomes);
    for (const outcome of outcomes) this.#tally.add(outcome);
  }

  /** The upload manifest before the receipts: after a kill between, the files are found again and named. */
  async record(): Promise<void> {
    const outcomes = this.#unrecorded.splice(0);
    if (this.#options.dryRun) return;
    const { run, remote } = this.#options;
    const named = outcomes.filter(isNamed);
    if (named.length > 0) {
      const number = this.result.uploadManifests.length + 1;
      const upload = { ...this.#archive, runId: run.id, number, now: run.clock.now() };
      this.result.uploadManifests.push(await writeUploadManifest(upload, remote, named));
    }
    for (const { receipt } of outcomes) {
      if (receipt !== undefined) await writeReceipt(run.files, this.#archive.dataFolder, receipt);
    }
  }
}

// An upload manifest that names upload manifests would have to be uploaded, and named in the next.
function isNamed({ state, artifact }: Outcome): boolean {
  return state === "verified" && !artifact.path.startsWith(`${uploadsFolder}/`);
}

/** There, or in a dry run: it would be. */
function isThere({ state, how }: Outcome): boolean {
  return state === "verified" || (state === "pending" && how === "copied");
}

function bytesOf(parcels: readonly Parcel[]): number {
  return parcels.reduce((sum, { artifact }) => sum + artifact.bytes, 0);
}

/** With one decimal. */
function megabytes(bytes: number): number {
  return Math.round(bytes / 100_000) / 10;
}

function parcelsOf(hour: HourWork): Parcel[] {
  return [...hour.files, ...manifestOf(hour)];
}

function manifestOf({ manifest }: HourWork): Parcel[] {
  return manifest === undefined ? [] : [manifest];
}

function* chunks<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}
