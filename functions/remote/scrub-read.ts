/**
 * Reads hours back from the remote, those first that were not read back for longest: so, over time, each is read.
 * Their bytes are held against the receipts, their lines against what sealing noted of them.
 */
import { OperatorError, messageOf } from "../../runtime/errors.ts";
import { isDamage } from "../../runtime/hours/read.ts";
import { parseManifest } from "../archive/manifest.ts";
import { hourPaths, parsePath } from "../archive/layout.ts";
import { differences, readBack } from "../archive/sealed-check.ts";
import { parseIndex } from "../archive/sealed-index.ts";
import type { Look } from "./look.ts";
import { type Receipt, readReceipt } from "./receipts.ts";
import { type Judged, judge } from "./scrub-judge.ts";
import type { ReadableHour, ScrubRun } from "./scrub-listing.ts";
import { type Brought, openStaging, type Staging } from "./staging.ts";

export interface ReadHours {
  hours: number;
  bytes: number;
  /** What came back otherwise. */
  differing: Judged[];
  problems: { code: "UNREADABLE" | "LINES_DIFFER"; path: string; detail: string }[];
}

/** One hour at least, and then as many as `bytesMax` lets in. */
export async function readHoursBack(
  scrub: ScrubRun,
  hours: readonly ReadableHour[],
  bytesMax: number,
): Promise<ReadHours> {
  const result: ReadHours = { hours: 0, bytes: 0, differing: [], problems: [] };
  const staging = openStaging(scrub.run, scrub.remote, "scrubbing");
  const chosen = longestUnread(hours, bytesMax);
  for (const [position, hour] of chosen.entries()) {
    scrub.run.signal.throwIfAborted();
    scrub.run.progress(position, chosen.length, "hours read back");
    await readOne(scrub, staging, hour, result);
    await staging.clear();
  }
  return result;
}

function longestUnread(hours: readonly ReadableHour[], bytesMax: number): ReadableHour[] {
  const key = ({ readBack: at, path }: ReadableHour): string => `${at} ${path}`;
  const sorted = hours.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  const chosen: ReadableHour[] = [];
  let bytes = 0;
  for (const hour of sorted) {
    bytes += hour.bytes;
    // In their order, whatever their size: a large one that is always passed over is never read.
    if (chosen.length > 0 && bytes > bytesMax) break;
    chosen.push(hour);
  }
  return chosen;
}

async function readOne(
  scrub: ScrubRun,
  staging: Staging,
  { path: dataPath }: ReadableHour,
  result: ReadHours,
): Promise<void> {
  const { run, remote } = scrub;
  const id = parsePath(dataPath);
  if (id === undefined) return;
  const { data, index, sums, manifest } = hourPaths(id, id.collector);
  const receipts: Receipt[] = [];
  for (const path of [data, index, sums, manifest]) {
    const receipt = await readReceipt(run.files, run.settings.dataFolder, remote.id, path);
    if (receipt?.state === "verified") receipts.push(receipt);
  }
  const brought = await staging.bring(receipts);
  result.hours += 1;
  for (const receipt of receipts) {
    const came = brought.get(receipt.path) ?? { problem: "it did not come" };
    const look = lookOf(came, receipt);
    if (look === undefined) {
      const detail = "problem" in came ? came.problem : "";
      result.problems.push({ code: "UNREADABLE", path: receipt.path, detail });
      continue;
    }
    const judged = await judge(scrub, receipt, look);
    if (judged.verdict !== "same") result.differing.push(judged);
    else result.bytes += receipt.bytes;
  }
  const isHere = (path: string): boolean => "digest" in (brought.get(path) ?? {});
  if (![data, index, manifest].every(isHere)) return;
  const detail = await linesProblem(scrub, staging, { data, index, manifest });
  if (detail !== undefined) result.problems.push({ code: "LINES_DIFFER", path: data, detail });
}

/** `undefined`: nothing came, which may be the network. */
function lookOf(came: Brought, { path, seen: noted }: Receipt): Look | undefined {
  const seen = noted.map((object) => Object.assign(object, { path }));
  if ("digest" in came) return { state: "same", proof: "read-back", seen };
  if (came.other === undefined) return undefined;
  const { bytes, sha256 } = came.other;
  for (const object of seen) Object.assign(object, { bytes, sha256 });
  return { state: "different", proof: "read-back", seen };
}

/** The file is what was uploaded; are its lines what sealing counted and summed up? */
async function linesProblem(
  { run }: ScrubRun,
  staging: Staging,
  paths: Record<"data" | "index" | "manifest", string>,
): Promise<string | undefined> {
  try {
    const { data: noted } = parseManifest(
      await run.files.read(staging.at(paths.manifest)),
      paths.manifest,
    ).manifest;
    const index = parseIndex(await run.files.read(staging.at(paths.index)), paths.index);
    const found = await readBack(run.files, staging.at(paths.data));
    const names = ["lineDigest", "rawSha256", "lines", "rawBytes"] as const;
    const differing = names.find((name) => found[name] !== noted[name]);
    if (differing !== undefined)
      return `${differing}: the manifest says ${noted[differing]}, the file holds ${found[differing]}`;
    return differences(found, index)[0];
  } catch (error) {
    // No gzip, no manifest, no index: a finding like any other, and the other hours are read all the same.
    if (isDamage(error) || error instanceof OperatorError) return messageOf(error);
    throw error;
  }
}
