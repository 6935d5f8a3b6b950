/**
 * Writes a sealed hour: one gzip member of one deflate stream, fully flushed after each group, so that a group's
 * bytes inflate on their own. A full flush forgets the window, so groups are compressed apart and put in a row.
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { constants, crc32, deflateRaw as deflateRawWithCallback } from "node:zlib";
import type { OpenFile } from "../../runtime/doors/files.ts";
import { writeAll } from "../../runtime/durable.ts";
import { LineDigest } from "./line-digest.ts";
import type { Group } from "./regroup.ts";
import type { Range } from "./sealed-index.ts";

export interface Written {
  ranges: Map<string, Range>;
  bytes: number;
  sha256: string;
  md5: string;
  rawSha256: string;
  digest: LineDigest;
}

/** No time and no name in it: the same lines give the same bytes. */
export const gzipHeader: Buffer = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
/** An empty last block, which ends the deflate stream. */
export const deflateEnd: Buffer = Buffer.from([3, 0]);
export const trailerBytes = 8;

// A token's hour is far smaller; only the head of an hour full of failures reaches this.
const segmentRawBytesMax = 16 * 1024 * 1024;
const deflateRaw = promisify(deflateRawWithCallback) as (bytes: Buffer, options: object) => Promise<Buffer>;

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
  #bytes = 0;
  #crc = 0;
  #digest = new LineDigest();
  #sha256 = createHash("sha256");
  #md5 = createHash("md5");
  #rawSha256 = createHash("sha256");

  constructor(file: OpenFile) {
    this.#file = file;
  }

  async write(bytes: Buffer): Promise<void> {
    this.#sha256.update(bytes);
    this.#md5.update(bytes);
    this.#bytes += bytes.length;
    await writeAll(this.#file, bytes);
  }

  async writeGroup(group: Group): Promise<Range> {
    const offset = this.#bytes;
    const { lines, rawBytes } = this.#digest;
    let segment: Buffer[] = [];
    let segmentBytes = 0;
    for await (const batch of group.batches) {
      for (const line of batch) {
        this.#digest.add(line);
        segment.push(line, lineFeed);
        segmentBytes += line.length + 1;
        if (segmentBytes < segmentRawBytesMax) continue;
        await this.#writeSegment(segment);
        segment = [];
        segmentBytes = 0;
      }
    }
    if (segment.length > 0) await this.#writeSegment(segment);
    const length = this.#bytes - offset;
    return {
      offset,
      length,
      lines: this.#digest.lines - lines,
      rawBytes: this.#digest.rawBytes - rawBytes,
    };
  }

  async #writeSegment(segment: readonly Buffer[]): Promise<void> {
    const raw = Buffer.concat(segment);
    this.#crc = crc32(raw, this.#crc);
    this.#rawSha256.update(raw);
    await this.write(await deflateRaw(raw, { level: 6, memLevel: 9, finishFlush: constants.Z_FULL_FLUSH }));
  }

  async end(): Promise<void> {
    const trailer = Buffer.alloc(trailerBytes);
    trailer.writeUInt32LE(this.#crc, 0);
    trailer.writeUInt32LE(this.#digest.rawBytes % 2 ** 32, 4);
    await this.write(Buffer.concat([deflateEnd, trailer]));
    await this.#file.syncData();
  }

  result(): Omit<Written, "ranges"> {
    return {
      bytes: this.#bytes,
      sha256: this.#sha256.digest("hex"),
      md5: this.#md5.digest("hex"),
      rawSha256: this.#rawSha256.digest("hex"),
      digest: this.#digest,
    };
  }
}

const lineFeed = Buffer.from("\n");
