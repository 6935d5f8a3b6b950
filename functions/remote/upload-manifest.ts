/** What a run brought to the remote: `uploads/<collector>/<date>/<run>.json`, written once, there as here. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { settleNames, writeOnce } from "../../runtime/durable.ts";
import { iso } from "../../runtime/time.ts";
import type { Outcome } from "./deliver.ts";
import { uploadsFolder } from "./loose-files.ts";
import type { Remote } from "./remote.ts";

interface UploadRun {
  files: Files;
  dataFolder: string;
  collector: string;
  runId: string;
  /** A long run writes several: the second is number 2. */
  number: number;
  now: number;
}

/** Returns its path, relative to the data folder. */
export async function writeUploadManifest(
  upload: UploadRun,
  remote: Remote,
  verified: readonly Outcome[],
): Promise<string> {
  const { files, dataFolder, collector, runId, number, now } = upload;
  const name = number === 1 ? runId : `${runId}.${number}`;
  const path = `${uploadsFolder}/${collector}/${iso(now).slice(0, 10)}/${name}.json`;
  const manifest = {
    schema: 1,
    kind: "upload",
    collector,
    run: runId,
    remote: remote.id,
    spec: remote.spec,
    written: iso(now),
    files: verified.map(({ artifact, how, receipt }) => ({
      path: artifact.path,
      bytes: artifact.bytes,
      sha256: artifact.sha256,
      md5: artifact.md5,
      how,
      verified: receipt?.verified,
      id: receipt?.seen[0]?.id,
    })),
  };
  await writeOnce(
    files,
    join(dataFolder, path),
    Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`),
  );
  await settleNames(files, [join(dataFolder, path)]);
  return path;
}
