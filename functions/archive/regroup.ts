/**
 * The lines of an hour, grouped: what is no book first, then each token's books, each group in the order of
 * writing. Whatever the hour's size, a bounded part of it is in memory: a large one goes through buckets on disk,
 * each a run of neighbouring groups that fits.
 */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
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

/** An hour with fewer raw bytes is held whole, and never touches the disk in between. */
export const heldRawBytesMax = 48 * 1024 * 1024;
// What was held of one bucket is often not collected yet when the next is read.
const bucketRawBytesMax = 16 * 1024 * 1024;

type Lines = () => AsyncIterable<Buffer[]>;

/** `lines` reads the hour anew at each call; `scratch` is a folder of its own that may be left behind by a crash. */
export async function* regroup(
  files: Files,
  scratch: string,
  groups: ReadonlyMap<string, GroupTally>,
  lines: Lines,
  { heldBytesMax = heldRawBytesMax, bucketBytesMax = bucketRawBytesMax } = {},
): AsyncGenerator<Group> {
  const isHeld = sumOf(groups) <= heldBytesMax;
  const buckets = planBuckets(groups, isHeld ? heldBytesMax : bucketBytesMax);
  const [only] = buckets;
  if (only !== undefined && buckets.length === 1) {
    yield* groupsOf(only, lines());
    return;
  }
  try {
    await distribute(files, scratch, buckets, lines());
    for (const [number, keys] of buckets.entries()) {
      yield* groupsOf(
        keys,
        readLineBatches(files, bucketPath(scratch, number), { damage: "throw" }),
      );
      await removeIfThere(files, bucketPath(scratch, number));
    }
  } finally {
    await clearScratch(files, scratch);
  }
}

export async function clearScratch(files: Files, scratch: string): Promise<void> {
  for (const { name } of await files.list(scratch)) await removeIfThere(files, join(scratch, name));
}

function sumOf(groups: ReadonlyMap<string, GroupTally>): number {
  let bytes = 0;
  for (const { rawBytes } of groups.values()) bytes += rawBytes;
  return bytes;
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

async function* groupsOf(
  keys: readonly string[],
  lines: AsyncIterable<Buffer[]>,
): AsyncGenerator<Group> {
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
  const bucketOf = new Map(
    buckets.flatMap((keys, number) => keys.map((key) => [key, number] as const)),
  );
  const writers: BucketWriter[] = [];
  try {
    for (const number of buckets.keys()) {
      const file = await files.open(bucketPath(scratch, number), "create");
      writers.push(new BucketWriter(file, buckets.length));
    }
    for await (const batch of lines) {
      for (const line of batch)
        await writers[bucketOf.get(bookOf(line)?.token ?? headGroup) ?? 0]?.add(line);
    }
  } finally {
    for (const writer of writers) await writer.end();
  }
}

function bucketPath(scratch: string, number: number): string {
  return join(scratch, `bucket-${number}.jsonl.gz`);
}

// All buckets together, so that a larger hour, which has more of them, takes no more memory.
const pendingBytesTotal = 12 * 1024 * 1024;
// Below the first the compression of each piece costs more than it saves, above the second it gains nothing.
const pendingBytesMin = 16 * 1024;
const pendingBytesMax = 256 * 1024;

/** Writes lines as gzip members: a stream for each of hundreds of buckets would keep a window for each. */
class BucketWriter {
  #file: OpenFile;
  /** Lines are copied here: a line kept as it came would keep the whole piece that it was read with. */
  #pending: Buffer;
  #pendingBytes = 0;

  constructor(file: OpenFile, buckets: number) {
    const share = Math.floor(pendingBytesTotal / buckets);
    this.#file = file;
    this.#pending = Buffer.allocUnsafe(Math.min(pendingBytesMax, Math.max(pendingBytesMin, share)));
  }

  async add(line: Buffer): Promise<void> {
    if (this.#pendingBytes + line.length >= this.#pending.length) await this.#flush();
    if (line.length >= this.#pending.length) {
      await this.#write(Buffer.concat([line, lineFeed]));
      return;
    }
    line.copy(this.#pending, this.#pendingBytes);
    this.#pendingBytes += line.length;
    this.#pending[this.#pendingBytes] = lineFeedByte;
    this.#pendingBytes += 1;
  }

  async end(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    if (this.#pendingBytes > 0) await this.#write(this.#pending.subarray(0, this.#pendingBytes));
    this.#pendingBytes = 0;
  }

  async #write(bytes: Buffer): Promise<void> {
    // Some 2 ms. In zlib's threads the same takes half as much again, and memory that does not come back.
    await writeAll(this.#file, gzipSync(bytes, { level: 1, memLevel: 7 }));
  }
}

const lineFeedByte = 10;
const lineFeed = Buffer.from([lineFeedByte]);
