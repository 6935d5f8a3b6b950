/**
 * Locks that the kernel holds and drops with their holder: SQLite's, which are fcntl's, on a file that never holds
 * anything. The database stays open between two holds, because opening costs ten times what locking does (0.14 ms
 * against 0.01 ms); spawning flock(1) takes 3 to 6 ms.
 */
import { statSync, truncateSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export interface Lock {
  release(): Promise<void>;
}

interface Opened {
  database: DatabaseSync;
  /** Of the file that is open: another may have taken its name since. */
  identity: string | undefined;
  isHeld: boolean;
}

// More than one runtime has locks; beyond it, as in a long test, the oldest that is free is opened anew when needed.
const openedMax = 64;
const opened = new Map<string, Opened>();

const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteNoDatabase = 26;

/** `undefined` if another holds it, in this process or in any other. */
export function lockFile(path: string): Lock | undefined {
  try {
    return tryLock(path);
  } catch (error) {
    const found = opened.get(path);
    if (found !== undefined) close(path, found);
    if (!isGarbage(error)) throw error;
    // Emptied and not removed: it stays the file that others lock.
    truncateSync(path);
    return tryLock(path);
  }
}

function tryLock(path: string): Lock | undefined {
  const found = opened.get(path) ?? open(path);
  if (found === undefined || found.isHeld || !begin(found)) return undefined;
  // `state/` may be deleted at any time: a lock on a file that has lost its name would keep nobody out.
  if (found.identity === undefined || identityOf(path) !== found.identity) {
    close(path, found);
    return tryLock(path);
  }
  found.isHeld = true;
  return {
    async release() {
      if (!found.isHeld) return;
      found.isHeld = false;
      found.database.exec("ROLLBACK");
    },
  };
}

function open(path: string): Opened | undefined {
  makeRoom();
  const database = new DatabaseSync(path);
  try {
    // Else every lock looks for a journal to play back.
    database.exec("PRAGMA journal_mode = MEMORY");
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  const found = { database, identity: identityOf(path), isHeld: false };
  opened.set(path, found);
  return found;
}

function begin({ database }: Opened): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

function close(path: string, { database }: Opened): void {
  opened.delete(path);
  database.close();
}

function makeRoom(): void {
  if (opened.size < openedMax) return;
  const oldest = [...opened].find(([, { isHeld }]) => !isHeld);
  if (oldest !== undefined) close(...oldest);
}

function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}

function isBusy(error: unknown): boolean {
  return codeOf(error) === sqliteBusy;
}

/** Something was written into the file, which holds nothing ever. */
function isGarbage(error: unknown): boolean {
  return codeOf(error) === sqliteNoDatabase || codeOf(error) === sqliteCorrupt;
}

function codeOf(error: unknown): number | undefined {
  return (error as { errcode?: number }).errcode;
}
