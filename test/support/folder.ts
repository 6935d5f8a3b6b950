/** A folder of its own for each test, gone with it. */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A test, or whatever else ends. */
export interface Ending {
  after(tidyUp: () => void): void;
}

export function temporaryFolder(t: Ending, place = fastPlace()): string {
  const folder = mkdtempSync(join(place, "hourbook-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const memoryDisk = "/dev/shm";
const roomWantedBytes = 2 ** 30;

/** In memory where there is room: tests sync as often as the recorder does, and none of it is to outlast them. */
function fastPlace(): string {
  if (process.env["TMPDIR"] !== undefined) return tmpdir();
  try {
    accessSync(memoryDisk, constants.W_OK);
    const { bavail, bsize } = statfsSync(memoryDisk);
    return bavail * bsize >= roomWantedBytes ? memoryDisk : tmpdir();
  } catch {
    return tmpdir();
  }
}
