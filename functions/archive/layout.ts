/** Where the archive's files lie, the same on this machine and on every remote. Paths are relative and use `/`. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { type Hour, hourPattern } from "../../runtime/time.ts";

export interface StreamId {
  venue: string;
  stream: string;
}

export interface HourId extends StreamId {
  hour: Hour;
}

/** The files of one sealed hour of one collector. */
export interface HourPaths {
  folder: string;
  data: string;
  index: string;
  sums: string;
  manifest: string;
}

export type HourFileKind = Exclude<keyof HourPaths, "folder">;

/** The runtime's journal is archived with the venue whose recording it explains. */
const journal: StreamId = { venue: "polymarket", stream: "journal" };

export function archiveFolder(dataFolder: string): string {
  return join(dataFolder, "archive");
}

/** `polymarket.books`, the name of open hour files, and `{venue, stream}` are the same thing. */
export function streamOf(openName: string): StreamId {
  if (openName === "journal") return journal;
  const [venue = "", stream = ""] = openName.split(".");
  return { venue, stream };
}

export function openNameOf({ venue, stream }: StreamId): string {
  return stream === journal.stream ? "journal" : `${venue}.${stream}`;
}

export function streamFolder({ venue, stream }: StreamId): string {
  return `venue=${venue}/stream=${stream}`;
}

export function hourFolder(id: HourId): string {
  return `${streamFolder(id)}/date=${id.hour.slice(0, 10)}/hour=${id.hour.slice(11)}`;
}

export function hourPaths(id: HourId, collector: string): HourPaths {
  const folder = hourFolder(id);
  return {
    folder,
    data: `${folder}/${collector}.jsonl.gz`,
    index: `${folder}/${collector}.index.json.gz`,
    sums: `${folder}/${collector}.sha256`,
    manifest: `${folder}/${collector}.manifest.json`,
  };
}

const pathPattern =
  /^venue=([^/]+)\/stream=([^/]+)\/date=(\d{4}-\d{2}-\d{2})\/hour=(\d{2})\/([^/]+?)\.(jsonl\.gz|index\.json\.gz|sha256|manifest\.json)$/;

const kindOfEnding: Record<string, HourFileKind> = {
  "jsonl.gz": "data",
  "index.json.gz": "index",
  sha256: "sums",
  "manifest.json": "manifest",
};

/** What a relative path of the archive names; `undefined` if it is no hour's file. */
export function parsePath(
  path: string,
): (HourId & { collector: string; kind: HourFileKind }) | undefined {
  const [, venue, stream, date, hour, collector, ending] = pathPattern.exec(path) ?? [];
  const kind = kindOfEnding[ending ?? ""];
  if (venue === undefined || stream === undefined || collector === undefined || kind === undefined)
    return undefined;
  return { venue, stream, hour: `${date}T${hour}`, collector, kind };
}

export interface DayId extends StreamId {
  /** `2026-11-22` */
  date: string;
}

/** The data package of one collector's day, which lists its hours. */
export function dayPath({ venue, stream, date }: DayId, collector: string): string {
  return `${streamFolder({ venue, stream })}/date=${date}/${collector}.datapackage.json`;
}

const dayPattern =
  /^venue=([^/]+)\/stream=([^/]+)\/date=(\d{4}-\d{2}-\d{2})\/([^/]+?)\.datapackage\.json$/;

/** `undefined` if the path is no day's data package. */
export function parseDayPath(path: string): (DayId & { collector: string }) | undefined {
  const [, venue, stream, date, collector] = dayPattern.exec(path) ?? [];
  if (venue === undefined || stream === undefined || date === undefined || collector === undefined)
    return undefined;
  return { venue, stream, date, collector };
}

export interface ArchivedHour extends HourId {
  /** Which of the hour's files are here. */
  has: ReadonlySet<HourFileKind>;
}

/** Every hour of this collector that has a file in the archive, streams by name, hours oldest first. */
export async function listHours(
  files: Files,
  dataFolder: string,
  collector: string,
): Promise<ArchivedHour[]> {
  const hours: ArchivedHour[] = [];
  for (const id of await listStreamIds(files, dataFolder)) {
    const root = join(archiveFolder(dataFolder), streamFolder(id));
    for (const date of await partition(files, root, "date=")) {
      for (const hour of await partition(files, join(root, `date=${date}`), "hour=")) {
        const found = await hourIn(
          files,
          dataFolder,
          { ...id, hour: `${date}T${hour}` },
          collector,
        );
        if (found !== undefined) hours.push(found);
      }
    }
  }
  return hours;
}

/** Everyone whose hours lie in the archive, by name: a machine that was renamed, or whose hours were restored here. */
export async function listCollectors(files: Files, dataFolder: string): Promise<string[]> {
  const collectors = new Set<string>();
  for (const id of await listStreamIds(files, dataFolder)) {
    const root = join(archiveFolder(dataFolder), streamFolder(id));
    for (const date of await partition(files, root, "date=")) {
      for (const hour of await partition(files, join(root, `date=${date}`), "hour=")) {
        const folder = hourFolder({ ...id, hour: `${date}T${hour}` });
        for (const { name } of await files.list(join(archiveFolder(dataFolder), folder))) {
          const parsed = parsePath(`${folder}/${name}`);
          if (parsed !== undefined) collectors.add(parsed.collector);
        }
      }
    }
  }
  return [...collectors].toSorted();
}

/** Paths of this collector's data packages, relative to the archive. */
export async function listDays(
  files: Files,
  dataFolder: string,
  collector: string,
): Promise<string[]> {
  const days: string[] = [];
  for (const id of await listStreamIds(files, dataFolder)) {
    const root = join(archiveFolder(dataFolder), streamFolder(id));
    for (const date of await partition(files, root, "date=")) {
      const path = dayPath({ ...id, date }, collector);
      if ((await files.stat(join(archiveFolder(dataFolder), path))) !== undefined) days.push(path);
    }
  }
  return days;
}

async function listStreamIds(files: Files, dataFolder: string): Promise<StreamId[]> {
  const ids: StreamId[] = [];
  for (const venue of await partition(files, archiveFolder(dataFolder), "venue=")) {
    for (const stream of await partition(
      files,
      join(archiveFolder(dataFolder), `venue=${venue}`),
      "stream=",
    )) {
      ids.push({ venue, stream });
    }
  }
  return ids;
}

async function hourIn(
  files: Files,
  dataFolder: string,
  id: HourId,
  collector: string,
): Promise<ArchivedHour | undefined> {
  if (!hourPattern.test(id.hour)) return undefined;
  const entries = await files.list(join(archiveFolder(dataFolder), hourFolder(id)));
  const names = new Set(entries.map(({ name }) => `${hourFolder(id)}/${name}`));
  const { folder: _, ...paths } = hourPaths(id, collector);
  const has = Object.entries(paths).filter(([, path]) => names.has(path));
  if (has.length === 0) return undefined;
  return { ...id, has: new Set(has.map(([kind]) => kind as HourFileKind)) };
}

async function partition(files: Files, folder: string, key: string): Promise<string[]> {
  const entries = await files.list(folder);
  return entries
    .filter(({ name, isFolder }) => isFolder && name.startsWith(key))
    .map(({ name }) => name.slice(key.length));
}
