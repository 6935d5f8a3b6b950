/** What lies in the data folder of a soak while the daemon works in it: files come and go as they are counted. */
import { readFileSync, readdirSync, statSync, statfsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { type GapReport, gapReportSchema } from "../../functions/coverage/report.ts";
import type { Tree } from "./records.ts";

/** `undefined` where it cannot be counted, which must not end a soak. */
export function treeOf(folder: string): Tree | undefined {
  let [files, bytes] = [0, 0];
  try {
    for (const path of filesBelow(folder)) {
      // Sealing and offload move files while they are counted.
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) continue;
      files += 1;
      bytes += found.size;
    }
    const { bavail, bsize } = statfsSync(folder);
    return { files, bytes, freeBytes: bavail * bsize };
  } catch {
    return undefined;
  }
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
  } catch {
    return [];
  }
}

/** Of hours; the final one where there is one. */
export function reportsIn(dataFolder: string): GapReport[] {
  const hours = new Map<string, string>();
  for (const path of filesBelow(join(dataFolder, "reports"))) {
    const [, hour, provisional] =
      /(date=\S+\/hour=\d+)\/soak\.gaps(\.provisional)?\.json$/.exec(path) ?? [];
    if (hour !== undefined && (provisional === undefined || !hours.has(hour)))
      hours.set(hour, path);
  }
  return [...hours.values()].flatMap((path) => {
    try {
      return [v.parse(gapReportSchema, JSON.parse(readFileSync(path, "utf8")))];
    } catch {
      // It went for its final one in this moment; the next look finds that.
      return [];
    }
  });
}
