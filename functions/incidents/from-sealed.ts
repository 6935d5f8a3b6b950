/** What a sealed hour tells of trouble: repairs in its manifest, and what its quarantine holds. */
import { join } from "node:path";
import { readLineBatches } from "../../runtime/hours/read.ts";
import { archiveFolder, type HourId, hourPaths } from "../archive/layout.ts";
import { readManifest } from "../archive/manifest.ts";
import type { IncidentCode } from "./codes.ts";
import type { Found, IncidentPlace } from "./incident.ts";

/** `hour` is described. */
export async function foundInSealed(place: IncidentPlace, hour: HourId): Promise<Found[]> {
  const { files, dataFolder, collector } = place;
  const { manifest, path } = await readManifest(files, dataFolder, hour, collector);
  const found: Found[] = [];
  if (manifest.recovered.length > 0) {
    const bytes = manifest.recovered.reduce((sum, part) => sum + part.bytes, 0);
    found.push({
      ...idOf(hour),
      code: "FILE_TORN",
      detail: `${bytes} bytes at the end of an append were no whole member`,
      files: [`archive/${path}`],
      evidence: manifest.recovered.map((part) => `${part.file}: ${part.bytes} bytes set aside`),
    });
  }
  return hour.stream === "quarantine" ? [...found, ...(await inQuarantine(place, hour))] : found;
}

const codeOfReason: Partial<Record<string, IncidentCode>> = {
  schema: "SCHEMA_CHANGED",
  "wrong-market": "MAPPING_CONFLICT",
  mapping: "MAPPING_CONFLICT",
};

interface Pieces {
  pieces: number;
  first: string;
  last: string;
  reasons: Set<string>;
  tokens: Set<string>;
}

async function inQuarantine(place: IncidentPlace, hour: HourId): Promise<Found[]> {
  const { files, dataFolder, collector } = place;
  const data = hourPaths(hour, collector).data;
  const byCode = new Map<IncidentCode, Pieces>();
  const path = join(archiveFolder(dataFolder), data);
  for await (const batch of readLineBatches(files, path, { damage: "throw" })) {
    for (const line of batch) addLine(byCode, line);
  }
  return [...byCode].map(([code, { pieces, first, last, reasons, tokens }]) => ({
    venue: hour.venue,
    stream: hour.stream,
    hour: hour.hour,
    code,
    detail: `${pieces} pieces were set aside (${[...reasons].join(", ")}) from ${first} to ${last}`,
    files: [`archive/${data}`],
    evidence: [...tokens].slice(0, tokensNamedMax).map((token) => `token ${token}`),
    distrust: code === "MAPPING_CONFLICT" ? [...tokens] : [],
  }));
}

const tokensNamedMax = 20;
// The fields before the bytes themselves; functions/archive/quarantine.ts writes them in this order.
const headPattern =
  /^\{"kind":"quarantined","at":"([^"]+)","from":"(?:books|markets)","reason":"([^"]+)"(?:,"poll":\d+)?(?:,"token":"([^"\\]*)")?/;
const headCharsMax = 512;

function addLine(byCode: Map<IncidentCode, Pieces>, line: Buffer): void {
  const [, at = "", reason = "", token] =
    headPattern.exec(line.toString("latin1", 0, headCharsMax)) ?? [];
  const code = codeOfReason[reason];
  if (code === undefined) return;
  const known = byCode.get(code) ?? emptyAt(at);
  byCode.set(code, known);
  known.pieces += 1;
  known.last = at;
  known.reasons.add(reason);
  if (token !== undefined) known.tokens.add(token);
}

function emptyAt(at: string): Pieces {
  return { pieces: 0, first: at, last: at, reasons: new Set(), tokens: new Set() };
}

function idOf({ venue, stream, hour }: HourId): HourId {
  return { venue, stream, hour };
}
