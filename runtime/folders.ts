/** What the runtime keeps in the data folder, and whether it can. */
import { dirname, join } from "node:path";
import type { Files, Lock } from "./doors/files.ts";
import type { Machine } from "./doors/machine.ts";
import { isDiskFull, makeDurableFolder, settleNames } from "./durable.ts";
import { OperatorError, errnoOf, messageOf } from "./errors.ts";
import { keepReserve } from "./hours/reserve.ts";

export function locksFolder(dataFolder: string): string {
  return join(dataFolder, "state", "locks");
}

/** A lock in that folder; `undefined` if another holds it. */
export async function takeLock(files: Files, path: string): Promise<Lock | undefined> {
  try {
    return await files.lock(path);
  } catch {
    // The first one ever, or `state/` was deleted; anything else will fail again.
    await files.makeFolder(dirname(path));
    return files.lock(path);
  }
}

const rootUid = 0;

/**
 * Throws `DATA_OWNER` where root would write into another user's data folder: the journal, locks and hours that it
 * leaves are closed to the user that records, whose next append fails. To be asked before anything is written, be it a log.
 */
export async function refuseForeignRoot(
  { files, uid }: Pick<Machine, "files" | "uid">,
  dataFolder: string,
): Promise<void> {
  if (uid !== rootUid) return;
  const owner = (await files.stat(dataFolder))?.owner;
  if (owner === undefined || owner === rootUid) return;
  const name = await nameOf(files, owner);
  const user = name ?? `uid ${owner}`;
  throw new OperatorError("DATA_OWNER", {
    message: `the data folder ${dataFolder} belongs to ${user}, and this runs as root`,
    exit: "configuration",
    details: [`what root writes there, ${user} cannot append to: recording would stop`],
    safe: "Nothing was started, nothing was written.",
    next: `sudo -u ${name ?? `'#${owner}'`} and the same command, or hourbook fn NAME where it is installed; sudo chown -R root: ${dataFolder} if root shall record`,
  });
}

async function nameOf(files: Files, uid: number): Promise<string | undefined> {
  const users = (await files.read("/etc/passwd").catch(() => "")).toString().split("\n");
  return users.map((line) => line.split(":")).find(([, , id]) => id === `${uid}`)?.[0];
}

/** Makes the folders; throws `DATA_FOLDER` if nothing can be written there. */
export async function prepareFolders(files: Files, dataFolder: string): Promise<void> {
  const probe = join(locksFolder(dataFolder), `.probe-${process.pid}`);
  try {
    // Durable: a power cut that takes the folder takes whatever was recorded in it.
    for (const folder of ["open", "archive"])
      await makeDurableFolder(files, join(dataFolder, folder));
    await makeDurableFolder(files, locksFolder(dataFolder));
    // Those that were there: systemd syncs nothing, and a run may have been killed before it did.
    await settleNames(files, [probe, join(dataFolder, "open")]);
    await (await files.open(probe, "append")).close();
    await files.remove(probe);
    await keepReserve(files, dataFolder);
  } catch (error) {
    const isFull = isDiskFull(error);
    // The service is started again after that, and not after what only a person can mend.
    const mayPass = isFull || errnoOf(error) === "EIO";
    // A full disk is no reason not to start: what is offloaded can be pruned. Without room for a lock it is.
    if (isFull && (await files.stat(locksFolder(dataFolder))) !== undefined) return;
    throw new OperatorError("DATA_FOLDER", {
      message: `cannot write in the data folder ${dataFolder}: ${messageOf(error)}`,
      exit: mayPass ? "failed" : "configuration",
      safe: "Nothing was started.",
      next: isFull
        ? "make room on its disk"
        : mayPass
          ? "dmesg | tail; smartctl -a on its disk"
          : `sudo install -d -o "$USER" ${dataFolder}, or set HOURBOOK_DATA to a folder of yours`,
      cause: error,
    });
  }
}
