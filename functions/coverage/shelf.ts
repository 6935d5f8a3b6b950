/** Which hours of books and journal are here, and how far they are: described, on their way, or silent. */
import type { Files } from "../../runtime/doors/files.ts";
import { listParts } from "../../runtime/hours/parts.ts";
import { type Hour, nextHour } from "../../runtime/time.ts";
import { type ArchivedHour, listHours, openNameOf, type StreamId } from "../archive/layout.ts";
import { readManifest } from "../archive/manifest.ts";

export const venue = "polymarket";
export const booksStream: StreamId = { venue, stream: "books" };
export const journalStream: StreamId = { venue, stream: "journal" };

export interface ShelfContext {
  files: Files;
  dataFolder: string;
  collector: string;
}

export interface Shelf extends ShelfContext {
  books: StreamShelf;
  journal: StreamShelf;
}

export interface StreamShelf {
  stream: StreamId;
  /** With a manifest, oldest first. */
  described: readonly Hour[];
  /** With lines that are open, or sealed and not described yet. */
  underWay: ReadonlySet<Hour>;
}

export async function readShelf(context: ShelfContext): Promise<Shelf> {
  const { files, dataFolder, collector } = context;
  const archived = await listHours(files, dataFolder, collector);
  return {
    files,
    dataFolder,
    collector,
    books: await streamShelf(context, archived, booksStream),
    journal: await streamShelf(context, archived, journalStream),
  };
}

async function streamShelf(
  { files, dataFolder }: ShelfContext,
  archived: readonly ArchivedHour[],
  stream: StreamId,
): Promise<StreamShelf> {
  const name = openNameOf(stream);
  const hours = archived.filter((hour) => openNameOf(hour) === name && hour.venue === stream.venue);
  const described = hours.filter(({ has }) => has.has("manifest")).map(({ hour }) => hour);
  const open = (await listParts(files, dataFolder, name)).map(({ hour }) => hour);
  const isDescribed = new Set(described);
  const underWay = [...hours.map(({ hour }) => hour), ...open].filter(
    (hour) => !isDescribed.has(hour),
  );
  return { stream, described: described.sort(), underWay: new Set(underWay) };
}

/** Nothing will be added to the hour: it is described, or a later manifest says that it has no line. */
export async function isSettled(shelf: Shelf, stream: StreamShelf, hour: Hour): Promise<boolean> {
  if (stream.described.includes(hour)) return true;
  if (stream.underWay.has(hour)) return false;
  const later = stream.described.find((other) => other > hour);
  return later !== undefined && (await silentHours(shelf, stream, later)).includes(hour);
}

/** The hours that this hour's manifest says were silent before it. */
export async function silentHours(
  { files, dataFolder, collector }: Shelf,
  { stream }: StreamShelf,
  describedHour: Hour,
): Promise<Hour[]> {
  const { manifest } = await readManifest(
    files,
    dataFolder,
    { ...stream, hour: describedHour },
    collector,
  );
  const silent: Hour[] = [];
  for (const [first, last] of manifest.silence) silent.push(...hoursBetween(first, last));
  return silent;
}

/** No hour of this collector came before it. */
export async function isChainStart(
  { files, dataFolder, collector }: Shelf,
  { stream }: StreamShelf,
  hour: Hour,
): Promise<boolean> {
  const { manifest } = await readManifest(files, dataFolder, { ...stream, hour }, collector);
  return manifest.previous === null;
}

/** Both inclusive. */
export function* hoursBetween(first: Hour, last: Hour): Generator<Hour> {
  for (let hour = first; hour <= last; hour = nextHour(hour)) yield hour;
}
