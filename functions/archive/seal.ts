/**
 * Seals one closed hour: repaired, regrouped, written, read back, published, and only then the open files go.
 * Each step finds what an earlier attempt left, so it can be killed at any line and run again.
 */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Files } from "../../runtime/doors/files.ts";
import {
  diskError,
  discardTemporary,
  openTemporary,
  publish,
  removeIfThere,
  settleNames,
  temporaryPath,
  writeOnce,
} from "../../runtime/durable.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { listParts, openFolder, type Part, tornOrigin } from "../../runtime/hours/parts.ts";
import { hasWholeHeaders, repairPart } from "../../runtime/hours/repair.ts";
import { isDamage } from "../../runtime/hours/read.ts";
import { archiveFolder, type HourId, hourPaths, openNameOf } from "./layout.ts";
import { regroup } from "./regroup.ts";
import { differences, readBack } from "./sealed-check.ts";
import { readIndex, type SealedIndex } from "./sealed-index.ts";
import { type Written, writeSealed } from "./sealed-write.ts";
import { type Survey, surveyParts } from "./survey-parts.ts";
import { headGroup, type Tally } from "./tally.ts";

export interface SealContext {
  files: Files;
  dataFolder: string;
  collector: string;
  signal: AbortSignal;
}

export interface Sealed {
  id: HourId;
  /** `undefined` for an hour without a line, which is not sealed. */
  index: SealedIndex | undefined;
  /** Bytes that were not whole members, lying beside the open files until they are in quarantine. */
  torn: string[];
}

/** The hour must be closed. Afterwards its open parts are gone and `torn` are all that is left of it there. */
export async function sealHour(context: SealContext, id: HourId): Promise<Sealed> {
  const { files, dataFolder } = context;
  const { parts, survey } = await surveyRepaired(context, id);
  let index: SealedIndex | undefined;
  if (survey.tally.digest.lines > 0) {
    index = await publishHour(context, id, survey);
    const { data } = hourPaths(id, context.collector);
    await settleNames(files, [join(archiveFolder(dataFolder), data)]);
  }
  for (const part of parts) await removeIfThere(files, part.path);
  await files.syncFolder(openFolder(dataFolder));
  return { id, index, torn: await listTorn(context, id) };
}

