/** One daemon on a data folder. */
import { sleep } from "./doors/clock.ts";
import type { Machine } from "./doors/machine.ts";
import { OperatorError } from "./errors.ts";
import { type Claim, claim, daemonLock } from "./locks.ts";
import { iso } from "./time.ts";

// `npm run status` looks at the lock by taking it for a moment.
const daemonLockTries = 5;
const daemonLockRetryMs = 40;

/** Throws `DAEMON_RUNNING`. */
export async function claimDaemon(machine: Machine, dataFolder: string): Promise<Claim> {
  const holder = { pid: process.pid, since: iso(machine.clock.now()) };
  for (let tries = 1; ; tries += 1) {
    const claimed = await claim(machine.files, daemonLock(dataFolder), holder);
    if ("claim" in claimed) return claimed.claim;
    if (tries < daemonLockTries) {
      await sleep(machine.clock, daemonLockRetryMs);
      continue;
    }
    const { heldBy } = claimed;
    throw new OperatorError("DAEMON_RUNNING", {
      message: `another Hourbook is recording into ${dataFolder}`,
      exit: "locked",
      details: heldBy === undefined ? [] : [`pid ${heldBy.pid}, since ${heldBy.since}`],
      safe: "Nothing was started; the other goes on.",
      next: "npm run status; set HOURBOOK_DATA to record into another folder",
    });
  }
}
