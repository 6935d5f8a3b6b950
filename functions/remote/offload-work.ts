/** What is still to be brought to a remote, read off the disk: files without a receipt that proves them. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { errnoOf, messageOf } from "../../runtime/errors.ts";
import { hourMs, hourStart } from "../../runtime/time.ts";
import { archiveFolder, listDays } from "../archive/layout.ts";
import type { Parcel } from "./deliver.ts";
import { digestFile } from "./digest.ts";
import type { Artifact } from "./look.ts";
import { looseFiles } from "./loose-files.ts";
import { isPlain } from "./named.ts";
import { isProof, readReceipt } from "./receipts.ts";
import { findHours } from "./sealed-hours.ts";

export interface Archive {
  files: Files;
  dataFolder: string;
  collector: string;
  remoteId: string;
}

export interface HourWork {
  /** Data, index and sums, as far as they are not proven. */
  files: Parcel[];
  manifest: Parcel | undefined;
}

export interface Work<T> {
  todo: T[];
  /** Files with a receipt that proves them. */
  proven: number;
  /** Files that the bounds leave to the next run. */
  left: number;
  /** What cannot be relied on here, and is not sent. */
  damaged: { path: string; problem: string }[];
}

export interface HourBounds {
  /** Hours that ended later are not looked at. Epoch ms. */
  asOf: number;
  hoursMax: number;
  filesMax: number;
}

export async function hoursToOffload(
  archive: Archive,
  bounds: HourBounds,
): Promise<Work<HourWork>> {
  const work: Work<HourWork> = { todo: [], proven: 0, left: 0, damaged: [] };
  let files = 0;
  for await (const found of findHours(archive.files, archive.dataFolder, archive.collector)) {
    if (found.state === "unfinished" || hourStart(found.hour.hour) + hourMs > bounds.asOf) continue;
    if (found.state === "damaged") {
      work.damaged.push({ path: found.path, problem: found.problem });
      continue;
    }
    const { hour } = found;
    const parcels = await unproven(archive, hour.files);
    const [manifest] = await unproven(archive, [hour.manifest]);
    const open = parcels.length + (manifest === undefined ? 0 : 1);
    work.proven += hour.files.length + 1 - open;
    if (open === 0) continue;
    if (work.todo.length >= bounds.hoursMax || files + open > bounds.filesMax) {
      work.left += open;
      continue;
    }
    files += open;
    work.todo.push({ files: parcels, manifest });
  }
  return work;
}

/** Files outside the archive, of these folders. */
export async function looseToOffload(
  archive: Archive,
  folders: readonly string[],
  filesMax: number,
): Promise<Work<Parcel>> {
  const { files, dataFolder } = archive;
  const work: Work<Parcel> = { todo: [], proven: 0, left: 0, damaged: [] };
  for (const folder of folders) {
    for await (const path of looseFiles(files, dataFolder, folder))
      await addLoose(work, archive, { root: dataFolder, path, filesMax });
  }
  return work;
}

/** The days' data packages, which lie in the archive beside the hours. */
export async function daysToOffload(archive: Archive, filesMax: number): Promise<Work<Parcel>> {
  const { files, dataFolder, collector } = archive;
  const work: Work<Parcel> = { todo: [], proven: 0, left: 0, damaged: [] };
  for (const path of await listDays(files, dataFolder, collector))
    await addLoose(work, archive, { root: archiveFolder(dataFolder), path, filesMax });
  return work;
}

interface Loose {
  root: string;
  path: string;
  filesMax: number;
}

async function addLoose(
  work: Work<Parcel>,
  { files, dataFolder, remoteId }: Archive,
  { root, path, filesMax }: Loose,
): Promise<void> {
  if (!isPlain(path)) {
    work.damaged.push({ path, problem: "no name that restore would bring back: rename it" });
    return;
  }
  const full = join(root, path);
  const before = await readReceipt(files, dataFolder, remoteId, path);
  // Written once under unique names, so the size tells enough and spares reading them at every run.
  if (before?.state === "verified" && (await files.stat(full))?.bytes === before.bytes)
    work.proven += 1;
  else if (work.todo.length >= filesMax) work.left += 1;
  else {
    try {
      work.todo.push({ artifact: { path, ...(await digestFile(files, full)) }, before });
    } catch (error) {
      // Whatever somebody left here, a link, a folder's name: it must not keep the others from leaving.
      if (errnoOf(error) === undefined) throw error;
      work.damaged.push({ path, problem: messageOf(error) });
    }
  }
}

async function unproven(archive: Archive, artifacts: readonly Artifact[]): Promise<Parcel[]> {
  const parcels: Parcel[] = [];
  for (const artifact of artifacts) {
    const before = await readReceipt(
      archive.files,
      archive.dataFolder,
      archive.remoteId,
      artifact.path,
    );
    if (!isProof(before, artifact)) parcels.push({ artifact, before });
  }
  return parcels;
}
