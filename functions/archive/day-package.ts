/**
 * A day's data package: a Frictionless description of one collector's hours of a stream, for tools that know
 * nothing of Hourbook. Made of the hours' manifests alone, once all of them are there, and then never changed.
 */
import * as v from "valibot";
import { OperatorError } from "../../runtime/errors.ts";
import { type DayId, dayPath } from "./layout.ts";
import type { ReadManifest } from "./manifest.ts";

const resourceSchema = v.object({
  name: v.string(),
  /** Relative to the package. */
  path: v.string(),
  bytes: v.number(),
  /** `sha256:…` */
  hash: v.string(),
  lines: v.number(),
  rawBytes: v.number(),
  first: v.nullable(v.string()),
  last: v.nullable(v.string()),
  manifest: v.object({ path: v.string(), sha256: v.string() }),
});

const packageSchema = v.object({
  name: v.string(),
  venue: v.string(),
  stream: v.string(),
  date: v.string(),
  collector: v.string(),
  resources: v.array(resourceSchema),
});

export type DayPackage = v.InferOutput<typeof packageSchema>;

/** The manifests of all the day's hours, oldest first. */
export function dayPackage(
  day: DayId,
  collector: string,
  manifests: readonly ReadManifest[],
): Buffer {
  const { venue, stream, date } = day;
  const described = {
    $schema: "https://datapackage.org/profiles/1.0/datapackage.json",
    profile: "data-package",
    name: `hourbook-${venue}-${stream}-${date}-${collector}`.toLowerCase(),
    title: `${venue} ${stream} of ${date} (UTC), recorded by ${collector}`,
    venue,
    stream,
    date,
    collector,
    resources: manifests.map(resourceOf),
  };
  return Buffer.from(`${JSON.stringify(described, undefined, 2)}\n`);
}

function resourceOf({ manifest, path, sha256 }: ReadManifest): object {
  const { hour, data, files } = manifest;
  const inDay = (full: string): string => full.slice(full.lastIndexOf("/hour=") + 1);
  return {
    name: `hour-${hour.slice(11)}`,
    path: inDay(files.find((file) => file.path.endsWith(".jsonl.gz"))?.path ?? ""),
    format: "jsonl",
    mediatype: "application/jsonl",
    compression: "gz",
    encoding: "utf-8",
    bytes: data.bytes,
    hash: `sha256:${data.sha256}`,
    lines: data.lines,
    rawBytes: data.rawBytes,
    first: data.first,
    last: data.last,
    manifest: { path: inDay(path), sha256 },
  };
}

/** Throws `PACKAGE_DAMAGED` where it is none, or describes another day than the one it lies at. */
export function parseDayPackage(bytes: Buffer, path: string): DayPackage {
  try {
    const described = v.parse(packageSchema, JSON.parse(bytes.toString()));
    const own = dayPath(described, described.collector);
    if (own !== path) throw new Error(`it belongs at ${own}`);
    return described;
  } catch (error) {
    throw new OperatorError("PACKAGE_DAMAGED", {
      message: `${path} is no data package of its day`,
      safe: "The hours that it describes are untouched; each has its own manifest.",
      next: "restore it from the remote",
      cause: error,
    });
  }
}
