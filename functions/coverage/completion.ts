/**
 * `state/completion.json`: how far each of the last hours is, stream by stream. It is worked out anew from what lies
 * on the disk, is replaced in one step, and never leaves this machine: what changes is not offloaded.
 */
import { join } from "node:path";
import * as v from "valibot";
import { replaceFile } from "../../runtime/durable.ts";
import { listParts, listStreams } from "../../runtime/hours/parts.ts";
import { type Hour, hourMs, hourOf, iso } from "../../runtime/time.ts";
import { type ArchivedHour, hourPaths, listHours, streamOf } from "../archive/layout.ts";
import { readReceipt } from "../remote/receipts.ts";
import { readReportHead } from "./report-head.ts";
import type { ShelfContext } from "./shelf.ts";
import { reportPaths } from "./store.ts";

const instant = v.nullable(v.string());

/** `open`: being written, or waiting to be sealed. `sealed`: and not described yet. Each step includes those before. */
const standing = v.picklist(["open", "sealed", "described", "uploaded", "verified"]);

export const completionSchema = v.object({
  schema: v.literal(1),
  kind: v.literal("completion"),
  collector: v.string(),
  /** The remote's id, as its folder of receipts is called. */
  remote: v.string(),
  written: v.string(),
  /** Newest last. */
  hours: v.array(
    v.object({
      hour: v.string(),
      /** `null`: no report yet, or nothing could be recorded. */
      coverage: v.nullable(v.number()),
      report: v.nullable(v.picklist(["final", "provisional"])),
      /** By stream; one without a line in the hour is absent. */
      streams: v.record(
        v.string(),
        v.object({
          standing,
          /** When the oldest of its files was last seen on the remote, as it is here. */
          verified: instant,
        }),
      ),
    }),
  ),
});

type Completion = v.InferOutput<typeof completionSchema>;
type StreamStanding = Completion["hours"][number]["streams"][string];

const completionHours = 96;

/** Relative to the data folder. */
export const completionPath = "state/completion.json";

export async function writeCompletion(
  context: ShelfContext,
  remote: string,
  now: number,
): Promise<void> {
  const { files, dataFolder, collector } = context;
  const archived = await listHours(files, dataFolder, collector);
  const open = await openHours(context);
  const hours: Completion["hours"] = [];
  for (let back = completionHours - 1; back >= 0; back -= 1) {
    const hour = hourOf(now - back * hourMs);
    const streams: Record<string, StreamStanding> = {};
    for (const stream of open.get(hour) ?? [])
      streams[stream] = { standing: "open", verified: null };
    for (const found of archived)
      if (found.hour === hour) streams[found.stream] = await standingOf(context, remote, found);
    hours.push({ hour, ...(await reported(context, hour)), streams });
  }
  const completion: Completion = {
    schema: 1,
    kind: "completion",
    collector,
    remote,
    written: iso(now),
    hours,
  };
  const text = `${JSON.stringify(completion, undefined, 1)}\n`;
  await replaceFile(files, join(dataFolder, completionPath), Buffer.from(text));
}

/** Hour → the streams with lines of it that are not sealed. */
async function openHours({ files, dataFolder }: ShelfContext): Promise<Map<Hour, Set<string>>> {
  const open = new Map<Hour, Set<string>>();
  for (const name of await listStreams(files, dataFolder)) {
    for (const { hour } of await listParts(files, dataFolder, name)) {
      const streams = open.get(hour) ?? new Set();
      open.set(hour, streams.add(streamOf(name).stream));
    }
  }
  return open;
}

async function standingOf(
  { files, dataFolder, collector }: ShelfContext,
  remote: string,
  hour: ArchivedHour,
): Promise<StreamStanding> {
  if (!hour.has.has("manifest")) return { standing: "sealed", verified: null };
  const { folder: _, ...paths } = hourPaths(hour, collector);
  let isVerified = true;
  let oldest: string | undefined;
  for (const path of Object.values(paths)) {
    const receipt = await readReceipt(files, dataFolder, remote, path);
    if (receipt === undefined || receipt.state === "missing")
      return { standing: "described", verified: null };
    isVerified &&= receipt.state === "verified";
    if (oldest === undefined || (receipt.lastSeen ?? "") < oldest) oldest = receipt.lastSeen ?? "";
  }
  if (!isVerified) return { standing: "uploaded", verified: null };
  return { standing: "verified", verified: oldest ?? null };
}

async function reported(
  { files, dataFolder, collector }: ShelfContext,
  hour: Hour,
): Promise<Pick<Completion["hours"][number], "coverage" | "report">> {
  for (const report of ["final", "provisional"] as const) {
    const { json } = reportPaths(hour, collector, report === "provisional");
    const head = await readReportHead(files, dataFolder, json);
    if (head !== undefined) return { coverage: head.totals.coverage, report };
  }
  return { coverage: null, report: null };
}
