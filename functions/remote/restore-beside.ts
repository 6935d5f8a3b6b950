/** Brings what lies beside the hours: data packages, labels, reports, incidents and upload manifests. */
import { discardTemporary } from "../../runtime/durable.ts";
import { messageOf } from "../../runtime/errors.ts";
import { digestFile } from "./digest.ts";
import { localPath } from "./named.ts";
import { placeFile } from "./placing.ts";
import { noteBrought } from "./restored-receipts.ts";
import type { Objects } from "./restore-plan.ts";
import type { Restoring } from "./restore-run.ts";
import type { Wanted } from "./staging.ts";

const filesPerBatch = 400;

/** What was uploaded, as it was said then: so each file is held against more than what the remote says of it now. */
export async function readUploads(restoring: Restoring): Promise<void> {
  const { plan, staging, run, ledger, find } = restoring;
  for (const batch of batches(plan.uploads)) {
    const brought = await staging.bring(batch.map(firstOf));
    for (const [path, found] of brought) {
      // What cannot be brought is found again when it is to get its place.
      if ("problem" in found) continue;
      try {
        ledger.addUpload((await run.files.read(staging.at(path))).toString(), path);
      } catch (error) {
        run.signal.throwIfAborted();
        find("REMOTE_DIFFERS", path, `it is no upload manifest: ${messageOf(error)}`);
      }
    }
  }
}

export async function restoreBeside(
  restoring: Restoring,
  named: ReadonlyMap<string, Objects>,
): Promise<void> {
  for (const batch of batches(named)) {
    restoring.run.signal.throwIfAborted();
    const absent: Wanted[] = [];
    for (const each of batch) if (await isAbsent(restoring, each)) absent.push(firstOf(each));
    const brought = await restoring.staging.bring(absent);
    for (const { path } of absent) {
      const found = brought.get(path) ?? { problem: "it did not come" };
      if ("problem" in found) restoring.find("REMOTE_DIFFERS", path, found.problem);
      else await settle(restoring, { path, ...found.digest }, named.get(path) ?? []);
    }
    restoring.done(batch.length);
  }
}

type Named = readonly [path: string, objects: Objects];

/** What is here stays; it is told where it is another than the remote's. */
async function isAbsent(
  { run, ledger, find }: Restoring,
  [path, [object]]: Named,
): Promise<boolean> {
  const local = localPath(run.settings.dataFolder, path);
  if ((await run.files.stat(local)) === undefined) return true;
  // Killed between giving the file its name and this.
  await discardTemporary(run.files, local);
  const { bytes, sha256, md5 } = await digestFile(run.files, local, run.signal);
  const isSame =
    bytes === object?.bytes && (object.sha256 ?? sha256) === sha256 && (object.md5 ?? md5) === md5;
  // A remote that knows no hashes lets anything of the same size pass.
  const isAsSent = ledger.problemOf(path, sha256) === undefined;
  if (!isSame || !isAsSent)
    find("LOCAL_DIFFERS", path, "it is here, other than on the remote, and was left alone");
  return false;
}

async function settle(
  restoring: Restoring,
  artifact: { path: string; bytes: number; sha256: string; md5: string },
  objects: Objects,
): Promise<void> {
  const { run, staging, ledger, find, result } = restoring;
  const problem = ledger.problemOf(artifact.path, artifact.sha256);
  if (problem !== undefined) {
    find("REMOTE_DIFFERS", artifact.path, problem);
    return;
  }
  const { files, settings } = run;
  const local = localPath(settings.dataFolder, artifact.path);
  await placeFile({ files, dataFolder: settings.dataFolder, staging }, artifact.path, local);
  await noteBrought(restoring, artifact, objects);
  result.files += 1;
  result.bytes += artifact.bytes;
}

function firstOf([path, [object]]: Named): Wanted {
  return object ?? { path };
}

function* batches(named: ReadonlyMap<string, Objects>): Generator<Named[]> {
  const all = [...named];
  for (let start = 0; start < all.length; start += filesPerBatch)
    yield all.slice(start, start + filesPerBatch);
}
