/** The description of a sealed hour, written last: its presence means that the hour is complete. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { archiveFolder, type HourId, hourPaths } from "./layout.ts";
import { countsSchema, digestsSchema, findingSchema, partSchema } from "./sealed-index.ts";

const fileSchema = v.object({
  path: v.string(),
  bytes: v.number(),
  sha256: v.string(),
  md5: v.string(),
});

export const manifestSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("manifest"),
  collector: v.string(),
  venue: v.string(),
  stream: v.string(),
  hour: v.string(),
  /** Position in this collector's chain for this venue and stream, from 1. */
  seq: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** The manifest built before this one; `null` for the first. */
  previous: v.nullable(v.object({ path: v.string(), sha256: v.string() })),
  built: v.string(),
  software: v.object({ name: v.string(), version: v.string(), node: v.string() }),
  /** Revisions of `schedules.json` in force in that hour, as the journal names them; absent before 0.2. */
  schedules: v.optional(v.array(v.string())),
  /** Data, index and sums; paths relative to the archive's root. */
  files: v.array(fileSchema),
  data: v.object({ ...digestsSchema.entries, ...countsSchema.entries }),
  parts: v.array(partSchema),
  recovered: v.array(v.object({ file: v.string(), bytes: v.number() })),
  /** Hours since the chain's previous hour without a single line, as ranges, first and last of each. */
  silence: v.array(v.tuple([v.string(), v.string()])),
  findings: v.array(findingSchema),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;
export type ManifestFile = v.InferOutput<typeof fileSchema>;

export interface ReadManifest {
  manifest: Manifest;
  path: string;
  bytes: number;
  sha256: string;
  md5: string;
}

export async function readManifest(
  files: Files,
  dataFolder: string,
  id: HourId,
  collector: string,
): Promise<ReadManifest> {
  const path = hourPaths(id, collector).manifest;
  return parseManifest(await files.read(join(archiveFolder(dataFolder), path)), path);
}

/** Throws `MANIFEST_DAMAGED`, which names the file by `path`. */
export function parseManifest(bytes: Buffer, path: string): ReadManifest {
  try {
    const manifest = v.parse(manifestSchema, JSON.parse(bytes.toString()));
    return { manifest, path, bytes: bytes.length, ...hashesOf(bytes) };
  } catch (error) {
    throw new OperatorError("MANIFEST_DAMAGED", {
      message: `${path} is no manifest that this version understands`,
      safe: "The hour's other files are untouched and stay.",
      next: "restore it from the remote",
      cause: error,
    });
  }
}

export function hashesOf(bytes: Buffer): { sha256: string; md5: string } {
  return {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    md5: createHash("md5").update(bytes).digest("hex"),
  };
}
