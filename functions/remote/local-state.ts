/** Whether a file is here already, the same. */
import { digestFile } from "./digest.ts";
import type { Artifact } from "./look.ts";
import { localPath } from "./named.ts";
import { isProof, readReceipt } from "./receipts.ts";
import type { Remote, RemoteRun } from "./remote.ts";

export type LocalState = "absent" | "same" | "different";

interface Here {
  run: RemoteRun;
  remote: Pick<Remote, "id">;
}

/** With a receipt its size tells enough, and spares reading all of it each time; else it is read. */
export async function localState({ run, remote }: Here, artifact: Artifact): Promise<LocalState> {
  const { files, settings, signal } = run;
  const path = localPath(settings.dataFolder, artifact.path);
  const stat = await files.stat(path);
  if (stat === undefined) return "absent";
  if (stat.bytes !== artifact.bytes) return "different";
  const receipt = await readReceipt(files, settings.dataFolder, remote.id, artifact.path);
  if (isProof(receipt, artifact)) return "same";
  return (await digestFile(files, path, signal)).sha256 === artifact.sha256 ? "same" : "different";
}
