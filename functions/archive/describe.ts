/** Describes one sealed hour: reads it anew, then writes its `.sha256` and, last, its manifest. */
import { basename, join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import type { Clock } from "../../runtime/doors/clock.ts";
import type { Files } from "../../runtime/doors/files.ts";
import { settleNames, writeOnce } from "../../runtime/durable.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { type Hour, iso, nextHour } from "../../runtime/time.ts";
import type { ChainEnd } from "./chain.ts";
import { archiveFolder, type HourId, hourPaths } from "./layout.ts";
import { hashesOf, type Manifest, type ManifestFile } from "./manifest.ts";
import { differences, readBack } from "./sealed-check.ts";
import { readIndex, type SealedIndex } from "./sealed-index.ts";

interface DescribeContext {
  files: Files;
  clock: Clock;
  dataFolder: string;
  collector: string;
  /** No line of this stream lies in the hour, sealed or still open. */
  isSilent(hour: Hour): boolean;
  /** Revisions of the schedule in force in the hour. */
  schedules?: readonly string[];
}

/** Returns the chain's new end. Throws `SEALED_HOUR_DIFFERS` where the file is not what sealing noted. */
export async function describeHour(
  context: DescribeContext,
  id: HourId,
  end: ChainEnd | undefined,
): Promise<ChainEnd> {
  const { files, dataFolder, collector } = context;
  const paths = hourPaths(id, collector);
  const root = archiveFolder(dataFolder);
  const index = await readIndex(files, dataFolder, paths.index);
  const data = await checkData(context, paths.data, index);
  const described = [data, await describeFile(context, paths.index)];
  await writeSums(context, paths.sums, described);
  described.push(await describeFile(context, paths.sums));

  // The manifest names it: it must not go with the power.
  if (end !== undefined) await settleNames(files, [join(root, end.path)]);
  const manifest = manifestOf(context, id, end, index, described);
  const bytes = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
  if (!(await writeOnce(files, join(root, paths.manifest), bytes))) {
    throw new OperatorError("MANIFEST_EXISTS", {
      message: `${paths.manifest} came into being meanwhile: two build-manifest runs on one data folder`,
      safe: "The manifest that was there first stays.",
      next: "npm run status",
    });
  }
  const newestHour = end !== undefined && end.newestHour > id.hour ? end.newestHour : id.hour;
  return { seq: manifest.seq, path: paths.manifest, sha256: hashesOf(bytes).sha256, newestHour };
}

async function checkData(
  { files, dataFolder }: DescribeContext,
  path: string,
  index: SealedIndex,
): Promise<ManifestFile> {
  const found = await readBack(files, join(archiveFolder(dataFolder), path));
  const differing = differences(found, index);
  if (differing.length > 0) {
    throw new OperatorError("SEALED_HOUR_DIFFERS", { message: differing.join("; ") });
  }
  return { path, bytes: found.bytes, sha256: found.sha256, md5: found.md5 };
}

async function describeFile(
  { files, dataFolder }: DescribeContext,
  path: string,
): Promise<ManifestFile> {
  const bytes = await files.read(join(archiveFolder(dataFolder), path));
  return { path, bytes: bytes.length, ...hashesOf(bytes) };
}

/** In the form of coreutils: two spaces, names as they lie in the folder. */
async function writeSums(
  { files, dataFolder }: DescribeContext,
  path: string,
  described: ManifestFile[],
): Promise<void> {
  const text = described.map((file) => `${file.sha256}  ${basename(file.path)}\n`).join("");
  const full = join(archiveFolder(dataFolder), path);
  if (await writeOnce(files, full, Buffer.from(text))) return;
  // Left by an attempt that was cut off: the same hour gives the same sums.
  if ((await files.read(full)).toString() === text) return;
  throw new OperatorError("SEALED_HOUR_DIFFERS", { message: `${path} names other checksums` });
}

function manifestOf(
  { clock, collector, isSilent, schedules = [] }: DescribeContext,
  id: HourId,
  end: ChainEnd | undefined,
  index: SealedIndex,
  files: ManifestFile[],
): Manifest {
  return {
    schema: 1,
    kind: "manifest",
    collector,
    venue: id.venue,
    stream: id.stream,
    hour: id.hour,
    seq: (end?.seq ?? 0) + 1,
    previous: end === undefined ? null : { path: end.path, sha256: end.sha256 },
    built: iso(clock.now()),
    software: { name: packageJson.name, version: packageJson.version, node: process.version },
    schedules: [...schedules],
    files,
    data: index.data,
    parts: index.parts,
    recovered: index.recovered,
    silence: silenceBefore(id.hour, end?.newestHour, isSilent),
    findings: index.findings,
  };
}

/** The hours between the newest one described and this one that have no line, as ranges. */
function silenceBefore(
  hour: Hour,
  newest: Hour | undefined,
  isSilent: (hour: Hour) => boolean,
): [Hour, Hour][] {
  const ranges: [Hour, Hour][] = [];
  if (newest === undefined) return ranges;
  for (let at = nextHour(newest); at < hour; at = nextHour(at)) {
    if (!isSilent(at)) continue;
    const last = ranges.at(-1);
    if (last !== undefined && nextHour(last[1]) === at) last[1] = at;
    else ranges.push([at, at]);
  }
  return ranges;
}
