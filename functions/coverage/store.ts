/** Where reports lie, and how one is published: final ones once, provisional ones over the last. */
import { dirname, join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { makeDurableFolder, removeIfThere, replaceFile, writeOnce } from "../../runtime/durable.ts";
import { OperatorError } from "../../runtime/errors.ts";
import type { Hour } from "../../runtime/time.ts";
import { type ShelfContext, venue } from "./shelf.ts";

export interface ReportPaths {
  json: string;
  markdown: string;
}

/** Relative to the data folder. */
export function reportPaths(hour: Hour, collector: string, provisional: boolean): ReportPaths {
  const folder = `reports/venue=${venue}/date=${hour.slice(0, 10)}/hour=${hour.slice(11)}`;
  const name = `${folder}/${collector}.gaps${provisional ? ".provisional" : ""}`;
  return { json: `${name}.json`, markdown: `${name}.md` };
}

export interface ReportTexts {
  json: string;
  markdown: string;
}

/** Makes the folder that the hour's reports go to. */
export async function prepareReports(
  { files, dataFolder, collector }: ShelfContext,
  hour: Hour,
): Promise<void> {
  await makeDurableFolder(
    files,
    dirname(join(dataFolder, reportPaths(hour, collector, false).json)),
  );
}

/** Its folder must be there. */
export async function publishReport(
  { files, dataFolder, collector }: ShelfContext,
  hour: Hour,
  provisional: boolean,
  texts: ReportTexts,
): Promise<ReportPaths> {
  const paths = reportPaths(hour, collector, provisional);
  const json = join(dataFolder, paths.json);
  const markdown = join(dataFolder, paths.markdown);
  if (provisional) {
    await replaceFile(files, markdown, Buffer.from(texts.markdown));
    await replaceFile(files, json, Buffer.from(texts.json));
    return paths;
  }
  await writeOnce(files, markdown, Buffer.from(texts.markdown));
  const old = reportPaths(hour, collector, true);
  await removeIfThere(files, join(dataFolder, old.markdown));
  await removeIfThere(files, join(dataFolder, old.json));
  // Last, since its presence means that the hour is reported for good.
  if (!(await writeOnce(files, json, Buffer.from(texts.json))))
    await refuseIfOther(files, json, paths.json, texts.json);
  return paths;
}

/** The same evidence gives the same bytes: another text means other evidence, or another version of this. */
async function refuseIfOther(
  files: Files,
  path: string,
  name: string,
  text: string,
): Promise<void> {
  if ((await files.read(path)).equals(Buffer.from(text))) return;
  throw new OperatorError("REPORT_DIFFERS", {
    message: `${name} is not what its evidence gives now`,
    exit: "findings",
    safe: "The report that was there stays as it is; nothing recorded was touched.",
    next: "sha256sum -c in the archive's folders of that hour; a newer Hourbook may also count differently",
  });
}