/** Whether each member is whole shows while its lines are counted, so an hour without damage is read once for both. */
async function surveyRepaired(
  context: SealContext,
  id: HourId,
): Promise<{ parts: Part[]; survey: Survey }> {
  const { files, dataFolder } = context;
  const found = await partsOf(context, id);
  try {
    const isInOrder = await Promise.all(found.map((part) => hasWholeHeaders(files, part)));
    if (!isInOrder.includes(false))
      return { parts: found, survey: await surveyParts(context, id.hour, found) };
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  for (const part of found) await repairPart(files, dataFolder, openNameOf(id), part);
  const parts = await partsOf(context, id);
  return { parts, survey: await surveyParts(context, id.hour, parts) };
}

async function partsOf({ files, dataFolder }: SealContext, id: HourId): Promise<Part[]> {
  return (await listParts(files, dataFolder, openNameOf(id))).filter(
    ({ hour }) => hour === id.hour,
  );
}

async function listTorn({ files, dataFolder }: SealContext, id: HourId): Promise<string[]> {
  const names = (await files.list(openFolder(dataFolder))).map(({ name }) => name);
  return names.filter((name) => {
    const origin = tornOrigin(name);
    return origin?.stream === openNameOf(id) && origin.hour === id.hour;
  });
}

async function publishHour(context: SealContext, id: HourId, survey: Survey): Promise<SealedIndex> {
  const { files, dataFolder, collector } = context;
  const paths = hourPaths(id, collector);
  const dataPath = join(archiveFolder(dataFolder), paths.data);
  const indexPath = join(archiveFolder(dataFolder), paths.index);
  if ((await files.stat(indexPath)) !== undefined) {
    const sealed = await readIndex(files, dataFolder, paths.index);
    await refuseIfOther(context, id, survey, sealed);
    for (const path of [dataPath, indexPath]) await discardTemporary(files, path);
    return sealed;
  }

  const written = await writeTemporarySealed(context, dataPath, survey);
  const { counts, findings } = survey.tally.finish();
  const recovered = await describeTorn(context, id);
  const found = await readBack(files, temporaryPath(dataPath));
  const { rawSha256 } = found;
  const noted = { counts, findings, recovered, rawSha256 };
  // Size and checksums as written, lines as the open hour has them: what was read back must agree with both.
  const index = indexOf(id, collector, survey, written, noted);
  const differing = differences(found, index);
  if (differing.length > 0) {
    throw new OperatorError("SEAL_NOT_LOSSLESS", {
      message: `${paths.data}: what was read back is not what the open hour holds`,
      details: differing,
      safe: "The open files stay, and nothing was published.",
      next: "npm run fn -- seal-hour; if it happens again, check the machine's memory and disk",
    });
  }
  await removeUnfinished(context, dataPath, found.sha256);
  await publish(files, temporaryPath(dataPath), dataPath);
  await writeOnce(files, indexPath, gzipSync(JSON.stringify(index), { level: 9 }));
  return index;
}

/**
 * A sealed file that is there already is judged by its lines: compressed bytes may differ between versions. Of
 * its open parts a crash may have left some only, so each is known by its own lines.
 */
async function refuseIfOther(
  context: SealContext,
  id: HourId,
  survey: Survey,
  sealed: SealedIndex,
): Promise<void> {
  const dataPath = join(archiveFolder(context.dataFolder), hourPaths(id, context.collector).data);
  const digests = new Set(sealed.parts.map(({ lineDigest }) => lineDigest));
  if (survey.parts.every(({ lineDigest }) => digests.has(lineDigest))) {
    const found = await readBack(context.files, dataPath).catch(() => undefined);
    if (found?.lineDigest === sealed.data.lineDigest) return;
  }
  throw new OperatorError("SEALED_DIFFERS", {
    message: `${hourPaths(id, context.collector).data} is sealed already, with other lines than the open files of that hour`,
    details: (await partsOf(context, id)).map(({ path }) => `kept: ${path}`),
    safe: "Both are kept as they are: a sealed hour is never changed.",
    next: "move the open files named above out of the data folder, and look where they came from",
  });
}

/** Data without an index is an attempt that was cut off: it was never complete, and the open files still are. */
async function removeUnfinished(
  { files }: SealContext,
  dataPath: string,
  sha256: string,
): Promise<void> {
  if ((await files.stat(dataPath)) === undefined) return;
  const there = await readBack(files, dataPath).catch(() => undefined);
  if (there?.sha256 !== sha256) await files.remove(dataPath);
}

async function writeTemporarySealed(
  context: SealContext,
  dataPath: string,
  survey: Survey,
): Promise<Written> {
  const { files, dataFolder } = context;
  const scratch = join(dataFolder, "state", "seal");
  const file = await openTemporary(files, dataPath);
  try {
    return await writeSealed(file, regroup(files, scratch, survey.tally.groups, survey.lines));
  } catch (error) {
    await discardTemporary(files, dataPath);
    throw diskError(
      error,
      dataPath,
      "The open files of that hour stay, and nothing was published.",
    );
  } finally {
    await file.close();
  }
}

async function describeTorn(context: SealContext, id: HourId): Promise<SealedIndex["recovered"]> {
  const recovered: SealedIndex["recovered"] = [];
  for (const name of await listTorn(context, id)) {
    const stat = await context.files.stat(join(openFolder(context.dataFolder), name));
    recovered.push({ file: name, bytes: stat?.bytes ?? 0 });
  }
  return recovered;
}

function indexOf(
  id: HourId,
  collector: string,
  survey: Survey,
  written: Written,
  noted: Pick<SealedIndex, "findings" | "recovered"> & {
    counts: ReturnType<Tally["finish"]>["counts"];
    rawSha256: string;
  },
): SealedIndex {
  const tokens: SealedIndex["tokens"] = {};
  for (const [key, range] of written.ranges) {
    const group = survey.tally.groups.get(key);
    if (key === headGroup || group === undefined) continue;
    tokens[key] = { ...range, first: group.first, last: group.last, slots: group.slots };
  }
  const { bytes, sha256, md5 } = written;
  const lineDigest = survey.tally.digest.value;
  const { rawSha256 } = noted;
  return {
    schema: 1,
    kind: "index",
    collector,
    venue: id.venue,
    stream: id.stream,
    hour: id.hour,
    data: { sha256, md5, bytes, rawSha256, lineDigest, ...noted.counts },
    head: written.ranges.get(headGroup) ?? { offset: 0, length: 0, lines: 0, rawBytes: 0 },
    tokens,
    parts: survey.parts,
    recovered: noted.recovered,
    findings: noted.findings,
  };
}
