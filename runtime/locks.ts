/**
 * Who may run: one daemon on a data folder, one run of a function at a time, in the daemon and by hand
 * together. The kernel holds the locks and drops them with their holder; the note beside a lock only says
 * who that is. Nothing else may open a lock file: closing it would drop the lock of the whole process.
 */
import { join } from "node:path";
import * as v from "valibot";
import type { Files, Lock } from "./doors/files.ts";
import { OperatorError } from "./errors.ts";
import { locksFolder, takeLock } from "./folders.ts";
import { type Holder, holderSchema } from "./journal-lines.ts";

export interface Claim {
  /** Leaves a note of who holds it, for others that find it taken: once the work is under way, which it must not delay. */
  note(): void;
  release(): Promise<void>;
}

/** For work that needs none. */
export const nothingClaimed: Claim = { note() {}, release: async () => {} };

/** Takes the lock; or says who holds it, if that is known. */
export async function claim(
  files: Files,
  place: LockPlace,
  holder: Holder,
): Promise<{ claim: Claim } | { heldBy: Holder | undefined }> {
  const lock = await takeLock(files, place.lock);
  if (lock === undefined) return { heldBy: await readNote(files, place.note) };
  return { claim: noted(files, place.note, holder, lock) };
}

/** Whether someone holds the lock now. */
export async function isHeld(files: Files, place: LockPlace): Promise<boolean> {
  if ((await files.stat(place.lock)) === undefined) return false;
  const lock = await files.lock(place.lock);
  await lock?.release();
  return lock === undefined;
}

interface LockPlace {
  lock: string;
  note: string;
}

export function daemonLock(dataFolder: string): LockPlace {
  return placeOf(dataFolder, "daemon");
}

export function functionLock(dataFolder: string, name: string): LockPlace {
  return placeOf(dataFolder, `fn-${name}`);
}

function placeOf(dataFolder: string, name: string): LockPlace {
  const folder = locksFolder(dataFolder);
  return { lock: join(folder, `${name}.lock`), note: join(folder, `${name}.holder.json`) };
}

function noted(files: Files, path: string, holder: Holder, lock: Lock): Claim {
  let written: Promise<void> | undefined;
  return {
    note() {
      written = writeNote(files, path, holder).catch(() => {});
    },
    async release() {
      // It must not be written over the next holder's.
      await written;
      await lock.release();
    },
  };
}

// Cutting a file costs more than the rest of a note, so it is done now and then: before it has 50 KB.
const notesPerCut = 256;
let notes = 0;

async function writeNote(files: Files, path: string, holder: Holder): Promise<void> {
  const file = await files.open(path, "append");
  try {
    if (notes % notesPerCut === 0) await file.truncate(0);
    notes += 1;
    await file.write(Buffer.from(`${JSON.stringify(holder)}\n`));
  } finally {
    await file.close();
  }
}

export async function readNote(files: Files, path: string): Promise<Holder | undefined> {
  try {
    // The newest holder is the last.
    const text = (await files.read(path)).toString();
    return v.parse(holderSchema, JSON.parse(text.trimEnd().split("\n").at(-1) ?? ""));
  } catch {
    return undefined;
  }
}

/** The function is running already; `holder` says where, if that is known. */
export class LockedError extends OperatorError {
  holder: Holder | undefined;

  constructor(name: string, holder: Holder | undefined) {
    super("LOCKED", {
      message: `${name} is running already`,
      exit: "locked",
      details: [holder === undefined ? "held by another process" : describeHolder(holder)],
      safe: "Nothing was done; the run under way goes on.",
      next: "npm run status",
    });
    this.holder = holder;
  }
}

/** `held by the daemon (pid 812, run …) since 2026-11-22T15:04:05.000Z` */
export function describeHolder({ pid, since, run, trigger }: Holder): string {
  const who = trigger === "hand" ? "a run by hand" : "the daemon";
  return `held by ${who} (pid ${pid}${run === undefined ? "" : `, run ${run}`}) since ${since}`;
}
