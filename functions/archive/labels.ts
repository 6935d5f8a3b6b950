/**
 * Labels: verdicts on sealed hours, or on one token's hour. A sealed hour is never changed; what turned out to
 * be wrong with it is said in a small file of its own, written once:
 * `labels/venue=…/stream=…/date=…/hour=…/<collector>.<id>.json`.
 */
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { type HourId, hourFolder } from "./layout.ts";

export const verdicts = ["invalid", "deprecated"] as const;

const labelSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("label"),
  /** Of the run that wrote it: unique. */
  id: v.string(),
  written: v.string(),
  /** Which machine's recording it speaks of. */
  collector: v.string(),
  venue: v.string(),
  stream: v.string(),
  hour: v.string(),
  /** `null`: the whole hour. */
  token: v.nullable(v.string()),
  verdict: v.picklist(verdicts),
  reason: v.string(),
  /** What to use instead: a path, an hour, another collector. */
  replacement: v.nullable(v.string()),
  /** Whether prune must leave the hour here; `null`: this label says nothing of that. */
  keep: v.nullable(v.boolean()),
  /** The manifest that was in force, if it was at hand: which bytes were judged. */
  manifest: v.nullable(v.object({ path: v.string(), sha256: v.string() })),
});

export type Label = v.InferOutput<typeof labelSchema>;

export interface FoundLabel extends Label {
  /** Relative to the folder that holds `labels/`. */
  path: string;
}

/** Beside the archive, here and on the remote. */
export const labelsFolder = "labels";

export function labelPath(label: HourId & Pick<Label, "collector" | "id">): string {
  return `${labelsFolder}/${hourFolder(label)}/${label.collector}.${label.id}.json`;
}

/** Labels of one hour of a collector, oldest first; `beside` is the folder that holds `labels/`. */
export async function labelsOf(
  files: Files,
  beside: string,
  hour: HourId,
  collector: string,
): Promise<FoundLabel[]> {
  const folder = `${labelsFolder}/${hourFolder(hour)}`;
  const names = (await files.list(join(beside, folder))).map(({ name }) => name);
  const own = names.filter((name) => name.startsWith(`${collector}.`) && name.endsWith(".json"));
  const labels: FoundLabel[] = [];
  for (const name of own) labels.push(await readLabel(files, beside, `${folder}/${name}`));
  return labels.sort((a, b) => (a.written < b.written ? -1 : 1));
}

/** Paths of all labels there are, in the order of their hours. */
export async function* listLabels(
  files: Files,
  beside: string,
  folder: string = labelsFolder,
): AsyncGenerator<string> {
  for (const { name, isFolder } of await files.list(join(beside, folder))) {
    if (isFolder) yield* listLabels(files, beside, `${folder}/${name}`);
    else if (!name.startsWith(".") && name.endsWith(".json")) yield `${folder}/${name}`;
  }
}

/** Throws `LABEL_DAMAGED` where it is none, or speaks of another hour than the one it lies at. */
export async function readLabel(files: Files, beside: string, path: string): Promise<FoundLabel> {
  const bytes = await files.read(join(beside, path));
  try {
    const label = v.parse(labelSchema, JSON.parse(bytes.toString()));
    if (labelPath(label) !== path) throw new Error(`it belongs at ${labelPath(label)}`);
    return { ...label, path };
  } catch (error) {
    throw new OperatorError("LABEL_DAMAGED", {
      message: `${path} is no label that this version understands`,
      safe: "The hour that it speaks of is untouched.",
      next: "restore it from the remote, or move it away if it is not Hourbook's",
      cause: error,
    });
  }
}

/** Whether the hour must stay here: the newest label that says anything of it decides. */
export function mustKeep(labels: readonly Label[]): boolean {
  return labels.findLast(({ keep }) => keep !== null)?.keep ?? false;
}

/** `invalid: the clock was wrong (token 123); use 2026-11-22T16` */
export function describeLabel({ verdict, reason, token, replacement }: Label): string {
  const which = token === null ? "" : ` (token ${token})`;
  const text = `${verdict}: ${reason}${which}${replacement === null ? "" : `; use ${replacement}`}`;
  // Whoever wrote it, what it says is shown on terminals.
  return text.replaceAll(/\p{Cc}+/gu, " ");
}
