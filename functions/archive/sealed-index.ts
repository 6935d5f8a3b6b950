/** The index beside a sealed hour: token → byte range, and what only sealing knows. Gzipped JSON. */
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { archiveFolder } from "./layout.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const md5 = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

/** Bytes `offset` to `offset + length` of the data file: raw deflate that inflates on its own to whole lines. */
const rangeSchema = v.object({
  offset: count,
  length: count,
  lines: count,
  rawBytes: count,
  /** CRC-32 of its lines, LF included; absent from the first hours of 0.1. */
  crc: v.optional(count),
});

export const tokenRangeSchema = v.object({
  ...rangeSchema.entries,
  /** Poll numbers of its first and last book. */
  first: count,
  last: count,
  /** How many of its books belong to a scheduled poll: slots recorded, without those of by-hand polls. */
  slots: count,
});

/** What the lines say, summed up; a stream without polls has zeros there. */
export const countsSchema = v.object({
  lines: count,
  /** Of the lines, LF included. */
  rawBytes: count,
  polls: count,
  books: count,
  unchanged: count,
  missing: count,
  lost: count,
  /** Lines whose slot or start lies in an earlier hour that was closed already. */
  late: count,
  /** Earliest and latest of the lines' own times; `null` where lines carry none. */
  first: v.nullable(v.string()),
  last: v.nullable(v.string()),
});

/** Sums that prove that sealing lost nothing. */
export const digestsSchema = v.object({
  /** Of the sealed file. */
  sha256,
  md5,
  bytes: count,
  /** Of the lines as sealed, uncompressed. */
  rawSha256: sha256,
  /** Sum of every line's SHA-256 as a number, modulo 2^256: the same in any order of the lines. */
  lineDigest: sha256,
});

export const partSchema = v.object({
  name: v.string(),
  bytes: count,
  members: count,
  first: count,
  last: count,
  /** Of its lines alone, as above: what is left of it after a crash is known again by this. */
  lineDigest: sha256,
});

export const findingSchema = v.object({ code: v.string(), detail: v.string() });
export type Finding = v.InferOutput<typeof findingSchema>;

export const indexSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("index"),
  collector: v.string(),
  venue: v.string(),
  stream: v.string(),
  hour: v.string(),
  data: v.object({ ...digestsSchema.entries, ...countsSchema.entries }),
  /** Every line that is no book, in the order of writing. */
  head: rangeSchema,
  /** Each token's books in poll order. */
  tokens: v.record(v.string(), tokenRangeSchema),
  /** The open files that it was sealed from. */
  parts: v.array(partSchema),
  /** Repairs: bytes that were not whole members, moved to quarantine. */
  recovered: v.array(v.object({ file: v.string(), bytes: count })),
  findings: v.array(findingSchema),
});

export type SealedIndex = v.InferOutput<typeof indexSchema>;
export type Counts = v.InferOutput<typeof countsSchema>;
export type TokenRange = v.InferOutput<typeof tokenRangeSchema>;
export type Range = v.InferOutput<typeof rangeSchema>;
export type SealedPart = v.InferOutput<typeof partSchema>;

/** Reads an index of the archive; `path` as in `HourPaths`. */
export async function readIndex(
  files: Files,
  dataFolder: string,
  path: string,
): Promise<SealedIndex> {
  return parseIndex(await files.read(join(archiveFolder(dataFolder), path)), path);
}

/** 100 times that of 5,000 tokens: what a damaged one inflates to is held in memory. */
const textBytesMax = 128 * 1024 * 1024;

/** Throws `INDEX_DAMAGED`, which names the file by `path`. */
export function parseIndex(bytes: Buffer, path: string): SealedIndex {
  try {
    const text = gunzipSync(bytes, { maxOutputLength: textBytesMax }).toString();
    return v.parse(indexSchema, JSON.parse(text));
  } catch (error) {
    throw new OperatorError("INDEX_DAMAGED", {
      message: `${path} is no index that this version understands`,
      safe: "The data file beside it is untouched and stays.",
      next: `restore it from the remote; sha256sum -c in its folder tells which file differs`,
      cause: error,
    });
  }
}
