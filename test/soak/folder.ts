/** The folder of a soak: made, or known again; one soak at a time works in it, and none in a folder of other things. */
import { basename } from "node:path";
import { systemFiles } from "../../runtime/doors/files.ts";
import { errnoOf, messageOf } from "../../runtime/errors.ts";
import { type Places, placesIn, temporaryOf } from "./places.ts";
import { type Plan, takePlan } from "./plan.ts";
import { readNotes } from "./records.ts";
import { SoakError, nothingStarted } from "./soak-error.ts";

const again = "npm run soak -- --folder DIR, with a new folder or one that holds a soak";

/**
 * Held until this process ends. Throws where the folder is of no use, holds something else, or is another soak's at
 * this moment: whose daemon would look like one that outlived its soak, and be ended.
 */
export async function takeFolder(folder: string, asked: Partial<Plan>): Promise<Plan> {
  const places = placesIn(folder);
  try {
    // Not mkdir's `recursive`, which never comes back from some places, such as /proc/x.
    await systemFiles.makeFolder(folder);
    await refuseOthers(folder, places);
    if ((await systemFiles.lock(places.lock)) === undefined) throw held(folder, places);
    const plan = takePlan(folder, asked);
    for (const made of [places.data, places.offsite]) await systemFiles.makeFolder(made);
    return plan;
  } catch (error) {
    throw error instanceof SoakError ? error : unusable(folder, error);
  }
}

async function refuseOthers(folder: string, { plan, notes, lock }: Places): Promise<void> {
  const names = (await systemFiles.list(folder)).map(({ name }) => name);
  if (names.includes(basename(plan))) return;
  if (names.includes(basename(notes)))
    throw new SoakError({
      what: `${folder} holds the samples of a soak, and no plan.json that says what it was begun with`,
      safe: `${nothingStarted} What was recorded stays.`,
      next: `put its plan.json back, or ${again}`,
      exit: "usage",
    });
  // A soak that died before it had a plan leaves these.
  const ours = new Set([lock, temporaryOf(plan)].map((path) => basename(path)));
  const other = names.find((name) => !ours.has(name));
  if (other === undefined) return;
  throw new SoakError({
    what: `${folder} holds ${other} and no soak (no plan.json): a soak would write its own files among them`,
    safe: nothingStarted,
    next: again,
    exit: "usage",
  });
}

function held(folder: string, { notes }: Places): SoakError {
  const watch = readNotes(notes).findLast(({ kind }) => kind === "watch");
  const pid = watch?.kind === "watch" ? watch.pid : undefined;
  return new SoakError({
    what: `another soak is at work in ${folder}${pid === undefined ? "" : ` (pid ${pid})`}`,
    safe: "Nothing was started; that soak goes on.",
    next: `wait for it, ${pid === undefined ? "end it with Ctrl-C" : `kill ${pid}`}, or give another --folder`,
    exit: "locked",
  });
}

/** What is wrong with a folder, by errno, as people say it. */
const reasons: Record<string, string> = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "its disk can only be read",
  ENOTDIR: "something on its way is a file",
  EEXIST: "it is a file",
  ENOENT: "no folder can be made there",
  ENOSPC: "its disk is full",
  EDQUOT: "the quota of its disk is used up",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links lead in a circle",
  ERR_SQLITE_ERROR: "no lock can be held there",
};

function unusable(folder: string, error: unknown): SoakError {
  const errno = errnoOf(error) ?? "";
  const isFull = errno === "ENOSPC" || errno === "EDQUOT";
  return new SoakError({
    what: `${folder} cannot be the folder of a soak: ${reasons[errno] ?? messageOf(error)}`,
    safe: "Nothing was started.",
    next: isFull
      ? "make room on its disk, or give another --folder"
      : "npm run soak -- --folder DIR, with one that you may write in",
    exit: "configuration",
    cause: error,
  });
}
