/**
 * While rclone copies, a note says so: `receipts/<remote>/.copying`. A run that finds it was preceded by one that was
 * killed, and whose rclone may have had its last word a second later, or whose last file a listing may not show yet.
 * A copy begun at once would bring that file a second time, under the same name.
 */
import { join } from "node:path";
import { sleep } from "../../runtime/doors/clock.ts";
import { removeIfThere, replaceFile } from "../../runtime/durable.ts";
import type { Run } from "../../runtime/function.ts";
import { iso, secondMs } from "../../runtime/time.ts";
import { receiptsFolder } from "./receipts.ts";
import type { Remote, RemoteRun } from "./remote.ts";

type NoteRun = RemoteRun & Pick<Run, "clock" | "log">;

/** rclone speaks every second, and a file in flight is listed within a few. */
export const quietMs = 10 * secondMs;

/** Returns what to call when the copy came back, whatever came of it. */
export async function beginCopy(run: NoteRun, remote: Remote): Promise<() => Promise<void>> {
  // A folder's copy has no life of its own, and gives a file its name once.
  if (remote.kind === "dir") return async () => {};
  const path = join(receiptsFolder(run.settings.dataFolder, remote.id), ".copying");
  await waitFor(run, path);
  await replaceFile(run.files, path, Buffer.from(`${iso(run.clock.now())}\n`));
  return () => removeIfThere(run.files, path);
}

async function waitFor({ files, clock, log, signal }: NoteRun, path: string): Promise<void> {
  if ((await files.stat(path)) === undefined) return;
  log.info({}, `a copy was cut off: waiting ${quietMs / secondMs} s for what it may still bring`);
  await sleep(clock, quietMs, signal);
}
