/** Puts files on record that are lost, here and on the remote: a note for each hour of a stream, once for each file. */
import { hash } from "node:crypto";
import { hourOf, type Hour, iso } from "../../runtime/time.ts";
import type { HourId } from "../archive/layout.ts";
import { lostNotes } from "../archive/lost.ts";
import { nameOf } from "../remote/named.ts";
import type { Receipt } from "../remote/receipts.ts";
import { type Found, type IncidentPlace, writeIncident } from "./incident.ts";

export interface LostFile {
  /** As last seen there. */
  receipt: Receipt;
  /** What is there instead, in words. */
  detail: string;
}

interface Finding {
  runId: string;
  /** Epoch ms. */
  now: number;
}

/** Returns those that were not on record yet. */
export async function noteLost<T extends LostFile>(
  place: IncidentPlace,
  lost: readonly T[],
  { runId, now }: Finding,
): Promise<T[]> {
  if (lost.length === 0) return [];
  const known = new Set<string>();
  for await (const note of lostNotes(place.files, place.dataFolder))
    for (const path of note.files) known.add(path);
  const fresh = lost.filter(({ receipt }) => !known.has(localName(receipt.path)));
  const byHour = Map.groupBy(fresh, ({ receipt }) => Object.values(idOf(receipt, now)).join(" "));
  for (const files of byHour.values()) {
    const [first] = files;
    if (first === undefined) continue;
    await writeIncident(place, foundOf(idOf(first.receipt, now), runId, files), {
      labels: [],
      at: iso(now),
    });
  }
  return fresh;
}

const digestChars = 8;

function foundOf(id: HourId, runId: string, files: readonly LostFile[]): Found {
  const names = files.map(({ receipt }) => localName(receipt.path));
  // One run may find more of an hour lost, and each note is written once.
  const digest = hash("sha256", names.join("\n")).slice(0, digestChars);
  return {
    ...id,
    code: "LOST",
    name: `${runId}.${digest}`,
    detail: `${files.length} of its files are neither here nor on the remote as they were`,
    files: names,
    evidence: files.map(({ receipt, detail }) => {
      const { path, sha256, lastSeen = receipt.looked } = receipt;
      return `${path}: ${detail}; SHA-256 ${sha256}; last seen ${lastSeen} on ${receipt.spec}`;
    }),
  };
}

/** What names no hour is noted with the one in which it was found lost. */
function idOf({ path }: Receipt, now: number): HourId {
  const { stream, hours } = nameOf(path) ?? {};
  const [hour]: [Hour, ...unknown[]] = hours ?? [hourOf(now)];
  const venue = /venue=([^/]+)\//.exec(path)?.[1] ?? "polymarket";
  return { venue, stream: stream ?? path.slice(0, path.indexOf("/")), hour };
}

function localName(path: string): string {
  return path.startsWith("venue=") ? `archive/${path}` : path;
}
