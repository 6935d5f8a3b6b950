/**
 * What is lost beside the gap reports. A final report still says what had been recorded; that its books are gone
 * since, here and on the remote, is said on a page of its own, `<collector>.lost.<stream>.<id>.md`, written once.
 */
import { basename, join } from "node:path";
import { writeOnce } from "../../runtime/durable.ts";
import { type LostNote, lostNotes } from "../archive/lost.ts";
import type { ShelfContext } from "./shelf.ts";
import { reportPaths } from "./store.ts";

export interface Lost {
  hour: string;
  stream: string;
  files: number;
  /** Relative to the data folder. */
  page: string;
}

/** All that is on record of this collector; writes the pages that are not there yet. */
export async function writeLostNotes({
  files,
  dataFolder,
  collector,
}: ShelfContext): Promise<Lost[]> {
  const lost: Lost[] = [];
  for await (const note of lostNotes(files, dataFolder)) {
    if (note.collector !== collector) continue;
    const { hour, stream } = note;
    const page = pageOf(note);
    lost.push({ hour, stream, files: note.files.length, page });
    if ((await files.stat(join(dataFolder, page))) === undefined)
      await writeOnce(files, join(dataFolder, page), Buffer.from(textOf(note)));
  }
  return lost;
}

function pageOf({ hour, collector, path }: LostNote): string {
  const { markdown } = reportPaths(hour, collector, false);
  return markdown.replace(/[^/]+$/, basename(path).replace(/\.json$/, ".md"));
}

function textOf({ venue, stream, hour, collector, found, files, path }: LostNote): string {
  return [
    `# Lost: ${venue} ${stream}, ${hour.slice(0, 10)}, ${hour.slice(11)}:00 UTC`,
    "",
    `Recorded by \`${collector}\`, and found at ${found} to be neither here nor on the remote any more:`,
    "",
    ...files.map((file) => `- \`${file}\``),
    "",
    `The incident has the evidence: \`${path}\`. The gap report beside this page says what had been recorded.`,
    "",
  ].join("\n");
}
