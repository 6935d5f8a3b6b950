/**
 * The lines of an hour, grouped: what is no book first, then each token's books, each group in the order of
 * writing. Whatever the hour's size, a bounded part of it is in memory: a large one goes through buckets on disk,
 * each a run of neighbouring groups that fits.
 */
import { join } from "node:path";
import { createGzip } from "node:zlib";
import type { Files, OpenFile } from "../../runtime/doors/files.ts";
import { makeDurableFolder, removeIfThere, writeAll } from "../../runtime/durable.ts";
import { readLineBatches } from "../../runtime/hours/read.ts";
import { bookOf } from "./lines.ts";
import { type GroupTally, headGroup } from "./tally.ts";

export interface Group {
  /** A token, or `headGroup`. */
  key: string;
  batches: AsyncIterable<readonly Buffer[]> | Iterable<readonly Buffer[]>;
}

/** Raw lines held at once; an hour below it never touches the disk in between. */
export const bucketRawBytesMax = 48 * 1024 * 1024;

type Lines = () => AsyncIterable<Buffer[]>;

/** `lines` reads the hour anew at each call; `scratch` is a folder of its own that may be left behind by a crash. */
export async function* regroup(
  files: Files,
  scratch: string,
  groups: ReadonlyMap<string, GroupTally>,
  lines: Lines,
  bucketBytesMax = bucketRawBytesMax,
): AsyncGenerator<Group> {
  const buckets = planBuckets(groups, bucketBytesMax);
  const [only] = buckets;
  if (only !== undefined && buckets.length === 1) {
    yield* groupsOf(only, lines());
    return;
  }
  try {
    await distribute(files, scratch, buckets, lines());
    for (const [number, keys] of buckets.entries()) {
      yield* groupsOf(keys, readLineBatches(files, bucketPath(scratch, number), { damage: "throw" }));
      await removeIfThere(files, bucketPath(scratch, number));
    }
  } finally {
    await clearScratch(files, scratch);
  }
}

export async function clearScratch(files: Files, scratch: string): Promise<void> {
  for (const { name } of await files.list(scratch)) await removeIfThere(files, join(scratch, name));
}

/** Groups in order, as few buckets as fit. A group that is larger than a bucket has one to itself. */
function planBuckets(groups: ReadonlyMap<string, GroupTally>, bytesMax: number): string[][] {
  const buckets: string[][] = [];
  let bytes = 0;
  for (const key of [...groups.keys()].sort()) {
    const size = groups.get(key)?.rawBytes ?? 0;
    const bucket = buckets.at(-1);
    if (bucket === undefined || bytes + size > bytesMax) {
      buckets.push([key]);
      bytes = size;
    } else {
      bucket.push(key);
      bytes += size;
    }
  }
  return buckets;
}

async function* groupsOf(keys: readonly string[], lines: AsyncIterable<Buffer[]>): AsyncGenerator<Group> {
  const [only] = keys;
  if (only !== undefined && keys.length === 1) {
    // Alone, so it may be of any size: passed on as it is read.
    yield { key: only, batches: lines };
    return;
  }
  const held = new Map<string, Buffer[]>(keys.map((key) => [key, []]));
  for await (const batch of lines) {
    for (const line of batch) held.get(bookOf(line)?.token ?? headGroup)?.push(line);
  }
  for (const key of keys) {
    yield { key, batches: [held.get(key) ?? []] };
    held.delete(key);
  }
}

async function distribute(
  files: Files,
  scratch: string,
  buckets: readonly (readonly string[])[],
  lines: AsyncIterable<Buffer[]>,
): Promise<void> {
  await makeDurableFolder(files, scratch);
  await clearScratch(files, scratch);
  const bucketOf = new Map(buckets.flatMap((keys, number) => keys.map((key) => [key, number] as const)));
  const writers: BucketWriter[] = [];
  try {
    for (const number of buckets.keys()) {
      writers.push(new BucketWriter(await files.open(bucketPath(scratch, number), "create")));
    }
    for await (const batch of lines) {
      for (const line of batch) await writers[bucketOf.get(bookOf(line)?.token ?? headGroup) ?? 0]?.add(line);
    }
  } finally {
    for (const writer of writers) await writer.end();
  }
}

function bucketPath(scratch: string, number: number): string {
  return join(scratch, `bucket-${number}.jsonl.gz`);
}

const lineFeed = Buffer.from("\n");
const pendingBytesMax = 64 * 1024;

class BucketWriter {
  #file: OpenFile;
  #gzip = createGzip({ level: 1, memLevel: 7 });
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #written: Promise<void>;

  constructor(file: OpenFile) {
    this.#file = file;
    this.#written = this.#drain();
    // Looked at in `end`; a failure before that must not count as unhandled.
    this.#written.catch(() => undefined);
  }

  async add(line: Buffer): Promise<void> {
    this.#pending.push(line, lineFeed);
    this.#pendingBytes += line.length + 1;
    if (this.#pendingBytes >= pendingBytesMax) await this.#flush();
  }

  async end(): Promise<void> {
    try {
      await this.#flush();
      this.#gzip.end();
      await this.#written;
    } finally {
      await this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (bytes.length > 0) {
      await new Promise<void>((resolve, reject) =>
        this.#gzip.write(bytes, (error) => (error ? reject(error) : resolve())),
      );
    }
  }

  async #drain(): Promise<void> {
    for await (const piece of this.#gzip) await writeAll(this.#file, piece as Buffer);
  }
}
