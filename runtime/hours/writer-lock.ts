/** One writer of a stream at a time: held for every append, repair and close, by whichever process. */
import { join } from "node:path";
import { sleep } from "../doors/clock.ts";
import type { Lock } from "../doors/files.ts";
import { OperatorError } from "../errors.ts";
import { locksFolder, takeLock } from "../folders.ts";
import { secondMs } from "../time.ts";
import type { HourLogOptions } from "./hour-log.ts";

// An append takes milliseconds; longer than this means a holder that hangs on its disk.
const lockWaitMs = 20 * secondMs;
const lockRetryMs = 5;

/** Waits for the lock; throws `WRITER_BUSY` if another process keeps it. */
export async function takeWriterLock(options: HourLogOptions): Promise<Lock> {
  const { machine, dataFolder, stream } = options;
  const path = join(locksFolder(dataFolder), `writer-${stream}.lock`);
  const until = machine.clock.monotonic() + lockWaitMs;
  for (;;) {
    const lock = await takeLock(machine.files, path);
    if (lock !== undefined) return lock;
    if (machine.clock.monotonic() >= until) {
      throw new OperatorError("WRITER_BUSY", {
        message: `another process has been writing ${stream} for over ${lockWaitMs / secondMs} s`,
        exit: "locked",
        safe: "Nothing was written; what was recorded before is as it was.",
        next: "npm run status",
      });
    }
    await sleep(machine.clock, lockRetryMs);
  }
}
