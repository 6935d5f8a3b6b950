/** What a restore is to bring: the objects of one collector that a remote shows, by hour and beside the hours. */
import type { Hour } from "../../runtime/time.ts";
import {
  type HourFileKind,
  hourFolder,
  type HourId,
  hourPaths,
  parsePath,
} from "../archive/layout.ts";
import { uploadsFolder } from "./loose-files.ts";
import { type Named, nameOf } from "./named.ts";
import type { Remote, RemoteFile } from "./remote.ts";

export interface RestoreFilter {
  collector: string;
  /** Both included. */
  from: Hour | undefined;
  to: Hour | undefined;
  /** `undefined`: all. */
  streams: readonly string[] | undefined;
}

/** Every object of each name: two of one are a fault of the remote that nobody may decide in silence. */
export type Objects = RemoteFile[];

export interface PlannedHour extends HourId {
  objects: Map<HourFileKind, Objects>;
}

export interface RestorePlan {
  /** By stream, oldest first; the key is the hour's folder. */
  hours: Map<string, PlannedHour>;
  /** Data packages, labels, reports, incidents: by path. */
  beside: Map<string, Objects>;
  uploads: Map<string, Objects>;
  bytes: number;
  /** How many objects there are of each other collector. */
  others: Map<string, number>;
}

export async function planRestore(remote: Remote, filter: RestoreFilter): Promise<RestorePlan> {
  const plan: RestorePlan = {
    hours: new Map(),
    beside: new Map(),
    uploads: new Map(),
    bytes: 0,
    others: new Map(),
  };
  for await (const object of remote.listAll()) add(plan, filter, object);
  plan.hours = new Map([...plan.hours].sort(([a], [b]) => (a < b ? -1 : 1)));
  return plan;
}

/** Whether all that is the collector's is asked for. */
export function isWhole({ from, to, streams }: RestoreFilter): boolean {
  return from === undefined && to === undefined && streams === undefined;
}

/** An hour that something names, shown by the listing or not; `undefined` if it is not asked for. */
export function plannedHour(
  plan: RestorePlan,
  filter: RestoreFilter,
  path: string,
): PlannedHour | undefined {
  const named = nameOf(path);
  const id = parsePath(path);
  if (named === undefined || id === undefined || !isAsked(named, filter)) return undefined;
  const key = hourFolder(id);
  const { venue, stream, hour } = id;
  const planned = plan.hours.get(key) ?? { venue, stream, hour, objects: new Map() };
  plan.hours.set(key, planned);
  return planned;
}

export function manifestPath(hour: HourId, collector: string): string {
  return hourPaths(hour, collector).manifest;
}

function add(plan: RestorePlan, filter: RestoreFilter, object: RemoteFile): void {
  const named = nameOf(object.path);
  if (named === undefined) return;
  if (named.collector !== filter.collector) {
    plan.others.set(named.collector, (plan.others.get(named.collector) ?? 0) + 1);
    return;
  }
  if (object.path.startsWith(`${uploadsFolder}/`)) {
    // Brought in any case, to hold the others against them.
    push(plan.uploads, object.path, object);
    return;
  }
  if (!isAsked(named, filter)) return;
  plan.bytes += object.bytes;
  const kind = parsePath(object.path)?.kind;
  if (kind === undefined) push(plan.beside, object.path, object);
  else {
    const planned = plannedHour(plan, filter, object.path);
    if (planned !== undefined) push(planned.objects, kind, object);
  }
}

function isAsked({ collector, stream, hours }: Named, filter: RestoreFilter): boolean {
  const { from, to, streams } = filter;
  if (collector !== filter.collector) return false;
  if (stream !== undefined && streams !== undefined && !streams.includes(stream)) return false;
  // What names no hour tells of the whole.
  if (hours === undefined) return isWhole(filter);
  return (from === undefined || hours[1] >= from) && (to === undefined || hours[0] <= to);
}

function push<K>(map: Map<K, Objects>, key: K, object: RemoteFile): void {
  const objects = map.get(key);
  if (objects === undefined) map.set(key, [object]);
  else objects.push(object);
}
