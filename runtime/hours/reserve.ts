/**
 * Room held back for the worst hour: a file of no use but its size. When the disk is full it goes, and what must
 * be on record even then (the journal, a poll's account) finds room; it is made again once there is some.
 */
import { createCipheriv } from "node:crypto";
import { join } from "node:path";
import type { Files } from "../doors/files.ts";
import { removeIfThere, writeAll } from "../durable.ts";

/** About a day of the journal at a poll every 10 s, or 20 minutes of accounts of 500 tokens. */
export const reserveBytes = 2 * 1024 * 1024;

/** Makes it if it is not there; `false` if the disk has no room for it. */
export async function keepReserve(files: Files, dataFolder: string): Promise<boolean> {
  const path = reservePath(dataFolder);
  try {
    if ((await files.stat(path))?.bytes === reserveBytes) return true;
    await removeIfThere(files, path);
    const file = await files.open(path, "create");
    try {
      await writeAll(file, filler());
      await file.syncData();
    } finally {
      await file.close();
    }
    return true;
  } catch {
    // No room, or another process makes it too: then there is one less to give.
    await removeIfThere(files, path).catch(() => undefined);
    return false;
  }
}

/** Gives its room back; `false` if it is spent already. */
export async function spendReserve(files: Files, dataFolder: string): Promise<boolean> {
  try {
    await files.remove(reservePath(dataFolder));
    // ext4 hands out the room of a removed file only once its removal is committed.
    await files.syncFolder(join(dataFolder, "state"));
    return true;
  } catch {
    return false;
  }
}

function reservePath(dataFolder: string): string {
  return join(dataFolder, "state", "reserve");
}

// Filesystems that compress would keep zeros in no room at all.
function filler(): Buffer {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(
    Buffer.alloc(reserveBytes),
  );
}
