/**
 * An incident note: one for each kind of trouble of an hour, written once, beside what it speaks of:
 * `incidents/venue=…/date=…/hour=…/<collector>.<code>….json`, and the same for people in `.md`.
 */
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { settleNames, writeOnce } from "../../runtime/durable.ts";
import type { HourId } from "../archive/layout.ts";
import { type IncidentCode, incidentKinds } from "./codes.ts";

/** What a detector found in the evidence of one hour. */
export interface Found extends HourId {
  code: IncidentCode;
  /** With a name where one hour can have several: the remote's. */
  name?: string;
  /** With numbers. */
  detail: string;
  /** Relative to the data folder. */
  files: string[];
  evidence: string[];
  /** Tokens whose hour must not be trusted. */
  distrust?: string[];
}

export const incidentSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("incident"),
  code: v.picklist(Object.keys(incidentKinds) as IncidentCode[]),
  collector: v.string(),
  venue: v.string(),
  stream: v.string(),
  hour: v.string(),
  /** When this note was written. */
  found: v.string(),
  title: v.string(),
  detail: v.string(),
  files: v.array(v.string()),
  evidence: v.array(v.string()),
  /** Labels that were written with it. */
  labels: v.array(v.string()),
  safe: v.string(),
  next: v.string(),
});

export type Incident = v.InferOutput<typeof incidentSchema>;

export interface IncidentPlace {
  files: Files;
  dataFolder: string;
  collector: string;
}

export async function isNoted(place: IncidentPlace, found: Found): Promise<boolean> {
  const path = join(place.dataFolder, pathsOf(found, place.collector).json);
  if ((await place.files.stat(path)) === undefined) return false;
  // It is never looked for again.
  await settleNames(place.files, [path]);
  return true;
}

/** Returns the path of the Markdown. The JSON comes last: its presence means that all is said. */
export async function writeIncident(
  { files, dataFolder, collector }: IncidentPlace,
  found: Found,
  { labels, at }: { labels: string[]; at: string },
): Promise<string> {
  const { code, venue, stream, hour, detail, files: about, evidence } = found;
  const { title, safe, next } = incidentKinds[code];
  const what = { code, collector, venue, stream, hour, found: at, title, detail, files: about };
  const note: Incident = { schema: 1, kind: "incident", ...what, evidence, labels, safe, next };
  const paths = pathsOf(found, collector);
  await writeOnce(files, join(dataFolder, paths.markdown), Buffer.from(markdownOf(note)));
  const json = Buffer.from(`${JSON.stringify(note, undefined, 2)}\n`);
  await writeOnce(files, join(dataFolder, paths.json), json);
  return paths.markdown;
}

function pathsOf(
  { code, venue, stream, hour, name }: Found,
  collector: string,
): { json: string; markdown: string } {
  const folder = `incidents/venue=${venue}/date=${hour.slice(0, 10)}/hour=${hour.slice(11)}`;
  const kind = code.toLowerCase().replaceAll("_", "-");
  const own = [collector, kind, stream, ...(name === undefined ? [] : [name])].join(".");
  return { json: `${folder}/${own}.json`, markdown: `${folder}/${own}.md` };
}

function markdownOf(note: Incident): string {
  const { code, title, detail, venue, stream, hour, collector, found } = note;
  const when = `${hour.slice(0, 10)}, ${hour.slice(11)}:00 UTC`;
  const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join("\n");
  const sections = [
    `# ${code}: ${venue}, ${when}`,
    `${title} ${detail}.`,
    `Stream \`${stream}\`, recorded by \`${collector}\`; found at ${found}.`,
    `**Safe:** ${note.safe}`,
    `**What to do:** ${note.next}. The runbook has a section: docs/incidents.md, ${code}.`,
    ...(note.evidence.length > 0 ? [`## Evidence\n\n${list(note.evidence)}`] : []),
    `## Files\n\n${list(note.files.map((path) => `\`${path}\``))}`,
    ...(note.labels.length > 0
      ? [`## Labelled\n\n${list(note.labels.map((path) => `\`${path}\``))}`]
      : []),
  ];
  return `${sections.join("\n\n")}\n`;
}
