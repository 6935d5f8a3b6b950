/**
 * One append to an open hour: a complete gzip member (RFC 1952) that any gzip reader takes, with its own
 * length and number in an FEXTRA subfield `HB`, so that repair can step over damage:
 *
 *     1f 8b 08 04 | mtime 0 | xfl 0 | os 3 | xlen 16 | "HB" 12 | length u32 | number u32 | crc32 of both u32
 *
 * little endian; `length` is the whole member's, header and trailer included.
 */
import { once } from "node:events";
import {
  constants,
  crc32,
  createDeflateRaw,
  createInflateRaw,
  deflateRawSync,
  inflateRawSync,
} from "node:zlib";

export const headerBytes = 28;
export const trailerBytes = 8;
/** The longest member: one poll of some 20,000 books. */
export const memberBytesMax = 256 * 1024 * 1024;

const fixed = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 16, 0, 0x48, 0x42, 12, 0]);
/** What every header begins with, to find the next one behind damage. */
export const memberMagic: Buffer = fixed.subarray(0, 4);

// Level 1: an open hour lives an hour or two and is compressed again when sealed; level 6 costs four
// times the CPU for a tenth fewer bytes, since one poll holds each book only once.
const level = 1;
// Below this a thread hop costs more than the compression.
const syncBytesMax = 64 * 1024;
const blockBytes = 256 * 1024;
// A line or two need no window of 32 KiB: setting that up takes twice as long as their compression.
const fewBytesMax = 4 * 1024;
const forFewBytes = { level, windowBits: 12, memLevel: 4, chunkSize: fewBytesMax };

export interface MemberHeader {
  /** Of the whole member. */
  length: number;
  number: number;
}

export interface Member {
  bytes: Buffer;
  crc: number;
  rawBytes: number;
}

export async function encodeMember(number: number, chunks: Iterable<Buffer>): Promise<Member> {
  let crc = 0;
  let rawBytes = 0;
  const raw: Buffer[] = [];
  for (const chunk of chunks) {
    crc = crc32(chunk, crc);
    rawBytes += chunk.length;
    raw.push(chunk);
  }
  const deflated =
    rawBytes <= syncBytesMax
      ? [deflateRawSync(Buffer.concat(raw), rawBytes <= fewBytesMax ? forFewBytes : { level })]
      : await deflateInChunks(raw);

  const length = headerBytes + deflated.reduce((sum, part) => sum + part.length, 0) + trailerBytes;
  const trailer = Buffer.alloc(trailerBytes);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(rawBytes % 2 ** 32, 4);
  return {
    bytes: Buffer.concat([encodeHeader({ length, number }), ...deflated, trailer]),
    crc,
    rawBytes,
  };
}

/** `undefined` unless these bytes begin a member's header, unharmed. */
export function decodeHeader(bytes: Buffer): MemberHeader | undefined {
  if (bytes.length < headerBytes || bytes.compare(fixed, 0, fixed.length, 0, fixed.length) !== 0)
    return undefined;
  if (crc32(bytes.subarray(16, 24)) !== bytes.readUInt32LE(24)) return undefined;
  const length = bytes.readUInt32LE(16);
  if (length < headerBytes + trailerBytes || length > memberBytesMax) return undefined;
  return { length, number: bytes.readUInt32LE(20) };
}

/** The member's lines in pieces; throws where they are not what was written. */
export async function* inflateMember(member: Buffer): AsyncGenerator<Buffer> {
  const body = member.subarray(headerBytes, member.length - trailerBytes);
  let crc = 0;
  let rawBytes = 0;
  for await (const piece of body.length <= syncBytesMax ? inflateSmall(body) : inflateLarge(body)) {
    crc = crc32(piece, crc);
    rawBytes += piece.length;
    yield piece;
  }
  if (crc !== crcOf(member) || rawBytes % 2 ** 32 !== member.readUInt32LE(member.length - 4)) {
    throw new Error("checksum of the member differs");
  }
}

/** Whether the member is whole: header, deflate stream, length and checksum. */
export async function isWhole(member: Buffer): Promise<boolean> {
  if (decodeHeader(member)?.length !== member.length) return false;
  try {
    for await (const piece of inflateMember(member)) void piece;
    return true;
  } catch {
    return false;
  }
}

/** The checksum that ends a member, or a file whose last member is whole. */
export function crcOf(endingWithMember: Buffer): number {
  return endingWithMember.readUInt32LE(endingWithMember.length - trailerBytes);
}

function encodeHeader({ length, number }: MemberHeader): Buffer {
  const header = Buffer.alloc(headerBytes);
  fixed.copy(header);
  header.writeUInt32LE(length, 16);
  header.writeUInt32LE(number, 20);
  header.writeUInt32LE(crc32(header.subarray(16, 24)), 24);
  return header;
}

async function deflateInChunks(raw: readonly Buffer[]): Promise<Buffer[]> {
  const stream = createDeflateRaw({ level });
  const out: Buffer[] = [];
  stream.on("data", (piece: Buffer) => out.push(piece));
  const ended = once(stream, "end");
  for (const block of inBlocks(raw)) {
    if (!stream.write(block)) await once(stream, "drain");
  }
  stream.end();
  await ended;
  return out;
}

/** Each write is a hop to zlib's thread and back: one for every book took four times the compression's CPU. */
function* inBlocks(chunks: readonly Buffer[]): Generator<Buffer> {
  let block: Buffer[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    block.push(chunk);
    bytes += chunk.length;
    if (bytes < blockBytes) continue;
    yield Buffer.concat(block);
    block = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(block);
}

// Level 1 never reaches 1:1032, so this bounds what a damaged stream can blow up to.
function* inflateSmall(body: Buffer): Generator<Buffer> {
  yield inflateRawSync(body, {
    maxOutputLength: syncBytesMax * 1032,
    finishFlush: constants.Z_FINISH,
  });
}

async function* inflateLarge(body: Buffer): AsyncGenerator<Buffer> {
  const stream = createInflateRaw({ chunkSize: 256 * 1024 });
  stream.end(body);
  yield* stream as AsyncIterable<Buffer>;
}
