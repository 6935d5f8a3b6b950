/** What lies in an archive: hours by chain, the days' data packages, and files that are neither. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import type { Hour } from "../../runtime/time.ts";
import type { Place } from "../archive/place.ts";
import {
  type DayId,
  type HourFileKind,
  parseDayPath,
  parsePath,
  type StreamId,
} from "../archive/layout.ts";
import type { Findings } from "./findings.ts";

/** One collector's hours of one stream: what one chain of manifests describes. */
export interface SurveyedChain extends StreamId {
  collector: string;
  hours: Map<Hour, Set<HourFileKind>>;
}

export interface Survey {
  chains: SurveyedChain[];
  days: (DayId & { collector: string; path: string })[];
}

/** Unknown files become notes; `collector`: no other's hours. */
export async function survey(
  files: Files,
  { root }: Place,
  collector: string | undefined,
  findings: Findings,
): Promise<Survey> {
  const chains = new Map<string, SurveyedChain>();
  const days: Survey["days"] = [];
  for await (const path of walk(files, root, "")) {
    const hour = parsePath(path);
    const day = parseDayPath(path);
    const owner = (hour ?? day)?.collector;
    if (owner === undefined) findings.note("STRAY", path, strayDetail(path));
    else if (collector !== undefined && owner !== collector) continue;
    if (day !== undefined) days.push({ ...day, path });
    if (hour !== undefined) addHour(chains, hour);
  }
  return { chains: [...chains.values()], days };
}

function addHour(
  chains: Map<string, SurveyedChain>,
  { venue, stream, collector, hour, kind }: NonNullable<ReturnType<typeof parsePath>>,
): void {
  const key = `${collector} ${venue} ${stream}`;
  const chain = chains.get(key) ?? { venue, stream, collector, hours: new Map() };
  chains.set(key, chain);
  const has = chain.hours.get(hour) ?? new Set();
  chain.hours.set(hour, has.add(kind));
}

async function* walk(files: Files, root: string, folder: string): AsyncGenerator<string> {
  for (const { name, isFolder } of await files.list(join(root, folder))) {
    // Of a remote's root, only what is laid out as an archive; labels and reports lie beside it.
    if (folder === "" && !name.startsWith("venue=")) continue;
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isFolder) yield* walk(files, root, path);
    else yield path;
  }
}

function strayDetail(path: string): string {
  if (/\/\.hour=\d\d\.pruned\//.test(path))
    return "left by a prune that was killed; the next ends it";
  if (/\/\.[^/]+\.tmp$/.test(path))
    return "left by a run that was killed; the next one replaces it";
  return "no file of an hour";
}
