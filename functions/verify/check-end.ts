/**
 * Checks the newest end of the chains, which no later manifest holds: what was uploaded last is listed in
 * `uploads/`, and must be here and the same.
 */
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { parsePath } from "../archive/layout.ts";
import type { Place } from "../archive/place.ts";
import type { Findings } from "./findings.ts";
import type { Link } from "./links.ts";
import type { SurveyedChain } from "./survey.ts";

const uploadSchema = v.object({
  kind: v.literal("upload"),
  files: v.array(v.object({ path: v.string(), sha256: v.string() })),
});

// The newest hour of a stream was uploaded lately, or else it was there for long and others vouch for it.
const datesLookedAt = 2;

export interface EndContext {
  files: Files;
  place: Place;
  findings: Findings;
}

export async function checkEnd(
  { files, place, findings }: EndContext,
  chain: SurveyedChain,
  links: readonly Link[],
): Promise<void> {
  const { venue, stream, collector } = chain;
  const here = new Map(links.map((link) => [link.path, link]));
  const newestHere = links.reduce((newest, { hour }) => (hour > newest ? hour : newest), "");
  const missing = new Map<string, string>();
  for await (const { path, sha256, upload } of uploaded(files, place, collector)) {
    const id = parsePath(path);
    if (id?.kind !== "manifest" || id.venue !== venue || id.stream !== stream) continue;
    const link = here.get(path);
    if (link === undefined && id.hour > newestHere) missing.set(path, upload);
    if (link !== undefined && link.sha256 !== sha256)
      findings.find(
        "ALTERED",
        path,
        `${upload} lists it with SHA-256 ${sha256}, it has ${link.sha256}`,
      );
  }
  for (const [path, upload] of missing)
    findings.find("MISSING", path, `newer than all that is here, and listed in ${upload}`);
}

async function* uploaded(
  files: Files,
  { beside }: Place,
  collector: string,
): AsyncGenerator<{ path: string; sha256: string; upload: string }> {
  const folder = `uploads/${collector}`;
  const dates = (await files.list(join(beside, folder))).filter(({ isFolder }) => isFolder);
  for (const date of dates.slice(-datesLookedAt)) {
    for (const { name } of await files.list(join(beside, folder, date.name))) {
      if (!name.endsWith(".json") || name.startsWith(".")) continue;
      const upload = `${folder}/${date.name}/${name}`;
      const parsed = v.safeParse(uploadSchema, parse(await files.read(join(beside, upload))));
      if (parsed.success) for (const file of parsed.output.files) yield { ...file, upload };
    }
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
