/** Sealed hours with their manifests, as build-manifest leaves them, without the recording before it. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import * as v from "valibot";
import { type HourPaths, hourPaths } from "../../functions/archive/layout.ts";
import { type Manifest, manifestSchema } from "../../functions/archive/manifest.ts";

export interface HourSpec {
  hour: string;
  stream?: string;
  collector?: string;
  /** Position in the chain; the caller's hours in order, if not given. */
  seq?: number;
  polls?: number;
  /** What the lines say, so that two hours of one name can differ. */
  text?: string;
  /** Sealed, and not described yet. */
  manifest?: false;
}

/** Writes the hour's files; returns their paths relative to the archive. */
export function writeHour(dataFolder: string, spec: HourSpec): HourPaths {
  const { hour, stream = "books", collector = "vps-1", polls = 12, text = hour } = spec;
  const id = { venue: "polymarket", stream, hour };
  const paths = hourPaths(id, collector);
  const at = (path: string): string => join(dataFolder, "archive", path);
  mkdirSync(at(paths.folder), { recursive: true });

  const raw = Buffer.from(`{"kind":"poll","note":${JSON.stringify(text)}}\n`);
  const dataBytes = gzipSync(raw);
  const data = {
    bytes: dataBytes.length,
    ...hashes(dataBytes),
    rawSha256: hashes(raw).sha256,
    lineDigest: hashes(raw).sha256,
    lines: 1,
    rawBytes: raw.length,
    polls,
    books: 0,
    unchanged: 0,
    missing: 0,
    lost: 0,
    late: 0,
    first: `${hour}:00:00.000Z`,
    last: `${hour}:59:55.000Z`,
  };
  const described = { schema: 1, collector, ...id, data, parts: [], recovered: [], findings: [] };
  writeFileSync(at(paths.data), dataBytes);
  const index = {
    kind: "index",
    ...described,
    head: { offset: 10, length: 9, lines: 1, rawBytes: raw.length },
  };
  writeFileSync(at(paths.index), gzipSync(JSON.stringify({ ...index, tokens: {} })));
  if (spec.manifest === false) return paths;

  const files = [paths.data, paths.index].map((path) => fileOf(path, readFileSync(at(path))));
  writeFileSync(
    at(paths.sums),
    files.map(({ path, sha256 }) => `${sha256}  ${basename(path)}\n`).join(""),
  );
  const manifest: Manifest = v.parse(manifestSchema, {
    kind: "manifest",
    ...described,
    seq: spec.seq ?? manifestsOf(dirname(dirname(at(paths.folder)))) + 1,
    previous: null,
    built: `${hour}:59:59.000Z`,
    software: { name: "hourbook", version: "0.0.0", node: "v26" },
    files: [...files, fileOf(paths.sums, readFileSync(at(paths.sums)))],
    silence: [],
  });
  writeFileSync(at(paths.manifest), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return paths;
}

/** Every file below a folder, its path and a hash of its content: to compare folders readably. */
export function contentsOf(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return Object.fromEntries(
    paths.toSorted().map((path) => [path, hashes(readFileSync(join(folder, path))).md5]),
  );
}

function manifestsOf(streamFolder: string): number {
  return Object.keys(contentsOf(streamFolder)).filter((path) => path.endsWith(".manifest.json"))
    .length;
}

function fileOf(
  path: string,
  bytes: Buffer,
): { path: string; bytes: number; sha256: string; md5: string } {
  return { path, bytes: bytes.length, ...hashes(bytes) };
}

function hashes(bytes: Buffer): { sha256: string; md5: string } {
  const of = (name: string): string => createHash(name).update(bytes).digest("hex");
  return { sha256: of("sha256"), md5: of("md5") };
}
