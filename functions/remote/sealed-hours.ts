/** The sealed hours of this collector, as their manifests describe them. */
import type { Files } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import {
  type ArchivedHour,
  type HourId,
  hourFolder,
  hourPaths,
  listHours,
} from "../archive/layout.ts";
import { type ReadManifest, readManifest } from "../archive/manifest.ts";
import type { Artifact } from "./look.ts";

export interface SealedHour extends HourId {
  /** Data, index and sums. */
  files: readonly Artifact[];
  manifest: Artifact;
  /** Position in the chain. */
  seq: number;
  polls: number;
}

/** `unfinished`: no manifest yet. `damaged`: a manifest that cannot be relied on. */
export type FoundHour =
  | { state: "sealed"; hour: SealedHour }
  | { state: "unfinished"; hour: HourId }
  | { state: "damaged"; hour: HourId; path: string; problem: string };

/** Streams by name, hours oldest first. */
export async function* findHours(
  files: Files,
  dataFolder: string,
  collector: string,
): AsyncGenerator<FoundHour> {
  for (const hour of await listHours(files, dataFolder, collector)) {
    yield await findHour(files, dataFolder, collector, hour);
  }
}

async function findHour(
  files: Files,
  dataFolder: string,
  collector: string,
  hour: ArchivedHour,
): Promise<FoundHour> {
  if (!hour.has.has("manifest")) return { state: "unfinished", hour };
  try {
    const read = await readManifest(files, dataFolder, hour, collector);
    checkIdentity(read, hour, collector);
    const { manifest, path, bytes, sha256, md5 } = read;
    const described = manifest.files.map((file) => ({ ...file }));
    const sealed = { files: described, manifest: { path, bytes, sha256, md5 }, seq: manifest.seq };
    const { venue, stream, hour: utc } = hour;
    return {
      state: "sealed",
      hour: { venue, stream, hour: utc, ...sealed, polls: manifest.data.polls },
    };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return {
      state: "damaged",
      hour,
      path: hourPaths(hour, collector).manifest,
      problem: error.message,
    };
  }
}

/** Throws `MANIFEST_DAMAGED`: its paths are copied from and deleted at, so they must be this hour's own. */
export function checkIdentity(
  { manifest, path }: ReadManifest,
  id: HourId,
  collector: string,
): void {
  const { data, index, sums } = hourPaths(id, collector);
  const expected = [data, index, sums].toSorted().join(" ");
  const described = manifest.files.map((file) => file.path).toSorted();
  const isOwn = manifest.collector === collector && hourFolder(manifest) === hourFolder(id);
  if (isOwn && described.join(" ") === expected) return;
  throw new OperatorError("MANIFEST_DAMAGED", {
    message: `${path} describes other files than those beside it`,
    safe: "The hour's other files are untouched and stay.",
    next: "npm run fn -- verify; then restore the manifest from the remote",
  });
}
