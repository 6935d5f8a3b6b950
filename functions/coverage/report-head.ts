/** The first fields of a report, without reading the rest of it: an hour of 5,000 tokens takes a megabyte. */
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { errnoOf } from "../../runtime/errors.ts";
import { gapReportSchema } from "./report.ts";

const { provisional, slots, totals } = gapReportSchema.entries;
const headSchema = v.object({ provisional, slots, totals });

export type ReportHead = v.InferOutput<typeof headSchema>;

// Up to `totals`, with every cause named: a third of this.
const headBytesMax = 4_096;

/** `undefined` if the report is not there, or cannot be read. */
export async function readReportHead(
  files: Files,
  dataFolder: string,
  path: string,
): Promise<ReportHead | undefined> {
  let bytes: Buffer;
  try {
    const file = await files.open(join(dataFolder, path), "read");
    try {
      bytes = await file.read(0, headBytesMax);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  return parseHead(bytes.toString());
}

/** Each field is a line of its own, the last of these followed by others. */
function parseHead(text: string): ReportHead | undefined {
  const lines = text.split("\n");
  const last = lines.findIndex((line) => line.startsWith('"totals":'));
  try {
    const head = `${lines
      .slice(0, last + 1)
      .join("")
      .replace(/,$/, "")}}`;
    const result = v.safeParse(headSchema, JSON.parse(head));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
