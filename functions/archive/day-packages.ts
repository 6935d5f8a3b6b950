/** Writes the data packages of days that are over: once all their hours are described, and each only once. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { settleNames, writeOnce } from "../../runtime/durable.ts";
import { listParts } from "../../runtime/hours/parts.ts";
import { dayMs, hourMs } from "../../runtime/time.ts";
import { dayPackage } from "./day-package.ts";
import {
  archiveFolder,
  type ArchivedHour,
  dayPath,
  type DayId,
  listHours,
  openNameOf,
  parsePath,
  streamFolder,
} from "./layout.ts";
import { type ReadManifest, readManifest } from "./manifest.ts";

interface PackageContext {
  files: Files;
  dataFolder: string;
  collector: string;
  /** Days are over by this time. Epoch ms. */
  asOf: number;
}

// A poll of the day's last slot may still be on its way to the disk: what comes later goes into later hours.
const lateMarginMs = hourMs;

/** Returns the paths of those written now, relative to the archive. */
export async function writeDayPackages(context: PackageContext): Promise<string[]> {
  const { files, dataFolder, collector, asOf } = context;
  const written: string[] = [];
  const hours = await listHours(files, dataFolder, collector);
  for (const stream of Map.groupBy(hours, streamFolder).values()) {
    for (const [date, day] of Map.groupBy(stream, ({ hour }) => hour.slice(0, 10))) {
      if (Date.parse(`${date}T00:00:00Z`) + dayMs + lateMarginMs > asOf) continue;
      const id: DayId = { venue: day[0]?.venue ?? "", stream: day[0]?.stream ?? "", date };
      const path = join(archiveFolder(dataFolder), dayPath(id, collector));
      if ((await files.stat(path)) !== undefined || (await isUnderWay(context, id, day))) continue;
      const manifests = await manifestsOf(context, stream);
      const own = manifests.filter(({ manifest }) => manifest.hour.startsWith(date));
      if (!isComplete(manifests, own)) continue;
      const named = own.map((each) => join(archiveFolder(dataFolder), each.path));
      await settleNames(files, named);
      if (await writeOnce(files, path, dayPackage(id, collector, own)))
        written.push(dayPath(id, collector));
    }
  }
  return written;
}

async function isUnderWay(
  { files, dataFolder }: PackageContext,
  day: DayId,
  hours: readonly ArchivedHour[],
): Promise<boolean> {
  if (hours.some(({ has }) => !has.has("manifest"))) return true;
  const open = await listParts(files, dataFolder, openNameOf(day));
  return open.some(({ hour }) => hour.startsWith(day.date));
}

async function manifestsOf(
  { files, dataFolder, collector }: PackageContext,
  hours: readonly ArchivedHour[],
): Promise<ReadManifest[]> {
  const described = hours.filter(({ has }) => has.has("manifest"));
  const manifests: ReadManifest[] = [];
  for (const hour of described)
    manifests.push(await readManifest(files, dataFolder, hour, collector));
  return manifests;
}

/**
 * Prune may have taken some of the day's hours before there was a package: then there never will be one, since
 * it would leave them out. The chain tells: what is named as a day's own is here, and only its end is unnamed.
 */
function isComplete(all: readonly ReadManifest[], own: readonly ReadManifest[]): boolean {
  const here = new Set(own.map(({ path }) => path));
  const named = new Set(all.map(({ manifest }) => manifest.previous?.path));
  const highestSeq = Math.max(...all.map(({ manifest }) => manifest.seq));
  const date = own[0]?.manifest.hour.slice(0, 10);
  const isMissing = (path: string | undefined): boolean =>
    path !== undefined && parsePath(path)?.hour.slice(0, 10) === date && !here.has(path);
  return (
    ![...named].some(isMissing) &&
    own.every(({ path, manifest }) => named.has(path) || manifest.seq === highestSeq)
  );
}
