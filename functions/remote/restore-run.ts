/**
 * The steps of one restore: what others say of the files, then the manifests, what lies beside the hours, and the
 * hours themselves, each proven before it takes its place.
 */
import type { Run } from "../../runtime/function.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { archiveFolder } from "../archive/layout.ts";
import { makeDurableFolder, settleNames } from "../../runtime/durable.ts";
import { Ledger } from "./ledger.ts";
import { localPath } from "./named.ts";
import type { Remote, RemoteRun } from "./remote.ts";
import { readUploads, restoreBeside } from "./restore-beside.ts";
import { restoreHours } from "./restore-hours.ts";
import { restoreUndescribed } from "./restore-undescribed.ts";
import { bringManifests } from "./restore-manifests.ts";
import {
  isWhole,
  type Objects,
  planRestore,
  type RestoreFilter,
  type RestorePlan,
} from "./restore-plan.ts";
import { openStaging, type Staging } from "./staging.ts";

export interface RestoreOptions {
  run: RemoteRun & Pick<Run, "clock" | "log" | "progress">;
  remote: Remote;
  filter: RestoreFilter;
  dryRun: boolean;
  /** What cannot be restored as it was. */
  find(code: string, path: string, detail: string): void;
}

export interface Restored {
  /** Of which something was brought, or in a dry run would be. */
  hours: number;
  files: number;
  bytes: number;
  /** Hours that were here already, whole. */
  present: number;
  /** Hours brought without a manifest, since none had been written: build-manifest comes next. */
  undescribed: number;
  /** Objects of other collectors, which were left alone. */
  others: Record<string, number>;
}

export interface Restoring extends RestoreOptions {
  plan: RestorePlan;
  ledger: Ledger;
  staging: Staging;
  result: Restored;
  /** Of the plan's files, for the bar. */
  done(files: number): void;
}

export async function restore(options: RestoreOptions): Promise<Restored> {
  const { run, remote, filter, dryRun } = options;
  const plan = await planRestore(remote, filter);
  const others = Object.fromEntries(plan.others);
  const result: Restored = { hours: 0, files: 0, bytes: 0, present: 0, undescribed: 0, others };
  const missing = await missingHere(options, plan);
  if (dryRun) return { ...result, ...missing };
  await refuseWithoutRoom(options, missing.bytes);

  const staging = openStaging(run, remote, "restoring");
  const total = countFiles(plan);
  let files = 0;
  const done = (more: number): void => {
    files += more;
    run.progress(Math.min(files, total), total, "files");
  };
  const restoring = { ...options, plan, staging, result, ledger: new Ledger(), done };
  await readUploads(restoring);
  const manifests = await bringManifests(restoring);
  // Labels first: no hour is to look sound for a moment that was called invalid.
  await restoreBeside(restoring, plan.beside);
  await restoreHours(restoring, manifests);
  await restoreUndescribed(restoring, manifests);
  // They name every hour that was sent: with a part of them alone, verify would miss the others.
  if (isWhole(filter)) await restoreBeside(restoring, plan.uploads);
  // What was here already is good for nothing if it goes with the power.
  const here = pathsOf(plan).map((path) => localPath(run.settings.dataFolder, path));
  await settleNames(run.files, here);
  await staging.clear();
  return result;
}

function pathsOf({ hours, beside, uploads }: RestorePlan): string[] {
  const paths = [...beside.keys(), ...uploads.keys()];
  for (const { objects } of hours.values())
    for (const [object] of objects.values()) if (object !== undefined) paths.push(object.path);
  return paths;
}

function countFiles({ hours, beside, uploads }: RestorePlan): number {
  const ofHours = [...hours.values()].reduce((sum, { objects }) => sum + objects.size, 0);
  return ofHours + beside.size + uploads.size;
}

async function missingHere(
  { run, filter }: RestoreOptions,
  plan: RestorePlan,
): Promise<Pick<Restored, "hours" | "files" | "bytes">> {
  const missing = { hours: 0, files: 0, bytes: 0 };
  const look = async (objects: Objects): Promise<boolean> => {
    const [object] = objects;
    const path = localPath(run.settings.dataFolder, object?.path ?? "");
    if (object === undefined || (await run.files.stat(path)) !== undefined) return false;
    missing.files += 1;
    missing.bytes += object.bytes;
    return true;
  };
  for (const { objects } of plan.hours.values()) {
    const looks = [];
    for (const each of objects.values()) looks.push(await look(each));
    if (looks.includes(true)) missing.hours += 1;
  }
  const beside = [...plan.beside.values(), ...(isWhole(filter) ? plan.uploads.values() : [])];
  for (const objects of beside) await look(objects);
  return missing;
}

// What recording goes on with, at least: its own marks are above that.
const marginBytes = 256 * 1024 * 1024;

async function refuseWithoutRoom({ run }: RestoreOptions, bytes: number): Promise<void> {
  const folder = archiveFolder(run.settings.dataFolder);
  await makeDurableFolder(run.files, folder);
  const { freeBytes } = await run.files.space(folder);
  if (bytes + marginBytes <= freeBytes) return;
  const mb = (count: number): string =>
    `${Math.ceil(count / 1024 / 1024).toLocaleString("en-US")} MB`;
  throw new OperatorError("NO_ROOM", {
    message: `${mb(bytes)} are to be brought, and ${mb(marginBytes)} must stay free; ${mb(freeBytes)} are`,
    safe: "Nothing was brought, changed or deleted.",
    next: "npm run fn -- restore --from DATE for the newest hours alone, or HOURBOOK_DATA on a larger disk",
  });
}
