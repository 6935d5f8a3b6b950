/**
 * What must never be lost, and whether it is: the test's own record of each sealed file, compared with this disk
 * and with what the fake Drive holds in memory. Nothing of the product, and no rclone, has a say in it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DriveObjects } from "./objects.ts";

export interface Place {
  dataFolder: string;
  objects: DriveObjects;
  /** The folder on the Drive that is the remote. */
  driveFolder: string;
}

/** Path relative to the archive → the bytes of each file in it now. */
export type Ledger = ReadonlyMap<string, Buffer>;

export function ledgerOf(dataFolder: string): Ledger {
  const archive = join(dataFolder, "archive");
  const entries = readdirSync(archive, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((at) => join(at.parentPath, at.name));
  return new Map(paths.map((path) => [path.slice(archive.length + 1), readFileSync(path)]));
}

/** A file may be gone here only while the Drive holds exactly one object with its bytes. */
export function lost(ledger: Ledger, { dataFolder, objects, driveFolder }: Place): string[] {
  const found: string[] = [];
  for (const [path, bytes] of ledger) {
    const here = join(dataFolder, "archive", path);
    if (existsSync(here)) {
      if (!readFileSync(here).equals(bytes)) found.push(`${path} has changed here`);
      continue;
    }
    const there = objects.at(`${driveFolder}/${path}`);
    const same = there.filter(({ content }) => content.equals(bytes));
    if (there.length !== 1 || same.length !== 1)
      found.push(`${path} is gone, and there are ${there.length} objects, ${same.length} the same`);
  }
  return found;
}

/** Paths of which the Drive holds more than one object. */
export function doubled({ objects }: Pick<Place, "objects">): string[] {
  return [...objects.files()].filter(([, all]) => all.length > 1).map(([path]) => path);
}
