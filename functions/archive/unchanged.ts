/**
 * What a stream's open hour last recorded, as digests, so that the same text need not be written again. It is
 * a cache in `state/`: it names the file, its size and its last checksum, and where those are not what the
 * next append finds, it counts for nothing and everything is written.
 */
import { hash } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { removeIfThere } from "../../runtime/durable.ts";
import type { Appended, Tail } from "../../runtime/hours/hour-log.ts";

const schema = v.object({
  file: v.string(),
  bytes: v.number(),
  crc: v.number(),
  /** What the order of the digests goes by. */
  context: v.string(),
  /** `""` where nothing is known to be recorded. */
  digests: v.array(v.string()),
});

export type LastRecorded = Omit<v.InferOutput<typeof schema>, "file" | "bytes" | "crc"> &
  Pick<Tail, "file" | "bytes" | "crc">;

/** Of a text, byte for byte. */
export function digestOf(raw: Buffer): string {
  return hash("sha256", raw, "base64");
}

export async function readLastRecorded(
  files: Files,
  dataFolder: string,
  name: string,
): Promise<LastRecorded | undefined> {
  try {
    return v.parse(schema, JSON.parse((await files.read(cachePath(dataFolder, name))).toString()));
  } catch {
    return undefined;
  }
}

/** Whether nothing was written, cut or repaired since. */
export function stillHolds(last: LastRecorded | undefined, tail: Tail): last is LastRecorded {
  return (
    last !== undefined &&
    last.file === tail.file &&
    last.bytes === tail.bytes &&
    last.crc === tail.crc
  );
}

export async function rememberLastRecorded(
  files: Files,
  dataFolder: string,
  name: string,
  { file, bytes, crc }: Appended,
  now: Pick<LastRecorded, "context" | "digests">,
): Promise<void> {
  const path = cachePath(dataFolder, name);
  try {
    await removeIfThere(files, path);
    const cache = await files.open(path, "create");
    try {
      await cache.write(Buffer.from(JSON.stringify({ file, bytes, crc, ...now })));
    } finally {
      await cache.close();
    }
  } catch {
    // On a full disk the next run writes everything; a torn cache does not parse.
  }
}

function cachePath(dataFolder: string, name: string): string {
  return join(dataFolder, "state", `unchanged-${name}.json`);
}
