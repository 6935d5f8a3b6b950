/** Files on their way through one rclone: how far it is, what it says of each, and when there is no use going on. */
import type { Ended } from "../../runtime/doors/children.ts";
import { copyLog, isOfDisk } from "./rclone-log.ts";
import type { RcloneCall } from "./rclone-process.ts";
import type { CopyOptions, CopyReport } from "./remote.ts";

/** With rclone's 8 MiB for each and no read-ahead, which a local file does not need: 84 MB for four large files. */
const transfers = 4;
/** rclone's own: the whole batch again for what failed. */
const retries = 3;
/**
 * So often rclone says how far it is. It is also how long it outlives a process that was killed: its next word has
 * nowhere to go, and ends it.
 */
const statsEvery = "1s";

/** Flags of the copy. */
export const manner: readonly string[] = [
  "--transfers",
  `${transfers}`,
  "--retries",
  `${retries}`,
  // Of no account but on Drive, where it would otherwise be tried again for a day.
  "--drive-stop-on-upload-limit",
  "-v",
  "--stats",
  statsEvery,
  "--buffer-size",
  "0",
  // Or on a full disk it leaves an empty file under each name.
  "--local-no-preallocate",
  "--stats-log-level",
  "NOTICE",
];

export interface Sending extends CopyOptions {
  paths: readonly string[];
  signal: AbortSignal;
}

export async function sendFiles(
  send: (call: RcloneCall) => Promise<Ended>,
  { paths, signal, onBytes }: Sending,
): Promise<CopyReport> {
  if (paths.length === 0) return { copied: new Set(), failures: [] };
  const log = copyLog(paths, onBytes);
  const full = new AbortController();
  const onErrorLine = (line: string): void => {
    log.take(line);
    // Before 1.62 rclone would try every other file of the batch, three times. On a disk that is soon done, and a kill
    // would leave what it writes half-written under its name.
    const limit = log.limit();
    if (limit !== undefined && !isOfDisk(limit)) full.abort();
  };
  try {
    const ended = await send({ signal: AbortSignal.any([signal, full.signal]), onErrorLine });
    return log.report(ended.exitCode);
  } catch (error) {
    signal.throwIfAborted();
    if (log.limit() === undefined) throw error;
    return log.report(undefined);
  }
}
