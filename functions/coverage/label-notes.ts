/**
 * Labels beside the gap reports. A report rests on archived files alone and, once final, never changes, so what
 * is said of its hour later does not go into it: each label gets a page of its own next to the report,
 * `<collector>.label.<id>.md`, written once.
 */
import { join } from "node:path";
import { writeOnce } from "../../runtime/durable.ts";
import { OperatorError } from "../../runtime/errors.ts";
import type { Run } from "../../runtime/function.ts";
import type { Hour } from "../../runtime/time.ts";
import {
  describeLabel,
  type FoundLabel,
  type Label,
  labelsOf,
  listLabels,
  readLabel,
} from "../archive/labels.ts";
import { booksStream, type ShelfContext } from "./shelf.ts";
import { reportPaths } from "./store.ts";

type NotesContext = ShelfContext & Pick<Run, "log">;

/** Of one hour of books, in words. */
export async function labelTexts(context: NotesContext, hour: Hour): Promise<string[]> {
  const { files, dataFolder, collector } = context;
  const id = { ...booksStream, hour };
  const labels = await orWarn(context, () => labelsOf(files, dataFolder, id, collector));
  return labels?.map(describeLabel) ?? [];
}

/** Writes the pages that are not there yet; returns their paths. */
export async function writeLabelNotes(context: NotesContext): Promise<string[]> {
  const { files, dataFolder, collector } = context;
  const written: string[] = [];
  for await (const path of listLabels(files, dataFolder)) {
    const label = await orWarn(context, () => readLabel(files, dataFolder, path));
    const isBooks = label?.venue === booksStream.venue && label.stream === booksStream.stream;
    if (!isBooks || label.collector !== collector) continue;
    const note = notePath(label);
    if ((await files.stat(join(dataFolder, note))) !== undefined) continue;
    await writeOnce(files, join(dataFolder, note), Buffer.from(noteOf(label)));
    written.push(note);
  }
  return written;
}

/** A damaged label is for `verify` to find; no report waits for it. */
async function orWarn<T>({ log }: NotesContext, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    log.warn({ code: error.code }, error.message);
    return undefined;
  }
}

function notePath({ hour, collector, id }: Label): string {
  const { markdown } = reportPaths(hour, collector, false);
  return markdown.replace(/\.gaps\.md$/, `.label.${id}.md`);
}

function noteOf(label: FoundLabel): string {
  const { hour, token, verdict, reason, replacement, collector, written, path, manifest } = label;
  const what = token === null ? "Every book" : `Token \`${token}\``;
  return [
    `# ${verdict}: ${label.venue}, ${hour.slice(0, 10)}, ${hour.slice(11)}:00 UTC`,
    "",
    `${what} of this hour, recorded by \`${collector}\`, was labelled **${verdict}** at ${written}.`,
    "",
    `- Reason: ${reason}`,
    `- Use instead: ${replacement ?? "nothing is named"}`,
    `- Label: \`${path}\``,
    ...(manifest === null
      ? []
      : [`- Judged: \`archive/${manifest.path}\`, SHA-256 \`${manifest.sha256}\``]),
    "",
    `The gap report of the hour, \`${collector}.gaps.md\` beside this page, counts its books all the same:`,
    "it says what was recorded, not what is to be trusted.",
    "",
  ].join("\n");
}
