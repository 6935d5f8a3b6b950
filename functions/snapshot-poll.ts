/**
 * snapshot-poll: record one snapshot of every watched order book.
 *
 * Asks the venue for all books in batches and writes what came, byte for byte, as one durable append to the
 * hour of its slot. Every watched token is written, unchanged since its last book of the hour, or missing with
 * one cause: in each poll, also in one that fails. A poll that brought no book at all exits 69, after its
 * account is durable. Killed at any line it leaves the polls before it as they were.
 */
import * as v from "valibot";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction, type Run } from "../runtime/function.ts";
import { type Appended, hourLog, type Tail } from "../runtime/hours/hour-log.ts";
import { hourOf, iso } from "../runtime/time.ts";
import { bookLine, jsonLine, type PollLine, type WatchedToken } from "./archive/lines.ts";
import { openNameOf } from "./archive/layout.ts";
import { quarantine } from "./archive/quarantine.ts";
import {
  type LastRecorded,
  readLastRecorded,
  rememberLastRecorded,
  stillHolds,
} from "./archive/unchanged.ts";
import { askBooks, batchMax, concurrencyMax, type Harvest } from "./polymarket/ask-books.ts";
import { askUntil } from "./polymarket/deadline.ts";
import { booksEndpoint, venue, venueSettings, type VenueSettings } from "./polymarket/endpoints.ts";
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
});

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

  async run({ batch, concurrency }, run: Run<typeof venueSettings>): Promise<PollResult> {
    const slot = run.scheduledAt ?? run.startedAt;
    const watched = watchedAt(await readWatchList(run), slot);
    const watch = watchId(watched);
    const last = await readLastRecorded(run.files, run.settings.dataFolder, venue);
    const harvest = await harvestBooks(run, { watched, watch, last, batch, concurrency });

    const written = await append(run, { slot, watched, watch, last, harvest });
    const { line, appended } = written;
    await rememberLastRecorded(run.files, run.settings.dataFolder, venue, appended, {
      context: watch,
      digests: written.digests,
    });

    const result = resultOf(line, appended, watched.length, harvest);
    if (written.quarantineError !== undefined) throw written.quarantineError;
    refuseEmpty(result, watched, harvest);
    return result;
  },

  summary(result) {
    const { poll, hour, watched, books, unchanged, missing } = result;
    const reasons = Object.entries(missing).map(([reason, count]) => `${count} ${reason}`);
    const rest = reasons.length === 0 ? "none missing" : `missing: ${reasons.join(", ")}`;
    return `poll ${poll} in ${hour}Z: ${watched} watched, ${books} written, ${unchanged} unchanged, ${rest}`;
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
  const digests = last?.context === watch ? last.digests : [];
  const known = new Map(
    digests.flatMap((digest, at) => (digest === "" ? [] : [[digest, watched[at]!.token] as const])),
  );
  const open = watched.filter(({ closed }) => closed === undefined);

  const harvest = await askBooks(venueClient(run, askUntil(run)), {
    url: booksEndpoint(settings as VenueSettings).url,
    tokens: new Map(open.map(({ token, market }) => [token, market])),
    suspects,
    known,
    batch,
    concurrency,
  });
  for (const { token, closed } of watched)
    if (closed !== undefined) harvest.missing.set(token, "market-closed");
  await rememberRefused(files, settings.dataFolder, suspects, harvest.refused);
  return harvest;
}

interface ToWrite {
  slot: number;
  watched: readonly WatchedToken[];
  watch: string;
  last: LastRecorded | undefined;
  harvest: Harvest;
}

interface Written {
  line: PollLine;
  appended: Appended;
  /** In watch order: what the hour now holds last of each token. */
  digests: string[];
  quarantineError: unknown;
}

async function append(run: Run<typeof venueSettings>, toWrite: ToWrite): Promise<Written> {
  const { slot, watched, watch, last, harvest } = toWrite;
  const { dataFolder } = run.settings;
  const log = hourLog({ machine: run, dataFolder, stream: openNameOf({ venue, stream: "books" }) });
  let composed: ReturnType<typeof compose> | undefined;
  let quarantineError: unknown;

  const appended = await log.append(hourOf(slot), async (tail) => {
    // First, so that no poll line says "quarantined" of bytes that are nowhere. Yet if that fails, the good
    // books are still to be recorded.
    try {
      const pieces = harvest.pieces.map((piece) => ({ ...piece, poll: tail.number }));
      await quarantine({ ...run, dataFolder }, venue, pieces, hourOf(slot));
    } catch (error) {
      quarantineError = error;
    }
    composed = compose(run, toWrite, tail);
    const isNewWatch = !stillHolds(last, tail) || last.context !== watch;
    return isNewWatch
      ? [jsonLine({ kind: "watch", id: watch, tokens: watched }), ...composed.lines]
      : composed.lines;
  });
  return { line: composed!.line, appended, digests: composed!.digests, quarantineError };
}

function compose(
  run: Run<typeof venueSettings>,
  { watched, watch, last, harvest }: ToWrite,
  tail: Tail,
): { line: PollLine; lines: Buffer[]; digests: string[] } {
  const recorded = stillHolds(last, tail) ? last : undefined;
  const before = new Set(recorded?.digests);
  const line: PollLine = {
    kind: "poll",
    poll: tail.number,
    scheduled: run.scheduledAt === undefined ? null : iso(run.scheduledAt),
    started: iso(run.startedAt),
    ended: iso(run.clock.now()),
    watch,
    books: 0,
    unchanged: 0,
    missing: [],
    requests: harvest.requests,
  };
  const lines: Buffer[] = [];
  const digests = watched.map(({ token }, at) => {
    const book = harvest.books.get(token);
    if (book === undefined) {
      line.missing.push({ token, reason: harvest.missing.get(token) ?? "unknown" });
      return recorded?.context === watch ? (recorded.digests[at] ?? "") : "";
    }
    // The text names its token, so that an equal digest can only be this token's.
    if (before.has(book.digest)) line.unchanged += 1;
    else {
      line.books += 1;
      lines.push(...bookLine(tail.number, book));
    }
    return book.digest;
  });
  return { line, lines: [jsonLine(line), ...lines], digests };
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
