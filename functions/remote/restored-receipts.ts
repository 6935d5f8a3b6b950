/** Receipts for what was brought: its bytes came from there, so the remote holds them. */
import type { Run } from "../../runtime/function.ts";
import type { Artifact } from "./look.ts";
import type { Remote, RemoteFile, RemoteRun } from "./remote.ts";
import { readReceipt, receiptAfter, writeReceipt } from "./receipts.ts";

interface Bringing {
  run: RemoteRun & Pick<Run, "clock">;
  remote: Remote;
}

/** `seen`: every object of that name, as listed. */
export async function noteBrought(
  { run, remote }: Bringing,
  artifact: Artifact,
  seen: readonly RemoteFile[],
): Promise<void> {
  const { files, settings, clock } = run;
  const before = await readReceipt(files, settings.dataFolder, remote.id, artifact.path);
  const look =
    seen.length > 1
      ? ({ state: "several", seen } as const)
      : ({ state: "same", proof: "read-back", seen } as const);
  const receipt = receiptAfter(artifact, { remote, look, before, now: clock.now() });
  if (receipt !== undefined) await writeReceipt(files, settings.dataFolder, receipt);
}
