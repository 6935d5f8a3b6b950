/** What still has to be copied to the remote, as far as this machine knows: nothing is asked of the remote. */
import { looseFolders, uploadsFolder } from "./loose-files.ts";
import { listCollectors } from "../archive/layout.ts";
import { type Archive, daysToOffload, hoursToOffload, looseToOffload } from "./offload-work.ts";

export interface Backlog {
  hours: number;
  files: number;
  bytes: number;
  /** Manifests that cannot be relied on: their hours are not copied. */
  damaged: number;
}

export async function readBacklog(archive: Archive, asOf: number): Promise<Backlog> {
  const all = { hoursMax: Number.POSITIVE_INFINITY, filesMax: Number.POSITIVE_INFINITY };
  const hours = await hoursToOffload(archive, { asOf, ...all });
  const days = await daysToOffload(archive, all.filesMax);
  const loose = await looseToOffload(archive, [...looseFolders, uploadsFolder], all.filesMax);
  const parcels = [
    ...hours.todo.flatMap(({ files, manifest }) => (manifest ? [...files, manifest] : files)),
    ...days.todo,
    ...loose.todo,
  ];
  return {
    hours: hours.todo.length,
    files: parcels.length,
    bytes: parcels.reduce((sum, { artifact }) => sum + artifact.bytes, 0),
    damaged: hours.damaged.length,
  };
}

/**
 * Hours that lie here under other names and are not on the remote: of before a machine was renamed. Nobody sends them
 * but a run under that name.
 */
export async function othersBacklog(
  archive: Archive,
  asOf: number,
): Promise<{ collector: string; hours: number }[]> {
  const all = { hoursMax: Number.POSITIVE_INFINITY, filesMax: Number.POSITIVE_INFINITY };
  const waiting: { collector: string; hours: number }[] = [];
  for (const collector of await listCollectors(archive.files, archive.dataFolder)) {
    if (collector === archive.collector) continue;
    const { todo } = await hoursToOffload({ ...archive, collector }, { asOf, ...all });
    if (todo.length > 0) waiting.push({ collector, hours: todo.length });
  }
  return waiting;
}
