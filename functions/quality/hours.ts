/** Which hours are still to be measured, and where their reports lie: beside those of the gaps. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { writeOnce } from "../../runtime/durable.ts";
import { type Hour, hourMs, hourStart } from "../../runtime/time.ts";
import { listHours } from "../archive/layout.ts";
import { qualityMarkdown } from "./markdown.ts";
import { booksStream } from "./measure-hour.ts";
import type { QualityReport } from "./report.ts";

interface Place {
  files: Files;
  dataFolder: string;
  collector: string;
}

/** Relative to the data folder. */
export function qualityPaths(hour: Hour, collector: string): { json: string; markdown: string } {
  const folder = `reports/venue=${booksStream.venue}/date=${hour.slice(0, 10)}/hour=${hour.slice(11)}`;
  const name = `${folder}/${collector}.quality`;
  return { json: `${name}.json`, markdown: `${name}.md` };
}

/** Described hours of books without a report, that were over by `asOf`; oldest first. */
export async function hoursToMeasure(place: Place, asOf: number): Promise<Hour[]> {
  const { files, dataFolder, collector } = place;
  const due: Hour[] = [];
  for (const { venue, stream, hour, has } of await listHours(files, dataFolder, collector)) {
    if (venue !== booksStream.venue || stream !== booksStream.stream) continue;
    if (!has.has("manifest") || hourStart(hour) + hourMs > asOf) continue;
    if (!(await isThere(place, qualityPaths(hour, collector).json))) due.push(hour);
  }
  return due;
}

/** Returns the path of the Markdown. The JSON comes last: its presence means that the hour is measured. */
export async function publishQuality(place: Place, report: QualityReport): Promise<string> {
  const { files, dataFolder, collector } = place;
  const paths = qualityPaths(report.hour, collector);
  await writeOnce(files, join(dataFolder, paths.markdown), Buffer.from(qualityMarkdown(report)));
  const json = Buffer.from(`${JSON.stringify(report, undefined, 2)}\n`);
  await writeOnce(files, join(dataFolder, paths.json), json);
  return paths.markdown;
}

async function isThere({ files, dataFolder }: Place, path: string): Promise<boolean> {
  return (await files.stat(join(dataFolder, path))) !== undefined;
}
