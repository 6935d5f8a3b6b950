/** The manifests of one chain as links: read once, small enough to keep for years of hours. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import type { Hour } from "../../runtime/time.ts";
import { hourPaths } from "../archive/layout.ts";
import { parseManifest, type ReadManifest } from "../archive/manifest.ts";
import type { Place } from "../archive/place.ts";
import type { SurveyedChain } from "./survey.ts";

export interface Link {
  hour: Hour;
  path: string;
  sha256: string;
  seq: number;
  previous: { path: string; sha256: string } | null;
}

/** In the order of the chain. Damaged manifests are left out: they are found when their hour is checked. */
export async function readLinks(files: Files, place: Place, chain: SurveyedChain): Promise<Link[]> {
  const links: Link[] = [];
  for await (const { manifest, path, sha256 } of readManifests(files, place, chain)) {
    const { hour, seq, previous } = manifest;
    links.push({ hour, path, sha256, seq, previous });
  }
  return links.sort((a, b) => a.seq - b.seq || (a.hour < b.hour ? -1 : 1));
}

/** Of the hours that are this chain's own, oldest first. */
export async function* readManifests(
  files: Files,
  { root }: Place,
  chain: SurveyedChain,
): AsyncGenerator<ReadManifest> {
  for (const [hour, has] of chain.hours) {
    if (!has.has("manifest")) continue;
    const path = hourPaths({ ...chain, hour }, chain.collector).manifest;
    const read = parse(await files.read(join(root, path)), path);
    const own = read && hourPaths(read.manifest, read.manifest.collector).manifest;
    if (read !== undefined && own === path) yield read;
  }
}

function parse(bytes: Buffer, path: string): ReadManifest | undefined {
  try {
    return parseManifest(bytes, path);
  } catch (error) {
    if (error instanceof OperatorError) return undefined;
    throw error;
  }
}
