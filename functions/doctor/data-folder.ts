/**
 * Whether this user can keep an archive in the data folder: whose it is, what lies in it that the daemon could not
 * write to, and whether the filesystem does what durability rests on. What it writes to see that goes again.
 */
import { join } from "node:path";
import { isDiskFull, removeIfThere, writeAll } from "../../runtime/durable.ts";
import { messageOf } from "../../runtime/errors.ts";
import { formatDuration, secondMs } from "../../runtime/time.ts";
import { type Check, type DoctorRun, type Noted, ok, problem, warning } from "./finding.ts";
import { everyoneMayWrite, modeText, thisUser, type User } from "./permissions.ts";

/** A poll syncs once or twice: at this, a cadence of 10 s is in danger. */
const syncMsMax = secondMs;

export const dataFolderCheck: Check = {
  name: "data folder",
  limitMs: 30_000,
  look: (run) => lookAtDataFolder(run, thisUser()),
};

export async function lookAtDataFolder(run: DoctorRun, user: User): Promise<Noted[]> {
  const { dataFolder } = run.settings;
  const stat = await run.files.stat(dataFolder);
  if (stat === undefined)
    return [problem(`${dataFolder} is not there`, `sudo install -d -o ${user.name} ${dataFolder}`)];
  const found: Noted[] = [];
  if (everyoneMayWrite(stat)) {
    const what = `${dataFolder} (${modeText(stat)}) can be written by every user of this machine`;
    found.push(problem(what, `chmod o-w ${dataFolder}`));
  }
  found.push(...(await foreign(run, user)));
  const probed = await probe(run);
  return found.length > 0 && probed.level === "ok" ? found : [...found, probed];
}

// A run as root leaves files that the daemon's own user cannot append to.
const lookedIn = ["", "open", "state", "state/locks", "receipts", "watch"];

async function foreign({ files, settings, signal }: DoctorRun, user: User): Promise<Noted[]> {
  const { dataFolder } = settings;
  const paths = [dataFolder];
  for (const folder of lookedIn)
    for (const { name } of await files.list(join(dataFolder, folder)))
      paths.push(join(dataFolder, folder, name));
  const others: string[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    const stat = await files.stat(path);
    if (stat !== undefined && stat.owner !== user.id) others.push(path);
  }
  const [first] = others;
  if (first === undefined) return [];
  const rest = others.length > 1 ? ` and ${others.length - 1} more` : "";
  const what = `${first}${rest} ${others.length > 1 ? "belong" : "belongs"} to another user than ${user.name}, who runs this`;
  return [
    problem(
      what,
      `run this as the user that records (sudo -u NAME …), or sudo chown -R ${user.name}: ${dataFolder}`,
    ),
  ];
}

/** What an append, a publication and a lock do, once. */
async function probe(run: DoctorRun): Promise<Noted> {
  const { files, clock, settings } = run;
  const folder = join(settings.dataFolder, "state");
  const at = (name: string): string => join(folder, `.doctor-${run.id}.${name}`);
  const names = ["written", "linked", "renamed", "lock"];
  let step = "make a folder";
  try {
    await files.makeFolder(folder);
    step = "write";
    const file = await files.open(at("written"), "create");
    let syncMs: number;
    try {
      await writeAll(file, Buffer.alloc(4096, "doctor\n"));
      step = "fdatasync";
      const before = clock.monotonic();
      await file.syncData();
      syncMs = clock.monotonic() - before;
    } finally {
      await file.close();
    }
    step = "link";
    await files.link(at("written"), at("linked"));
    step = "rename";
    await files.rename(at("linked"), at("renamed"));
    step = "fsync a folder";
    await files.syncFolder(folder);
    step = "lock a file";
    await (await files.lock(at("lock")))?.release();
    return judgeSync(settings.dataFolder, syncMs);
  } catch (error) {
    return cannot(settings.dataFolder, step, error);
  } finally {
    for (const name of names) await removeIfThere(files, at(name)).catch(() => undefined);
  }
}

function judgeSync(dataFolder: string, syncMs: number): Noted {
  const took = `fdatasync took ${formatDuration(Math.max(1, syncMs))}`;
  if (syncMs <= syncMsMax) return ok(`${dataFolder}: write, link, rename and lock work; ${took}`);
  return warning(
    `${dataFolder}: ${took}`,
    "iostat -x 1; a poll waits for it: give the data a faster disk",
  );
}

function cannot(dataFolder: string, step: string, error: unknown): Noted {
  const what = `cannot ${step} in ${dataFolder}: ${messageOf(error)}`;
  if (isDiskFull(error))
    return problem(what, "df -h; npm run fn -- offload && npm run fn -- prune");
  const isUnable = step === "link" || step === "lock a file";
  return problem(
    what,
    isUnable
      ? "put HOURBOOK_DATA on a local filesystem with hard links and locks: ext4, xfs, btrfs"
      : "dmesg | tail; set HOURBOOK_DATA to a folder that this user can write to",
  );
}
