/** Reads a sealed file whole and holds what is found against what sealing noted. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Files } from "../../runtime/doors/files.ts";
import { gunzipLines, readPieces } from "../../runtime/hours/read.ts";
import { LineDigest } from "./line-digest.ts";
import { bookOf } from "./lines.ts";
import type { Range, SealedIndex } from "./sealed-index.ts";
import { deflateEnd, gzipHeader, trailerBytes } from "./sealed-write.ts";
import { headGroup } from "./tally.ts";

export interface ReadBack {
  bytes: number;
  sha256: string;
  md5: string;
  rawSha256: string;
  lineDigest: string;
  lines: number;
  rawBytes: number;
  /** In the order found: a group that comes twice is there twice. */
  groups: { key: string; lines: number; rawBytes: number; crc: number }[];
}

/** Throws where it is not one whole gzip member of lines. Memory is bounded. `see` is shown each line. */
export async function readBack(
  files: Files,
  path: string,
  see: (line: Buffer) => void = () => {},
): Promise<ReadBack> {
  const file = await files.open(path, "read");
  try {
    const sums = {
      sha256: createHash("sha256"),
      md5: createHash("md5"),
      rawSha256: createHash("sha256"),
    };
    const digest = new LineDigest();
    const groups: ReadBack["groups"] = [];
    let bytes = 0;
    const pieces = tap(readPieces(file), (piece) => {
      bytes += piece.length;
      sums.sha256.update(piece);
      sums.md5.update(piece);
    });
    for await (const batch of gunzipLines(pieces, { damage: "throw" })) {
      for (const line of batch) {
        digest.add(line);
        sums.rawSha256.update(line).update("\n");
        count(groups, line);
        see(line);
      }
    }
    return {
      bytes,
      sha256: sums.sha256.digest("hex"),
      md5: sums.md5.digest("hex"),
      rawSha256: sums.rawSha256.digest("hex"),
      lineDigest: digest.value,
      lines: digest.lines,
      rawBytes: digest.rawBytes,
      groups,
    };
  } finally {
    await file.close();
  }
}

/** What differs between the file and its index, in words; empty if they agree. */
export function differences(found: ReadBack, index: SealedIndex): string[] {
  const noted = index.data;
  const names = ["bytes", "sha256", "md5", "rawSha256", "lineDigest", "lines", "rawBytes"] as const;
  const differing: string[] = names
    .filter((name) => found[name] !== noted[name])
    .map((name) => `${name}: the index says ${noted[name]}, the file holds ${found[name]}`);

  const ranges: [string, Range][] = [
    [headGroup, index.head],
    ...Object.entries(index.tokens).sort(byKey),
  ];
  const indexed = ranges.filter(([, range]) => range.lines > 0);
  if (indexed.length !== found.groups.length) {
    differing.push(
      `groups: the index says ${indexed.length}, the file holds ${found.groups.length}`,
    );
  }
  let offset = gzipHeader.length;
  for (const [position, [key, range]] of indexed.entries()) {
    const group = found.groups[position];
    const name = key === headGroup ? "the head" : `token ${key}`;
    if (group?.key !== key || !isSame(group, range)) {
      differing.push(`${name}: the index says ${range.lines} lines there, the file holds others`);
    }
    if (range.offset !== offset)
      differing.push(`${name}: its bytes do not follow the group before it`);
    offset += range.length;
  }
  if (offset + deflateEnd.length + trailerBytes !== found.bytes) {
    differing.push("ranges: they do not cover the file");
  }
  return differing;
}

function isSame(found: ReadBack["groups"][number], noted: Range): boolean {
  const { lines, rawBytes, crc = found.crc } = noted;
  return found.lines === lines && found.rawBytes === rawBytes && found.crc === crc;
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

function count(groups: ReadBack["groups"], line: Buffer): void {
  const key = bookOf(line)?.token ?? headGroup;
  let group = groups.at(-1);
  if (group?.key !== key) {
    group = { key, lines: 0, rawBytes: 0, crc: 0 };
    groups.push(group);
  }
  group.lines += 1;
  group.rawBytes += line.length + 1;
  group.crc = crc32("\n", crc32(line, group.crc));
}

async function* tap(
  pieces: AsyncIterable<Buffer>,
  see: (piece: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    see(piece);
    yield piece;
  }
}
