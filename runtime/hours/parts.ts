/** The names of a stream's hour files in `open/`, and which hours are closed for good. */
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../doors/files.ts";
import { replaceFile } from "../durable.ts";
import { errnoOf } from "../errors.ts";
import { type Hour, hourPattern, nextHour } from "../time.ts";

export interface Part {
  hour: Hour;
  part: number;
  /** Renamed by the one who closed the hour: nothing is appended any more. */
  isClosed: boolean;
  name: string;
  path: string;
}

/** How the names of a stream's files begin. Whatever else lies there is somebody's, and left alone. */
const streamName = /(journal|[A-Za-z0-9-]+\.[A-Za-z0-9-]+)/;
const hourPart = /(\d{4}-\d{2}-\d{2}T\d{2})\.part(\d+)(\.closed)?/;
const namePattern = new RegExp(`^${streamName.source}\\.${hourPart.source}\\.jsonl\\.gz$`);
const tornPattern = new RegExp(`^${streamName.source}\\.${hourPart.source}\\.at(\\d+)\\.torn$`);

export function openFolder(dataFolder: string): string {
  return join(dataFolder, "open");
}

export function partName(stream: string, hour: Hour, part: number, isClosed: boolean): string {
  return `${stream}.${hour}.part${part}${isClosed ? ".closed" : ""}.jsonl.gz`;
}

/** Which part of its hour a file is, by its name. */
export function partNumber(name: string): number {
  return Number(namePattern.exec(name)?.[3]);
}

/** The stream and hour that a `.torn` file came from. */
export function tornOrigin(
  name: string,
): { stream: string; hour: string; offset: number } | undefined {
  const match = tornPattern.exec(name);
  if (match === null) return undefined;
  return { stream: match[1] ?? "", hour: match[2] ?? "", offset: Number(match[5]) };
}

/** All hour files of a stream, in the order of writing. */
export async function listParts(files: Files, dataFolder: string, stream: string): Promise<Part[]> {
  const folder = openFolder(dataFolder);
  const parts: Part[] = [];
  for (const { name } of await files.list(folder)) {
    const [, owner, hour, part, closed] = namePattern.exec(name) ?? [];
    if (owner !== stream || hour === undefined) continue;
    parts.push({
      hour,
      part: Number(part),
      isClosed: closed !== undefined,
      name,
      path: join(folder, name),
    });
  }
  return parts.sort((a, b) => (a.hour === b.hour ? a.part - b.part : a.hour < b.hour ? -1 : 1));
}

/** The name of the hour's newest file; the others of the folder cost next to nothing. */
export async function newestPartName(
  files: Files,
  dataFolder: string,
  stream: string,
  hour: Hour,
): Promise<string | undefined> {
  const prefix = `${stream}.${hour}.part`;
  const names = (await files.list(openFolder(dataFolder))).map(({ name }) => name);
  const parts = names.filter((name) => name.startsWith(prefix) && namePattern.test(name));
  return parts.sort((a, b) => partNumber(a) - partNumber(b)).at(-1);
}

/** Streams that have an hour file. */
export async function listStreams(files: Files, dataFolder: string): Promise<string[]> {
  const names = (await files.list(openFolder(dataFolder))).map(
    ({ name }) => namePattern.exec(name)?.[1],
  );
  return [...new Set(names.filter((name) => name !== undefined))];
}

const hourSchema = v.pipe(v.string(), v.regex(hourPattern));
const closedSchema = v.object({ closed: v.array(v.tuple([hourSchema, hourSchema])) });

/** Closed hours as ranges, first and last of each: a sealed, offloaded, pruned hour must stay closed too. */
export type ClosedHours = [first: Hour, last: Hour][];

export async function readClosedHours(
  files: Files,
  dataFolder: string,
  stream: string,
): Promise<ClosedHours> {
  const path = closedPath(dataFolder, stream);
  const bytes = await readIfThere(files, path);
  if (bytes !== undefined) {
    try {
      return v.parse(closedSchema, JSON.parse(bytes.toString())).closed;
    } catch {
      // Recording goes on: a late line into an hour that is sealed already will be refused at its sealing.
      await files.rename(path, `${path}.damaged`);
    }
  }
  // What was closed and is not sealed yet shows it by its name.
  const parts = await listParts(files, dataFolder, stream);
  const hours = new Set(parts.filter(({ isClosed }) => isClosed).map(({ hour }) => hour));
  return [...hours].map((hour) => [hour, hour]);
}

async function readIfThere(files: Files, path: string): Promise<Buffer | undefined> {
  try {
    return await files.read(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

export async function addClosedHour(
  files: Files,
  dataFolder: string,
  stream: string,
  hour: Hour,
): Promise<void> {
  const ranges = await readClosedHours(files, dataFolder, stream);
  if (isClosedHour(ranges, hour)) return;
  const merged = [...ranges, [hour, hour] satisfies [Hour, Hour]].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const joined: ClosedHours = [];
  for (const [first, last] of merged) {
    const previous = joined.at(-1);
    if (previous !== undefined && nextHour(previous[1]) === first) previous[1] = last;
    else joined.push([first, last]);
  }
  const bytes = Buffer.from(`${JSON.stringify({ closed: joined })}\n`);
  await replaceFile(files, closedPath(dataFolder, stream), bytes);
}

export function isClosedHour(ranges: ClosedHours, hour: Hour): boolean {
  return ranges.some(([first, last]) => first <= hour && hour <= last);
}

/** The hour itself, or the first one after it that still takes lines. */
export function firstOpenHour(ranges: ClosedHours, hour: Hour): Hour {
  const range = ranges.find(([first, last]) => first <= hour && hour <= last);
  return range === undefined ? hour : nextHour(range[1]);
}

export function closedPath(dataFolder: string, stream: string): string {
  return join(openFolder(dataFolder), `${stream}.closed.json`);
}
