/**
 * The journal read back: the hours still open, closed ones, and those sealed in the archive. Of this collector
 * alone: an archive that was restored may hold the journals of other machines, too.
 */
import { join } from "node:path";
import type { Entry, Files } from "./doors/files.ts";
import { errnoOf } from "./errors.ts";
import type { CoreSettings } from "./function.ts";
import { listParts } from "./hours/parts.ts";
import { readLineBatches } from "./hours/read.ts";
import { type JournalLine, parseJournalLine } from "./journal-lines.ts";
import type { Hour } from "./time.ts";

/** The newest hours that the journal has lines of, oldest first, however long ago they were. */
export async function listJournalHours(
  files: Files,
  place: CoreSettings,
  hoursMax = Infinity,
): Promise<Hour[]> {
  const open = (await listParts(files, place.dataFolder, "journal")).map((part) => part.hour);
  const sealed = await listSealedHours(files, place, hoursMax);
  return [...new Set([...open, ...sealed])].sort().slice(-hoursMax);
}

/** Looks at a line's bytes before it is parsed, which costs a hundred times more. */
export type LineFilter = (bytes: Buffer) => boolean;

/** Every line of these hours that the filter lets through, in the order of writing. */
export async function* readJournal(
  files: Files,
  place: CoreSettings,
  hours: readonly Hour[],
  filter: LineFilter = () => true,
): AsyncGenerator<JournalLine> {
  for (const hour of hours) {
    const read = async function* read(): AsyncGenerator<JournalLine> {
      for (const path of await pathsOf(files, place, hour)) yield* readFile(files, path, filter);
    };
    try {
      yield* read();
    } catch (error) {
      // Closed, sealed or pruned between listing and opening. Lines may now come twice: run ids tell.
      if (errnoOf(error) !== "ENOENT") throw error;
      yield* read();
    }
  }
}

async function* readFile(
  files: Files,
  path: string,
  filter: LineFilter,
): AsyncGenerator<JournalLine> {
  for await (const batch of readLineBatches(files, path)) {
    for (const bytes of batch) {
      const line = filter(bytes) ? parseJournalLine(bytes) : undefined;
      if (line !== undefined) yield line;
    }
  }
}

// Asked anew for each hour, since sealing moves hours while they are read; a sealed one wins over what it
// was made of, which may still be there.
async function pathsOf(files: Files, place: CoreSettings, hour: Hour): Promise<string[]> {
  const parts = await listParts(files, place.dataFolder, "journal");
  const sealed = await sealedPaths(files, place, hour);
  if (sealed.length > 0) return sealed;
  return parts.filter((part) => part.hour === hour).map((part) => part.path);
}

/** From the newest back, so that a year of archive costs no more than a week. */
async function listSealedHours(
  files: Files,
  { dataFolder, collector }: CoreSettings,
  hoursMax: number,
): Promise<Hour[]> {
  const found: Hour[] = [];
  for (const stream of await sealedStreams(files, dataFolder)) {
    const before = found.length;
    for (const date of (await files.list(stream)).toReversed()) {
      if (found.length - before >= hoursMax) break;
      // Beside the hours lies the day's data package.
      for (const hour of (await files.list(join(stream, date.name))).filter(isHourFolder)) {
        const names = await files.list(join(stream, date.name, hour.name));
        if (names.some(({ name }) => name === `${collector}.jsonl.gz`))
          found.push(`${valueOf(date.name)}T${valueOf(hour.name)}`);
      }
    }
  }
  return found;
}

async function sealedPaths(
  files: Files,
  { dataFolder, collector }: CoreSettings,
  hour: Hour,
): Promise<string[]> {
  const [date, hourOfDay] = hour.split("T");
  const paths: string[] = [];
  for (const stream of await sealedStreams(files, dataFolder)) {
    const path = join(stream, `date=${date}`, `hour=${hourOfDay}`, `${collector}.jsonl.gz`);
    if ((await files.stat(path)) !== undefined) paths.push(path);
  }
  return paths;
}

async function sealedStreams(files: Files, dataFolder: string): Promise<string[]> {
  const archive = join(dataFolder, "archive");
  const venues = (await files.list(archive)).filter(({ name }) => name.startsWith("venue="));
  return venues.map(({ name }) => join(archive, name, "stream=journal"));
}

function isHourFolder({ name, isFolder }: Entry): boolean {
  return isFolder && name.startsWith("hour=");
}

// `hour=15` → `15`
function valueOf(name: string): string {
  return name.slice(name.indexOf("=") + 1);
}
