/** Where reports lie, and how one is published: final ones once, provisional ones over the last. */
import { dirname, join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import {
  discardTemporary,
  makeDurableFolder,
  removeIfThere,
  replaceFile,
  writeOnce,
} from "../../runtime/durable.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { type ShelfContext, venue } from "./shelf.ts";

/** What a report covers: an hour `2026-11-22T15`, or a day `2026-11-22`. */
export type Span = string;

export interface ReportPaths {
  json: string;
  markdown: string;
  picture: string;
}

/** Each is made when it is written: for 5,000 tokens that takes a moment, and a poll may be due between two. */
export type ReportTexts = { [K in keyof ReportPaths]: () => string | Promise<string> };

export const reportsFolder = `reports/venue=${venue}`;

/** Relative to the data folder. */
export function reportPaths(span: Span, collector: string, provisional: boolean): ReportPaths {
  const hour = span.slice(11);
  const folder = `${reportsFolder}/date=${span.slice(0, 10)}${hour === "" ? "" : `/hour=${hour}`}`;
  const name = `${folder}/${collector}.gaps${provisional ? ".provisional" : ""}`;
  return { json: `${name}.json`, markdown: `${name}.md`, picture: `${name}.svg` };
}

export async function hasFinalReport(
  { files, dataFolder, collector }: ShelfContext,
  span: Span,
): Promise<boolean> {
  const path = reportPaths(span, collector, false).json;
  return (await files.stat(join(dataFolder, path))) !== undefined;
}

/** Makes the folder that the report goes to. */
export async function prepareReports(
  { files, dataFolder, collector }: ShelfContext,
  span: Span,
): Promise<void> {
  await makeDurableFolder(
    files,
    dirname(join(dataFolder, reportPaths(span, collector, false).json)),
  );
}

/** Its folder must be there. */
export async function publishReport(
  { files, dataFolder, collector }: ShelfContext,
  span: Span,
  provisional: boolean,
  texts: ReportTexts,
): Promise<ReportPaths> {
  const paths = reportPaths(span, collector, provisional);
  const write = async (kind: keyof ReportPaths): Promise<void> => {
    const path = join(dataFolder, paths[kind]);
    const bytes = Buffer.from(await texts[kind]());
    if (provisional) return replaceFile(files, path, bytes);
    if (!(await writeOnce(files, path, bytes)) && kind === "json")
      await refuseIfOther(files, path, paths.json, bytes);
  };
  await write("picture");
  await write("markdown");
  if (!provisional) {
    const old = reportPaths(span, collector, true);
    for (const path of Object.values(old)) {
      await removeIfThere(files, join(dataFolder, path));
      // A run that was killed may have left it half-written, and nobody else will write it again.
      await discardTemporary(files, join(dataFolder, path));
    }
  }
  // Last, since its presence means that all of it is there, for good.
  await write("json");
  return paths;
}

/** The same evidence gives the same bytes: another text means other evidence, or another version of this. */
async function refuseIfOther(
  files: Files,
  path: string,
  name: string,
  bytes: Buffer,
): Promise<void> {
  if ((await files.read(path)).equals(bytes)) return;
  throw new OperatorError("REPORT_DIFFERS", {
    message: `${name} is not what its evidence gives now`,
    exit: "findings",
    safe: "The report that was there stays as it is; nothing recorded was touched.",
    next: "sha256sum -c in the archive's folders of that time; a newer Hourbook may also count differently",
  });
}
