/**
 * snapshot-poll: records one snapshot of every watched order book.
 *
 * Asks the venue for all books in batches and writes what came, byte for byte, as one durable append to the hour of
 * its slot. Every watched token is written, unchanged since its last book of the hour, or missing with one cause: in
 * each poll, also in one that fails, and in one that is not made for want of room on the disk. A poll that brought
 * no book at all exits 69, after its account is durable. Killed at any line it leaves the polls before it as they
 * were.
 */
import * as v from "valibot";
import { sleep } from "../runtime/doors/clock.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction, type Run } from "../runtime/function.ts";
import type { Appended } from "../runtime/hours/hour-log.ts";
import { formatDuration } from "../runtime/time.ts";
import type { PollLine, WatchedToken } from "./archive/lines.ts";
import { lookAtRoom, type Room } from "./archive/room.ts";
import { newestPoll } from "./archive/newest-poll.ts";
import { type LastRecorded, readLastRecorded } from "./archive/unchanged.ts";
import {
  askBooks,
  batchMax,
  concurrencyMax,
  type Harvest,
  unaskedBooks,
} from "./polymarket/ask-books.ts";
import { askUntil } from "./polymarket/deadline.ts";
import { booksEndpoint, venue, venueSettings } from "./polymarket/endpoints.ts";
import { appendPoll } from "./polymarket/poll-lines.ts";
import { readRefused, rememberRefused } from "./polymarket/refused.ts";
import { venueClient } from "./polymarket/request.ts";
import { readWatchList, watchedAt, watchId } from "./polymarket/watch-list.ts";

const input = v.strictObject({
  batch: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(batchMax),
      v.description(`tokens in one request, at most ${batchMax}`),
    ),
    batchMax,
  ),
  concurrency: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(concurrencyMax),
      v.description(`requests at the same time, at most ${concurrencyMax}`),
    ),
    2,
  ),
  freeMin: v.optional(
    v.pipe(
      v.number(),
      v.minValue(0),
      v.description(
        "MB that stay free besides what sealing needs, at most 5 % of the disk: below it polling stops",
      ),
    ),
    128,
  ),
  freeWarn: v.optional(
    v.pipe(
      v.number(),
      v.minValue(0),
      v.description("MB of free disk, at most 10 % of it, below which the log warns"),
    ),
    1024,
  ),
});

const megabyte = 1024 * 1024;

export interface PollResult {
  poll: number;
  /** The hour that it was written into. */
  hour: string;
  watched: number;
  books: number;
  unchanged: number;
  /** Reason → how many tokens. */
  missing: Record<string, number>;
  requests: number;
  receivedBytes: number;
  writtenBytes: number;
  quarantined: number;
}

export default defineFunction({
  input,
  settings: venueSettings,
  endpoints: (settings) => [booksEndpoint(settings)],
  drain: true,

  async run(
    { batch, concurrency, freeMin, freeWarn },
    run: Run<typeof venueSettings>,
  ): Promise<PollResult> {
    const slot = run.scheduledAt ?? run.startedAt;
    const watched = watchedAt(await readWatchList(run), slot);
    const watch = watchId(watched);
    const last = await readLastRecorded(run.files, run.settings.dataFolder, venue);
    const marks = { stopBytes: freeMin * megabyte, warnBytes: freeWarn * megabyte };
    const room = await lookAtRoom(run, marks);
    const isStopped = room.state === "stopped";
    const harvest = isStopped
      ? unaskedBooks(watched, "disk")
      : await harvestBooks(run, { watched, watch, last, batch, concurrency });

    const polled = { slot, watched, watch, last, harvest };
    const { line, appended, problem } = await appendPoll(run, polled);
    const result = resultOf(line, appended, watched.length, harvest);
    if (problem !== undefined) throw problem;
    if (isStopped) throw stopped(room, result);
    refuseEmpty(result, watched, harvest);
    return result;
  },

  summary(result) {
    const { poll, hour, watched, books, unchanged, missing } = result;
    const reasons = Object.entries(missing).map(([reason, count]) => `${count} ${reason}`);
    const rest = reasons.length === 0 ? "none missing" : `missing: ${reasons.join(", ")}`;
    return `poll ${poll} in ${hour}Z: ${watched} watched, ${books} written, ${unchanged} unchanged, ${rest}`;
  },

  async standing({ clock, files, settings }) {
    const poll = await newestPoll({ files, ...settings }, { venue, stream: "books" });
    if (poll === undefined) return { text: "no book was recorded yet" };
    const newestAt = Date.parse(poll.ended);
    const age = formatDuration(Math.max(0, clock.now() - newestAt));
    const { books, unchanged, missing } = poll;
    const text = `newest books ${age} old: ${books + unchanged} of ${books + unchanged + missing.length} watched`;
    return { text, newestAt, figures: { books, unchanged, missing: missing.length } };
  },
});

