/** Checks the files of one hour against its manifest, its index against its data, its counts against its lines. */
import { basename, join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { messageOf } from "../../runtime/errors.ts";
import { type HourFileKind, hourFolder, type HourId, hourPaths } from "../archive/layout.ts";
import { hashesOf, type Manifest, type ManifestFile, parseManifest } from "../archive/manifest.ts";
import type { Place } from "../archive/place.ts";
import { Recount } from "../archive/recount.ts";
import { differences, type ReadBack, readBack } from "../archive/sealed-check.ts";
import { parseIndex, type SealedIndex } from "../archive/sealed-index.ts";
import type { Findings } from "./findings.ts";

export interface CheckContext {
  files: Files;
  place: Place;
  findings: Findings;
  /** The path whose manifest describes these bytes: what a swapped file really is. */
  whose(sha256: string): Promise<string | undefined>;
  /** A later manifest names this one, so it was here. */
  isNamed(manifestPath: string): boolean;
  /** Lines of the hour are in `open/` still. */
  isOpen(hour: HourId): boolean;
}

export interface Checked {
  files: number;
  bytes: number;
  lines: number;
}

export async function checkHour(
  context: CheckContext,
  id: HourId & { collector: string },
  has: ReadonlySet<HourFileKind>,
): Promise<Checked> {
  const { findings } = context;
  const paths = hourPaths(id, id.collector);
  const manifest = has.has("manifest") ? await checkManifest(context, id) : undefined;
  if (manifest === "other") return nothing;
  if (!has.has("manifest") && !context.isNamed(paths.manifest)) noteUndescribed(context, id, has);

  const described = new Map(manifest?.files.map((file) => [file.path, file]));
  const index = await checkIndex(context, paths.index, described.get(paths.index), has);
  await checkSums(context, paths.sums, { manifest, has });
  if (!has.has("data")) {
    if (has.has("index") || manifest !== undefined)
      findings.find("MISSING", paths.data, "the hour's lines are not here");
    return { ...nothing, files: has.size };
  }
  const found = await checkData(context, paths.data, {
    id,
    index,
    file: described.get(paths.data),
  });
  if (manifest !== undefined && index !== undefined)
    checkAgreement(context, paths.index, manifest, index);
  return { files: has.size, bytes: found?.bytes ?? 0, lines: found?.lines ?? 0 };
}

const nothing: Checked = { files: 0, bytes: 0, lines: 0 };

/** `"other"` for a manifest that lies at another hour's place: holding files against it would say nothing. */
async function checkManifest(
  { files, place, findings }: CheckContext,
  id: HourId & { collector: string },
): Promise<Manifest | "other" | undefined> {
  const paths = hourPaths(id, id.collector);
  const path = paths.manifest;
  try {
    const { manifest } = parseManifest(await files.read(join(place.root, path)), path);
    const own = hourPaths(manifest, manifest.collector).manifest;
    if (own !== path) {
      findings.find("SWAPPED", path, `it describes ${own}`);
      return "other";
    }
    const expected = [paths.data, paths.index, paths.sums].sort().join(" ");
    if (
      manifest.files
        .map((file) => file.path)
        .sort()
        .join(" ") === expected
    )
      return manifest;
    findings.find("MANIFEST_DAMAGED", path, "it describes other files than those beside it");
  } catch (error) {
    findings.find("MANIFEST_DAMAGED", path, messageOf(error));
  }
  return undefined;
}

function noteUndescribed(
  { findings, isOpen }: CheckContext,
  id: HourId & { collector: string },
  has: ReadonlySet<HourFileKind>,
): void {
  const { data, index } = hourPaths(id, id.collector);
  if (has.has("data") && has.has("index")) {
    findings.note("NOT_DESCRIBED", data, "sealed, no manifest yet: build-manifest comes next");
  } else if (isOpen(id)) {
    findings.note("NOT_SEALED", hourFolder(id), "an unfinished sealing, done again by seal-hour");
  } else if (!has.has("index")) {
    findings.find("MISSING", index, "no index and no manifest are here, and no open file either");
  }
}

async function checkIndex(
  context: CheckContext,
  path: string,
  file: ManifestFile | undefined,
  has: ReadonlySet<HourFileKind>,
): Promise<SealedIndex | undefined> {
  const { files, place, findings } = context;
  if (!has.has("index")) {
    if (file !== undefined) findings.find("MISSING", path, "its manifest names it");
    return undefined;
  }
  const bytes = await files.read(join(place.root, path));
  const isSame = await checkBytes(context, path, file, {
    bytes: bytes.length,
    ...hashesOf(bytes),
  });
  if (!isSame) return undefined;
  try {
    return parseIndex(bytes, path);
  } catch (error) {
    findings.find("ALTERED", path, messageOf(error));
    return undefined;
  }
}

async function checkSums(
  context: CheckContext,
  path: string,
  { manifest, has }: { manifest: Manifest | undefined; has: ReadonlySet<HourFileKind> },
): Promise<void> {
  const { files, place, findings } = context;
  if (manifest === undefined) return;
  const file = manifest.files.find((each) => each.path === path);
  if (!has.has("sums")) {
    findings.find("MISSING", path, "its manifest names it");
    return;
  }
  const bytes = await files.read(join(place.root, path));
  const expected = manifest.files
    .filter((each) => each.path !== path)
    .map(({ path: named, sha256 }) => `${sha256}  ${basename(named)}\n`)
    .join("");
  if (bytes.toString() !== expected)
    findings.find("SUMS_DIFFER", path, "it names other checksums than the manifest");
  else await checkBytes(context, path, file, { bytes: bytes.length, ...hashesOf(bytes) });
}

async function checkData(
  context: CheckContext,
  path: string,
  {
    id,
    index,
    file,
  }: { id: HourId; index: SealedIndex | undefined; file: ManifestFile | undefined },
): Promise<ReadBack | undefined> {
  const { files, place, findings } = context;
  const recount = new Recount(id.hour);
  let problem: string | undefined;
  const see = (line: Buffer): void => {
    try {
      if (problem === undefined) recount.add(line);
    } catch (error) {
      problem = messageOf(error);
    }
  };
  let found: ReadBack;
  try {
    found = await readBack(files, join(place.root, path), see);
  } catch (error) {
    const bytes = (await files.stat(join(place.root, path)))?.bytes ?? 0;
    if (file !== undefined && bytes < file.bytes)
      findings.find("TRUNCATED", path, sizes(bytes, file.bytes));
    else findings.find("ALTERED", path, `it is no whole gzip file any more: ${messageOf(error)}`);
    return undefined;
  }
  const isSame = index?.data.rawSha256 === found.rawSha256;
  const whole = { ...found, hint: isSame ? "its lines are as they were" : "its lines are others" };
  if (!(await checkBytes(context, path, file, whole)) || index === undefined) return found;
  for (const detail of differences(found, index).slice(0, differencesMax))
    findings.find("INDEX_DIFFERS", path, detail);
  const counts = problem === undefined ? recount.differences(index) : [problem];
  for (const detail of counts.slice(0, differencesMax))
    findings.find("COUNTS_DIFFER", path, detail);
  return found;
}

// The first tell what is wrong; an index of other data differs for each of its tokens.
const differencesMax = 5;

/** `hint`: of a file that was read to its end, so that it is not truncated. */
type FoundFile = Pick<ManifestFile, "bytes" | "sha256" | "md5"> & { hint?: string };

/** Whether these are the bytes that the manifest describes; without one, nothing speaks against them. */
async function checkBytes(
  { findings, whose }: CheckContext,
  path: string,
  file: ManifestFile | undefined,
  { bytes, sha256, md5, hint }: FoundFile,
): Promise<boolean> {
  if (file === undefined || (file.sha256 === sha256 && file.md5 === md5)) return true;
  const owner = await whose(sha256);
  if (owner !== undefined && owner !== path)
    findings.find("SWAPPED", path, `it holds what belongs at ${owner}`);
  else if (hint === undefined && bytes < file.bytes)
    findings.find("TRUNCATED", path, sizes(bytes, file.bytes));
  else {
    const more = hint === undefined ? "" : `; ${hint}`;
    findings.find("ALTERED", path, `its SHA-256 is ${sha256}, was ${file.sha256}${more}`);
  }
  return false;
}

function sizes(found: number, described: number): string {
  return `${found.toLocaleString("en-US")} B of ${described.toLocaleString("en-US")} B are here`;
}

function checkAgreement(
  { findings }: CheckContext,
  path: string,
  manifest: Manifest,
  index: SealedIndex,
): void {
  for (const key of ["data", "parts", "recovered", "findings"] as const) {
    if (JSON.stringify(manifest[key]) !== JSON.stringify(index[key]))
      findings.find("INDEX_DIFFERS", path, `${key}: the manifest says otherwise`);
  }
}
