/** One daemon on a data folder. */
import { sleep } from "./doors/clock.ts";
import type { Machine } from "./doors/machine.ts";
import { OperatorError } from "./errors.ts";
import type { Holder } from "./journal-lines.ts";
import { type Claim, claim, daemonLock } from "./locks.ts";
import { iso, secondMs } from "./time.ts";

// `npm run status` looks at the lock by taking it for a moment.
const daemonLockTries = 5;
const daemonLockRetryMs = 40;
// `state/` may be deleted at any time, and a lock on a file without a name keeps nobody out.
const lookEveryMs = 10 * secondMs;

export interface DaemonClaim {
  /** Settles if another daemon has taken the folder meanwhile; never rejects. */
  lost: Promise<OperatorError>;
  release(): Promise<void>;
}

/** Throws `DAEMON_RUNNING`. Until its release it is claimed again whenever its file has gone. */
export async function claimDaemon(machine: Machine, dataFolder: string): Promise<DaemonClaim> {
  const { clock, files } = machine;
  const { promise: lost, resolve: lose } = Promise.withResolvers<OperatorError>();
  const { lock: path } = daemonLock(dataFolder);
  let held = await claimOnce(machine, dataFolder);
  let inode = (await files.stat(path))?.inode;
  let looking = Promise.resolve();
  let cancelLook = clock.after(lookEveryMs, look);

  function look(): void {
    looking = claimAgain().catch((error: unknown) => {
      if (error instanceof OperatorError && error.code === "DAEMON_RUNNING") lose(error);
    });
    cancelLook = clock.after(lookEveryMs, look);
  }

  async function claimAgain(): Promise<void> {
    if ((await files.stat(path))?.inode === inode) return;
    await held.release();
    held = await claimOnce(machine, dataFolder);
    inode = (await files.stat(path))?.inode;
  }

  return {
    lost,
    async release() {
      cancelLook();
      await looking;
      await held.release();
    },
  };
}

async function claimOnce(machine: Machine, dataFolder: string): Promise<Claim> {
  const holder = { pid: process.pid, since: iso(machine.clock.now()) };
  for (let tries = 1; ; tries += 1) {
    const claimed = await claim(machine.files, daemonLock(dataFolder), holder);
    if ("claim" in claimed) {
      claimed.claim.note();
      return claimed.claim;
    }
    if (tries === daemonLockTries) throw runsAlready(dataFolder, claimed.heldBy);
    await sleep(machine.clock, daemonLockRetryMs);
  }
}

function runsAlready(dataFolder: string, heldBy: Holder | undefined): OperatorError {
  return new OperatorError("DAEMON_RUNNING", {
    message: `another Hourbook is recording into ${dataFolder}`,
    exit: "locked",
    details: heldBy === undefined ? [] : [`pid ${heldBy.pid}, since ${heldBy.since}`],
    safe: "Nothing was started; the other goes on.",
    next: "npm run status; set HOURBOOK_DATA to record into another folder",
  });
}
