/** Where the hours of a time range lie: sealed in the archive, or still open. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { errnoOf, messageOf, OperatorError } from "../../runtime/errors.ts";
import { listParts } from "../../runtime/hours/parts.ts";
import type { Hour } from "../../runtime/time.ts";
import { hourPaths, openNameOf, streamFolder } from "../archive/layout.ts";
import { parseManifest } from "../archive/manifest.ts";
import type { Place } from "../archive/place.ts";
import { parseIndex } from "../archive/sealed-index.ts";
import type { HourFrames } from "./frames.ts";
import { readOpenHour } from "./open-frames.ts";
import { booksStream, type ReadContext, readSealedHour } from "./sealed-frames.ts";

/** Hours of books that are here, oldest first; of every collector if none is named. */
export async function listBookHours(
  files: Files,
  { root, dataFolder }: Place,
  collector: string | undefined,
): Promise<Map<Hour, Set<string>>> {
  const hours = new Map<Hour, Set<string>>();
  const add = (hour: Hour, owner: string): void => {
    if (collector === undefined || owner === collector)
      hours.set(hour, (hours.get(hour) ?? new Set()).add(owner));
  };
  const stream = join(root, streamFolder(booksStream));
  for (const date of await partitions(files, stream, "date=")) {
    for (const hour of await partitions(files, join(stream, `date=${date}`), "hour=")) {
      const folder = join(stream, `date=${date}`, `hour=${hour}`);
      for (const { name } of await files.list(folder)) {
        const [, owner] = /^([^.]+)\.index\.json\.gz$/.exec(name) ?? [];
        if (owner !== undefined) add(`${date}T${hour}`, owner);
      }
    }
  }
  if (dataFolder !== undefined && collector !== undefined) {
    const open = await listParts(files, dataFolder, openNameOf(booksStream));
    for (const { hour } of open) add(hour, collector);
  }
  return new Map([...hours].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function partitions(files: Files, folder: string, key: string): Promise<string[]> {
  const entries = await files.list(folder);
  return entries
    .filter(({ name, isFolder }) => isFolder && name.startsWith(key))
    .map(({ name }) => name.slice(key.length));
}

/** The one recording that is meant; throws `WHICH_COLLECTOR` where a copy holds several. */
export function chooseCollector(hours: ReadonlyMap<Hour, ReadonlySet<string>>): string | undefined {
  const found = new Set<string>();
  for (const owners of hours.values()) for (const owner of owners) found.add(owner);
  if (found.size <= 1) return [...found][0];
  throw new OperatorError("WHICH_COLLECTOR", {
    message: `${found.size} machines recorded what lies there: ${[...found].sort().join(", ")}`,
    exit: "usage",
    safe: "Nothing was read.",
    next: "name one of them: --collector NAME",
  });
}

/** The hour, sealed or open; the one can become the other between two looks. */
export async function openHour(context: ReadContext, hour: Hour): Promise<HourFrames> {
  try {
    return await openOnce(context, hour);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return openOnce(context, hour).catch((again: unknown) => {
      throw errnoOf(again) === "ENOENT" ? incomplete(hour, again) : again;
    });
  }
}

function incomplete(hour: Hour, cause: unknown): OperatorError {
  return new OperatorError("HOUR_INCOMPLETE", {
    message: `of ${hour} a file is missing: ${messageOf(cause)}`,
    safe: "Nothing was changed.",
    next: "npm run fn -- verify says which one; take it from the other copy",
    cause,
  });
}

async function openOnce(context: ReadContext, hour: Hour): Promise<HourFrames> {
  const { files, root, dataFolder, collector } = context;
  const { index } = hourPaths({ ...booksStream, hour }, collector);
  // A sealed hour wins over the open files that it was made of, which may still be there.
  if (dataFolder === undefined || (await files.stat(join(root, index))) !== undefined)
    return readSealedHour(context, hour);
  const parts = await listParts(files, dataFolder, openNameOf(booksStream));
  return readOpenHour(
    context,
    hour,
    parts.filter((part) => part.hour === hour),
  );
}

/** Whether polls of an earlier hour lie in this one's file; an open hour has to be read to know. */
export async function mayHoldLate(context: ReadContext, hour: Hour): Promise<boolean> {
  const { files, root, collector } = context;
  const paths = hourPaths({ ...booksStream, hour }, collector);
  if ((await files.stat(join(root, paths.manifest))) !== undefined) {
    const { manifest } = parseManifest(
      await files.read(join(root, paths.manifest)),
      paths.manifest,
    );
    return manifest.data.late > 0;
  }
  if ((await files.stat(join(root, paths.index))) === undefined) return true;
  return parseIndex(await files.read(join(root, paths.index)), paths.index).data.late > 0;
}
