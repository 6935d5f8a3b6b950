/** The steps of one offload run, batch by batch: each is recorded before the next, so a kill costs one. */
import type { Run } from "../../runtime/function.ts";
import { archiveFolder } from "../archive/layout.ts";
import { type Delivery, type FileState, type Outcome, type Parcel, deliver } from "./deliver.ts";
import { looseFolders, removeLeftovers, uploadsFolder } from "./loose-files.ts";
import {
  type Archive,
  daysToOffload,
  type HourWork,
  hoursToOffload,
  looseToOffload,
  type Work,
} from "./offload-work.ts";
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

export interface Offloaded {
  /** Every file that should be there, by what it came to. */
  files: Record<FileState, number>;
  /** Of the verified: copied in this run, and found there without a receipt. */
  copied: number;
  found: number;
  copiedBytes: number;
  uploadManifests: string[];
  /** In a dry run: what would be copied. */
  wouldCopy: string[];
  problems: { path: string; state: FileState; problem: string }[];
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
  #done = 0;
  /** Settled, and not recorded yet. */
  #unrecorded: Outcome[] = [];
  result: Offloaded = {
    files: {
      verified: 0,
      pending: 0,
      "uploaded-unverified": 0,
      conflict: 0,
      duplicate: 0,
      failed: 0,
      refused: 0,
    },
    copied: 0,
    found: 0,
    copiedBytes: 0,
    uploadManifests: [],
    wouldCopy: [],
    problems: [],
  };

  constructor(options: OffloadOptions) {
    const { files, settings } = options.run;
    this.#options = options;
    this.#archive = {
      files,
      dataFolder: settings.dataFolder,
      collector: settings.collector,
      remoteId: options.remote.id,
    };
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
    this.#count("verified", work.proven);
    this.#count("pending", work.left);
    for (const { path, problem } of work.damaged) this.#problem(path, "refused", problem);
    const total = work.todo.reduce((sum, hour) => sum + parcelsOf(hour).length, 0);
    this.#filesTaken = total;
    for (const batch of chunks(work.todo, hoursPerBatch)) {
      run.signal.throwIfAborted();
      await this.#settle(await this.#deliverHours(batch));
      this.#done += batch.flatMap(parcelsOf).length;
      run.progress(this.#done, total, "files");
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
  async #deliverHours(batch: readonly HourWork[]): Promise<Outcome[]> {
    const root = archiveFolder(this.#archive.dataFolder);
    if (this.#options.dryRun) return deliver(this.#options, root, batch.flatMap(parcelsOf));
    const outcomes = await deliver(
      this.#options,
      root,
      batch.flatMap(({ files }) => files),
    );
    const verified = new Set(
      outcomes.filter(({ state }) => state === "verified").map(({ artifact }) => artifact.path),
    );
    const isComplete = (hour: HourWork): boolean =>
      hour.files.every(({ artifact }) => verified.has(artifact.path));
    const [ready, waiting] = [batch.filter(isComplete), batch.filter((hour) => !isComplete(hour))];
    const manifests = await deliver(this.#options, root, ready.flatMap(manifestOf));
    const later = waiting
      .flatMap(manifestOf)
      .map(({ artifact }) => ({ artifact, state: "pending" as const }));
    return [...outcomes, ...manifests, ...later];
  }

  async #deliverFiles(root: string, work: Work<Parcel>): Promise<void> {
    this.#count("verified", work.proven);
    this.#count("pending", work.left);
    for (const batch of chunks(work.todo, filesPerBatch)) {
      this.#options.run.signal.throwIfAborted();
      await this.#settle(await deliver(this.#options, root, batch));
    }
  }

  async #settle(outcomes: readonly Outcome[]): Promise<void> {
    if (this.#unrecorded.length >= filesPerBatch) await this.record();
    this.#unrecorded.push(...outcomes);
    for (const outcome of outcomes) this.#add(outcome);
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

  #add({ artifact, state, how, problem }: Outcome): void {
    if (problem !== undefined) {
      this.#problem(artifact.path, state, problem);
      return;
    }
    this.#count(state, 1);
    if (state === "pending" && this.#options.dryRun) this.result.wouldCopy.push(artifact.path);
    if (state !== "verified") return;
    if (how === "found") this.result.found += 1;
    else {
      this.result.copied += 1;
      this.result.copiedBytes += artifact.bytes;
    }
  }

  #problem(path: string, state: FileState, problem: string): void {
    this.#count(state, 1);
    this.result.problems.push({ path, state, problem });
    this.#options.run.log.warn({ path, state, problem }, `${path}: ${state}: ${problem}`);
  }

  #count(state: FileState, files: number): void {
    this.result.files[state] += files;
  }
}

// An upload manifest that names upload manifests would have to be uploaded, and named in the next.
function isNamed({ state, artifact }: Outcome): boolean {
  return state === "verified" && !artifact.path.startsWith(`${uploadsFolder}/`);
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
