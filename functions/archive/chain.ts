/** The newest link of a stream's chain of manifests. */
import type { Files } from "../../runtime/doors/files.ts";
import type { Hour } from "../../runtime/time.ts";
import { listHours, type StreamId } from "./layout.ts";
import { readManifest } from "./manifest.ts";

export interface ChainEnd {
  seq: number;
  path: string;
  sha256: string;
  /** The newest hour that any link describes: silence is counted from there. */
  newestHour: Hour;
}

/** `undefined` before the first manifest. Prune never takes the newest one, so the chain goes on after it. */
export async function findChainEnd(
  files: Files,
  dataFolder: string,
  collector: string,
  stream: StreamId,
): Promise<ChainEnd | undefined> {
  let end: ChainEnd | undefined;
  for (const hour of await listHours(files, dataFolder, collector)) {
    if (hour.venue !== stream.venue || hour.stream !== stream.stream || !hour.has.has("manifest"))
      continue;
    const { manifest, path, sha256 } = await readManifest(files, dataFolder, hour, collector);
    const newestHour = end === undefined || hour.hour > end.newestHour ? hour.hour : end.newestHour;
    if (end === undefined || manifest.seq > end.seq)
      end = { seq: manifest.seq, path, sha256, newestHour };
    else end.newestHour = newestHour;
  }
  return end;
}
