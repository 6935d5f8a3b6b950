/** The lines of the markets stream: each walk's account, and the raw objects that it is based on. */
import type { Run } from "../../runtime/function.ts";
import { type Appended, hourLog } from "../../runtime/hours/hour-log.ts";
import { type Hour, iso } from "../../runtime/time.ts";
import { openNameOf } from "../archive/layout.ts";
import { jsonLine, rawLine } from "../archive/lines.ts";
import { readLastRecorded, rememberLastRecorded, stillHolds } from "../archive/unchanged.ts";
import { venue } from "./endpoints.ts";
import type { Listed } from "./market-pages.ts";
import type { Survey } from "./survey.ts";

type LinesRun = Pick<Run, "clock" | "files" | "log" | "journal" | "scheduledAt" | "startedAt"> & {
  settings: Pick<Run["settings"], "dataFolder">;
};

export interface WalkCounts {
  watched: number;
  added: number;
  leaving: number;
}

const cacheName = `${venue}-markets`;

/**
 * Writes the walk and, in the same durable member, every chosen or closed market's object, without those whose
 * text this hour holds already.
 */
export async function appendWalk(
  run: LinesRun,
  hour: Hour,
  found: Survey,
  counts: WalkCounts,
): Promise<Appended> {
  const { files, settings } = run;
  const { dataFolder } = settings;
  const markets = [...found.choice.chosen.values(), ...found.closed.values()];
  const last = await readLastRecorded(files, dataFolder, cacheName);
  const log = hourLog({
    machine: run,
    dataFolder,
    stream: openNameOf({ venue, stream: "markets" }),
    log: run.log,
    note: run.journal,
  });

  const appended = await log.append(hour, (tail) => {
    const recorded = new Set(stillHolds(last, tail) ? last.digests : []);
    const changed = markets.filter(({ digest }) => !recorded.has(digest));
    return [
      walkLine(run, tail.number, found, counts),
      ...changed.flatMap((market) => marketLine(tail.number, market)),
    ];
  });
  const digests = markets.map(({ digest }) => digest);
  await rememberLastRecorded(files, dataFolder, cacheName, appended, { context: "", digests });
  return appended;
}

function walkLine(run: LinesRun, walk: number, found: Survey, counts: WalkCounts): Buffer {
  const { outcome, stopped, records } = found.walk;
  const { chosen, conflicts } = found.choice;
  return jsonLine({
    kind: "walk",
    walk,
    scheduled: run.scheduledAt === undefined ? null : iso(run.scheduledAt),
    started: iso(run.startedAt),
    ended: iso(run.clock.now()),
    outcome,
    stopped,
    pages: records,
    lookups: found.lookUps,
    markets: records.reduce((sum, page) => sum + page.markets, 0),
    selected: named(chosen.values()),
    closed: named(found.closed.values()),
    conflicts,
    notFound: found.notFound,
    ...counts,
  });
}

function named(markets: Iterable<Listed>): object[] {
  return [...markets].map(({ market, digest }) => ({
    market: market.id,
    sha256: Buffer.from(digest, "base64").toString("hex"),
  }));
}

function marketLine(walk: number, { market, raw, sent, received }: Listed): Buffer[] {
  return rawLine(`{"kind":"market","walk":${walk},"market":${JSON.stringify(market.id)}`, {
    raw,
    sent,
    received,
  });
}
