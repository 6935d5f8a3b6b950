/** The journal around an hour: from the last schedule before it to the next hour with lines after it. */
import { join } from "node:path";
import { errnoOf } from "../../runtime/errors.ts";
import { listParts } from "../../runtime/hours/parts.ts";
import { readLineBatches } from "../../runtime/hours/read.ts";
import { type JournalLine, parseJournalLine } from "../../runtime/journal-lines.ts";
import type { Hour } from "../../runtime/time.ts";
import { archiveFolder, hourPaths, openNameOf } from "../archive/layout.ts";
import type { Shelf } from "./shelf.ts";

export interface JournalAround {
  lines: JournalLine[];
  /** The hours that they come from. */
  hours: Hour[];
}

export type JournalReader = (hour: Hour) => Promise<JournalAround>;

// Neighbouring hours share most of what they read; one hour of a 10 s cadence takes about 1 MB.
const hoursKeptMax = 8;
// Hours of runs by hand say nothing of the daemon and are passed over: so many, in one look back.
const lookBackHoursMax = 1_000;

/** Reads each hour once, as long as the same ones are asked for again. */
export function journalReader(shelf: Shelf): JournalReader {
  const { described, underWay } = shelf.journal;
  const all = [...described, ...underWay].sort();
  const kept = new Map<Hour, JournalLine[]>();
  const withoutSchedule = new Set<Hour>();

  async function linesOf(hour: Hour): Promise<JournalLine[]> {
    const lines = kept.get(hour) ?? (await readHour(shelf, hour));
    kept.delete(hour);
    kept.set(hour, lines);
    for (const oldest of kept.keys()) {
      if (kept.size <= hoursKeptMax) break;
      kept.delete(oldest);
    }
    return lines;
  }

  async function lastWithSchedule(before: Hour): Promise<Hour | undefined> {
    const earlier = all
      .filter((hour) => hour < before && !withoutSchedule.has(hour))
      .slice(-lookBackHoursMax);
    for (const hour of earlier.toReversed()) {
      const lines = await linesOf(hour);
      if (lines.some((line) => line.kind === "schedule" && line.by === "daemon")) return hour;
      withoutSchedule.add(hour);
    }
    return undefined;
  }

  return async (hour) => {
    const before = await lastWithSchedule(hour);
    const after = all.find((other) => other > hour);
    const hours = [before, all.includes(hour) ? hour : undefined, after].filter(
      (found) => found !== undefined,
    );
    const lines: JournalLine[] = [];
    for (const found of hours) for (const line of await linesOf(found)) lines.push(line);
    return { lines, hours };
  };
}

async function readHour(shelf: Shelf, hour: Hour): Promise<JournalLine[]> {
  try {
    return await readPaths(shelf, await pathsOf(shelf, hour));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    // Sealed between the listing and the opening.
    return readPaths(shelf, await pathsOf(shelf, hour));
  }
}

async function pathsOf(
  { files, dataFolder, collector, journal }: Shelf,
  hour: Hour,
): Promise<string[]> {
  const sealed = join(
    archiveFolder(dataFolder),
    hourPaths({ ...journal.stream, hour }, collector).data,
  );
  if ((await files.stat(sealed)) !== undefined) return [sealed];
  const parts = await listParts(files, dataFolder, openNameOf(journal.stream));
  return parts.filter((part) => part.hour === hour).map(({ path }) => path);
}

async function readPaths({ files }: Shelf, paths: readonly string[]): Promise<JournalLine[]> {
  const lines: JournalLine[] = [];
  for (const path of paths) {
    for await (const batch of readLineBatches(files, path)) {
      for (const bytes of batch) {
        const line = parseJournalLine(bytes);
        if (line !== undefined) lines.push(line);
      }
    }
  }
  return lines;
}
