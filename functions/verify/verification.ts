/** One verification: every hour of the range, then the chains, the days' packages and the labels. */
import { join } from "node:path";
import type { Run } from "../../runtime/function.ts";
import { messageOf } from "../../runtime/errors.ts";
import { listParts } from "../../runtime/hours/parts.ts";
import type { Hour } from "../../runtime/time.ts";
import { describeLabel, type FoundLabel, listLabels, readLabel } from "../archive/labels.ts";
import { openNameOf } from "../archive/layout.ts";
import type { Place } from "../archive/place.ts";
import { readReceipt, receiptsRoot } from "../remote/receipts.ts";
import { checkChain } from "./check-chain.ts";
import { checkDay } from "./check-day.ts";
import { checkEnd } from "./check-end.ts";
import { type CheckContext, checkHour } from "./check-hour.ts";
import { Findings, type Noted } from "./findings.ts";
import { type Link, readLinks, readManifests } from "./links.ts";
import { survey, type Survey, type SurveyedChain } from "./survey.ts";

export interface Verified {
  /** What was checked: absolute path. */
  folder: string;
  hours: number;
  files: number;
  bytes: number;
  lines: number;
  chains: VerifiedChain[];
  labels: { path: string; hour: string; text: string }[];
  findings: readonly Noted[];
  findingsTotal: number;
  notes: readonly Noted[];
  notesTotal: number;
}

export interface VerifiedChain {
  collector: string;
  venue: string;
  stream: string;
  manifests: number;
  /** Numbers of its first and last manifest here; 1 is the chain's own beginning. */
  firstSeq: number;
  lastSeq: number;
  firstHour: Hour;
  lastHour: Hour;
}

export interface VerifyOptions {
  run: Pick<Run, "files" | "signal" | "progress">;
  place: Place;
  collector: string | undefined;
  from: Hour | undefined;
  to: Hour | undefined;
}

export async function verify(options: VerifyOptions): Promise<Verified> {
  const { run, place, collector } = options;
  const findings = new Findings();
  const found = await survey(run.files, place, collector, findings);
  const result: Verified = {
    folder: place.root,
    hours: 0,
    files: 0,
    bytes: 0,
    lines: 0,
    chains: [],
    labels: [],
    findings: findings.findings,
    findingsTotal: 0,
    notes: findings.notes,
    notesTotal: 0,
  };
  const total = found.chains.reduce((sum, chain) => sum + hoursIn(chain, options).length, 0);
  for (const chain of found.chains) {
    const links = await readLinks(run.files, place, chain);
    await checkHours(options, { found, chain, links, findings, result, total });
    await checkChain({ findings, isOffloaded: receiptLook(options) }, links);
    // Of a range that ends earlier nobody expects the newest hours.
    if (options.to === undefined)
      await checkEnd({ files: run.files, place, findings }, chain, links);
    if (links.length > 0) result.chains.push(describeChain(chain, links));
  }
  for (const day of found.days) {
    run.signal.throwIfAborted();
    if (isInRange(`${day.date}T00`, options) || isInRange(`${day.date}T23`, options))
      await checkDay({ files: run.files, place, findings }, day);
  }
  result.labels = await checkLabels(options, findings);
  const { findingsTotal, notesTotal } = findings;
  return { ...result, findingsTotal, notesTotal };
}

interface Checking {
  found: Survey;
  chain: SurveyedChain;
  links: readonly Link[];
  findings: Findings;
  result: Verified;
  total: number;
}

async function checkHours(
  options: VerifyOptions,
  { found, chain, links, findings, result, total }: Checking,
): Promise<void> {
  const { run, place } = options;
  const named = new Set(links.map(({ previous }) => previous?.path));
  const open = await openHours(options, chain);
  const context: CheckContext = {
    files: run.files,
    place,
    findings,
    whose: ownerLook(options, found),
    isNamed: (path) => named.has(path),
    isOpen: ({ hour }) => open.has(hour),
  };
  for (const hour of hoursIn(chain, options)) {
    run.signal.throwIfAborted();
    run.progress(result.hours, total, "hours");
    const checked = await checkHour(
      context,
      { ...chain, hour },
      chain.hours.get(hour) ?? new Set(),
    );
    result.hours += 1;
    result.files += checked.files;
    result.bytes += checked.bytes;
    result.lines += checked.lines;
  }
}

function hoursIn({ hours }: SurveyedChain, options: VerifyOptions): Hour[] {
  return [...hours.keys()].filter((hour) => isInRange(hour, options)).sort();
}

function isInRange(hour: Hour, { from, to }: VerifyOptions): boolean {
  return (from === undefined || hour >= from) && (to === undefined || hour <= to);
}

async function openHours(
  { run, place }: VerifyOptions,
  chain: SurveyedChain,
): Promise<ReadonlySet<Hour>> {
  if (place.dataFolder === undefined) return new Set();
  const parts = await listParts(run.files, place.dataFolder, openNameOf(chain));
  return new Set(parts.map(({ hour }) => hour));
}

/** Reads all manifests once more, and only where something is wrong. */
function ownerLook({ run, place }: VerifyOptions, { chains }: Survey): CheckContext["whose"] {
  let owners: Map<string, string> | undefined;
  return async (sha256) => {
    if (owners === undefined) {
      owners = new Map();
      for (const chain of chains) {
        for await (const { manifest } of readManifests(run.files, place, chain))
          for (const file of manifest.files) owners.set(file.sha256, file.path);
      }
    }
    return owners.get(sha256);
  };
}

function receiptLook({ run, place }: VerifyOptions) {
  return async ({ path, sha256 }: { path: string; sha256: string }): Promise<boolean> => {
    const { dataFolder } = place;
    if (dataFolder === undefined) return false;
    for (const { name } of await run.files.list(receiptsRoot(dataFolder))) {
      const receipt = await readReceipt(run.files, dataFolder, name, path);
      if (receipt?.state === "verified" && receipt.sha256 === sha256) return true;
    }
    return false;
  };
}

function describeChain(chain: SurveyedChain, links: readonly Link[]): VerifiedChain {
  const { collector, venue, stream } = chain;
  const hours = links.map(({ hour }) => hour).sort();
  return {
    collector,
    venue,
    stream,
    manifests: links.length,
    firstSeq: links[0]?.seq ?? 0,
    lastSeq: links.at(-1)?.seq ?? 0,
    firstHour: hours[0] ?? "",
    lastHour: hours.at(-1) ?? "",
  };
}

async function checkLabels(
  options: VerifyOptions,
  findings: Findings,
): Promise<Verified["labels"]> {
  const { run, place, collector } = options;
  const shown: Verified["labels"] = [];
  for await (const path of listLabels(run.files, place.beside)) {
    let label: FoundLabel;
    try {
      label = await readLabel(run.files, place.beside, path);
    } catch (error) {
      findings.find("LABEL_DAMAGED", join(path), messageOf(error));
      continue;
    }
    if (!isInRange(label.hour, options)) continue;
    if (collector !== undefined && label.collector !== collector) continue;
    const hour = `${label.collector} ${label.venue} ${label.stream} ${label.hour}`;
    shown.push({ path, hour, text: describeLabel(label) });
  }
  return shown;
}
