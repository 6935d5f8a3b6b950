/** The audit as JSON, schema 1, and where it goes: written once, beside the reports of its hour. */
import { join } from "node:path";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import { writeOnce } from "../../runtime/durable.ts";
import { auditMarkdown } from "./markdown.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const share = v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1)));

export const streamAuditSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("stream-audit"),
  collector: v.string(),
  venue: v.string(),
  run: v.string(),
  from: v.string(),
  to: v.string(),
  /** Between two polls of the audit. */
  everyMs: count,
  /** Of the changes, the share that one would like to see. */
  target: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** In the sample, and on the whole watch list. */
  tokens: count,
  watched: count,
  polls: count,
  /** Of a book as REST sends it, on average. */
  bookBytes: count,
  stream: v.object({
    connections: count,
    /** Share of the time in which no frame can have been lost. */
    heard: v.number(),
    /** Frames that are JSON, events of other kinds in them, and what was not understood. */
    frames: count,
    others: count,
    broken: count,
    losses: v.array(v.object({ at: v.string(), why: v.string() })),
  }),
  /** Books of polls that were held against the stream. */
  compared: count,
  exact: count,
  sizeOnly: count,
  price: count,
  /** The stream had told of a newer book before this one was asked for. */
  stale: count,
  /** Of a time that the stream never told of. */
  untold: count,
  changes: count,
  seen: count,
  /** Share of the changes whose book no poll got. */
  missed: share,
  /** Of one token, on average. */
  changesPerPoll: v.nullable(v.number()),
  cadences: v.array(
    v.object({
      everyMs: count,
      cron: v.string(),
      seen: share,
      bytesPerDay: count,
      requestsPerDay: count,
    }),
  ),
});

export type StreamAudit = v.InferOutput<typeof streamAuditSchema>;

interface Place {
  files: Files;
  dataFolder: string;
}

/** Returns the path of the Markdown, relative to the data folder; the JSON lies beside it. */
export async function publishAudit(
  { files, dataFolder }: Place,
  report: StreamAudit,
): Promise<string> {
  const { venue, from, collector, run } = report;
  const folder = `reports/venue=${venue}/date=${from.slice(0, 10)}/hour=${from.slice(11, 13)}`;
  const name = `${folder}/${collector}.stream-audit.${run}`;
  await writeOnce(files, join(dataFolder, `${name}.md`), Buffer.from(auditMarkdown(report)));
  const json = Buffer.from(`${JSON.stringify(report, undefined, 2)}\n`);
  await writeOnce(files, join(dataFolder, `${name}.json`), json);
  return `${name}.md`;
}