interface Asked {
  watched: readonly WatchedToken[];
  watch: string;
  last: LastRecorded | undefined;
  batch: number;
  concurrency: number;
}

async function harvestBooks(run: Run<typeof venueSettings>, asked: Asked): Promise<Harvest> {
  const { watched, watch, last, batch, concurrency } = asked;
  const { files, settings } = run;
  const suspects = await readRefused(files, settings.dataFolder);
  // Who a digest belongs to is known only by its place in the same list.
  const isSame = last?.context === watch && last.digests.length === watched.length;
  const digests = isSame ? last.digests : [];
  const known = new Map(
    digests.flatMap((digest, at) => (digest === "" ? [] : [[digest, watched[at]!.token] as const])),
  );
  const open = watched.filter(({ closed }) => closed === undefined);

  const harvest = await askBooks(venueClient(run, askUntil(run)), {
    url: booksEndpoint(settings).url,
    tokens: new Map(open.map(({ token, market }) => [token, market])),
    suspects,
    known,
    batch,
    concurrency,
    turn: run.random(),
    breathe: () => sleep(run.clock, 0),
  });
  for (const { token, closed } of watched)
    if (closed !== undefined) harvest.missing.set(token, "market-closed");
  await rememberRefused(files, settings.dataFolder, suspects, harvest.refused);
  return harvest;
}

function resultOf(
  line: PollLine,
  appended: Appended,
  watched: number,
  harvest: Harvest,
): PollResult {
  const missing: Record<string, number> = {};
  for (const { reason } of line.missing) missing[reason] = (missing[reason] ?? 0) + 1;
  return {
    poll: line.poll,
    hour: appended.hour,
    watched,
    books: line.books,
    unchanged: line.unchanged,
    missing,
    requests: line.requests.length,
    receivedBytes: line.requests.reduce((sum, { bytes }) => sum + bytes, 0),
    writtenBytes: appended.rawBytes,
    quarantined: harvest.pieces.length,
  };
}

function stopped({ freeBytes, sealBytes, marks }: Room, result: PollResult): OperatorError {
  const size = (bytes: number): string => `${Math.floor(bytes / megabyte).toLocaleString("en")} MB`;
  return new OperatorError("DISK_LOW", {
    message: `${size(freeBytes)} free, too little to record: ${size(sealBytes)} are needed to seal, ${size(marks.stopBytes)} to stay free`,
    safe: `Nothing was asked. The poll is on record as poll ${result.poll} of ${result.hour}Z, with the cause \`disk\`.`,
    next: `npm run fn -- offload && npm run fn -- prune, or give the disk more room; polling goes on by itself above ${size(sealBytes + 2 * marks.stopBytes)}`,
    result,
  });
}

function refuseEmpty(result: PollResult, watched: readonly WatchedToken[], harvest: Harvest): void {
  const isWanted = watched.some(({ closed }) => closed === undefined);
  if (!isWanted || result.books + result.unchanged > 0) return;
  const errors = new Set(
    harvest.requests.flatMap(({ error }) => (error === undefined ? [] : [error])),
  );
  throw new OperatorError("NO_BOOKS", {
    message: `not one of ${result.watched} watched books came`,
    exit: "unavailable",
    details: [
      ...Object.entries(result.missing).map(([reason, count]) => `${count} tokens: ${reason}`),
      ...[...errors].slice(0, 5),
    ],
    safe: `The poll is on record as poll ${result.poll} of ${result.hour}Z, with the cause for each token.`,
    next: "npm run status; the next slot asks again by itself",
    result,
  });
}
