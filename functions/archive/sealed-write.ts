/**
 * Writes a sealed hour: one gzip member of one deflate stream, fully flushed after each group, so that a group's
 * bytes inflate on their own. A full flush forgets the window, so groups are compressed apart and put in a row.
 */
import { createHash } from "node:crypto";
import { constants, crc32, deflateRawSync } from "node:zlib";
import type { OpenFile } from "../../runtime/doors/files.ts";
import { writeAll } from "../../runtime/durable.ts";
import type { Group } from "./regroup.ts";
import type { Range } from "./sealed-index.ts";

export interface Written {
  ranges: Map<string, Range>;
  bytes: number;
  sha256: string;
  md5: string;
}

/** No time and no name in it: the same lines give the same bytes. */
export const gzipHeader: Buffer = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
/** An empty last block, which ends the deflate stream. */
export const deflateEnd: Buffer = Buffer.from([3, 0]);
export const trailerBytes = 8;

// Compressed here and not in zlib's threads: the way there and back costs as much again. Some 8 ms each.
const segmentRawBytes = 1024 * 1024;
// Each write lets the event loop go: so many bytes are some 20 ms of compression.
const pendingBytesMax = 64 * 1024;
const deflateOptions = { level: 6, memLevel: 9, finishFlush: constants.Z_FULL_FLUSH };

export async function writeSealed(file: OpenFile, groups: AsyncIterable<Group>): Promise<Written> {
  const writer = new SealedWriter(file);
  await writer.write(gzipHeader);
  const ranges = new Map<string, Range>();
  for await (const group of groups) ranges.set(group.key, await writer.writeGroup(group));
  await writer.end();
  return { ranges, ...writer.result() };
}

class SealedWriter {
  #file: OpenFile;
  /** One buffer for all lines in turn: a new one for each group would be as much garbage as the hour is large. */
  #segment = Buffer.allocUnsafe(segmentRawBytes);
  #segmentBytes = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #bytes = 0;
  #crc = 0;
  #groupCrc = 0;
  #lines = 0;
  #rawBytes = 0;
  #sha256 = createHash("sha256");
  #md5 = createHash("md5");

  constructor(file: OpenFile) {
    this.#file = file;
  }

  async write(bytes: Buffer): Promise<void> {
    this.#sha256.update(bytes);
    this.#md5.update(bytes);
    this.#bytes += bytes.length;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= pendingBytesMax) await this.#flush();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    await writeAll(this.#file, bytes);
  }

  async writeGroup(group: Group): Promise<Range> {
    const offset = this.#bytes;
    const lines = this.#lines;
    const rawBytes = this.#rawBytes;
    this.#groupCrc = 0;
    for await (const batch of group.batches) {
      for (const line of batch) {
        this.#lines += 1;
        const end = this.#segmentBytes + line.length;
        if (end >= segmentRawBytes) {
          await this.#addAcross(Buffer.concat([line, lineFeed]));
          continue;
        }
        line.copy(this.#segment, this.#segmentBytes);
        this.#segment[end] = lineFeedByte;
        this.#segmentBytes = end + 1;
      }
    }
    await this.#writeSegment();
    return {
      offset,
      length: this.#bytes - offset,
      lines: this.#lines - lines,
      rawBytes: this.#rawBytes - rawBytes,
      crc: this.#groupCrc,
    };
  }

  /** A line may be longer than a segment; where it is cut no reader sees. */
  async #addAcross(line: Buffer): Promise<void> {
    for (let from = 0; from < line.length;) {
      const copied = line.copy(this.#segment, this.#segmentBytes, from);
      this.#segmentBytes += copied;
      from += copied;
      if (this.#segmentBytes === segmentRawBytes) await this.#writeSegment();
    }
  }

  async #writeSegment(): Promise<void> {
    if (this.#segmentBytes === 0) return;
    const raw = this.#segment.subarray(0, this.#segmentBytes);
    this.#crc = crc32(raw, this.#crc);
    this.#groupCrc = crc32(raw, this.#groupCrc);
    this.#rawBytes += raw.length;
    this.#segmentBytes = 0;
    await this.write(deflateRawSync(raw, deflateOptions));
  }

  async end(): Promise<void> {
    const trailer = Buffer.alloc(trailerBytes);
    trailer.writeUInt32LE(this.#crc, 0);
    trailer.writeUInt32LE(this.#rawBytes % 2 ** 32, 4);
    await this.write(Buffer.concat([deflateEnd, trailer]));
    await this.#flush();
    await this.#file.syncData();
  }

  result(): Omit<Written, "ranges"> {
    return {
      bytes: this.#bytes,
      sha256: this.#sha256.digest("hex"),
      md5: this.#md5.digest("hex"),
    };
  }
}

const lineFeedByte = 10;
const lineFeed = Buffer.from([lineFeedByte]);
