/** Checks a day's data package against the manifests of its hours. */
import { dirname, join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { messageOf } from "../../runtime/errors.ts";
import { type DayPackage, parseDayPackage } from "../archive/day-package.ts";
import { hashesOf, parseManifest } from "../archive/manifest.ts";
import type { Place } from "../archive/place.ts";
import type { Findings } from "./findings.ts";
import type { Survey } from "./survey.ts";

export interface DayContext {
  files: Files;
  place: Place;
  findings: Findings;
}

export async function checkDay(
  context: DayContext,
  { path }: Survey["days"][number],
): Promise<void> {
  const { files, place, findings } = context;
  let described: DayPackage;
  try {
    described = parseDayPackage(await files.read(join(place.root, path)), path);
  } catch (error) {
    findings.find("PACKAGE_DIFFERS", path, messageOf(error));
    return;
  }
  const gone: string[] = [];
  for (const resource of described.resources) {
    const manifestPath = join(dirname(path), resource.manifest.path);
    if ((await files.stat(join(place.root, manifestPath))) === undefined) {
      gone.push(resource.name);
      continue;
    }
    const bytes = await files.read(join(place.root, manifestPath));
    const problem = resourceProblem(resource, bytes, manifestPath);
    if (problem !== undefined)
      findings.find("PACKAGE_DIFFERS", path, `${resource.name}: ${problem}`);
  }
  // Prune takes whole hours; whether a hole in the chain is one of its, the chain's own check says.
  if (gone.length > 0)
    findings.note("NOT_HERE", path, `describes hours that are not here: ${gone.join(", ")}`);
}

function resourceProblem(
  resource: DayPackage["resources"][number],
  bytes: Buffer,
  path: string,
): string | undefined {
  const { sha256 } = hashesOf(bytes);
  if (sha256 !== resource.manifest.sha256)
    return `${path} has SHA-256 ${sha256}, the package says ${resource.manifest.sha256}`;
  const { data } = parseManifest(bytes, path).manifest;
  const isSame = resource.hash === `sha256:${data.sha256}` && resource.bytes === data.bytes;
  return isSame ? undefined : "it names another size or hash than the hour's manifest";
}
