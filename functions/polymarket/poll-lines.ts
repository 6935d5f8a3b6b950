/** The lines of the books stream: each poll's account, and the books that the hour does not hold yet. */
import { OperatorError } from "../../runtime/errors.ts";
import type { Run } from "../../runtime/function.ts";
import { type Appended, hourLog, type Tail } from "../../runtime/hours/hour-log.ts";
import { hourOf, iso } from "../../runtime/time.ts";
import { openNameOf } from "../archive/layout.ts";
import { bookLine, jsonLine, type PollLine, type WatchedToken } from "../archive/lines.ts";
import { type Piece, quarantine } from "../archive/quarantine.ts";
import { type LastRecorded, rememberLastRecorded, stillHolds } from "../archive/unchanged.ts";
import { type Harvest, unaskedBooks } from "./ask-books.ts";
import { venue } from "./endpoints.ts";

export interface Polled {
  /** Epoch ms: it decides the hour. */
  slot: number;
  watched: readonly WatchedToken[];
  /** Id of the watch list. */
  watch: string;
  /** What the hour holds last, as far as is remembered. */
  last: LastRecorded | undefined;
  harvest: Harvest;
}

export interface Written {
  line: PollLine;
  appended: Appended;
  /** What kept the books, or the bytes for quarantine, from being written, if anything did. */
  problem: unknown;
}

type LinesRun = Pick<Run, "clock" | "files" | "log" | "scheduledAt" | "startedAt"> &
  Partial<Pick<Run, "journal">> & {
    settings: Pick<Run["settings"], "dataFolder">;
  };

/** Writes the poll as one durable member; what is quarantined of it comes first. */
export async function appendPoll(run: LinesRun, polled: Polled): Promise<Written> {
  try {
    return await append(run, polled);
  } catch (error) {
    if (!(error instanceof OperatorError) || error.code !== "DISK_FULL") throw error;
    return { ...(await append(run, withoutBooks(polled))), problem: onRecord(error) };
  }
}

async function append(run: LinesRun, polled: Polled): Promise<Written> {
  const { dataFolder } = run.settings;
  const stream = openNameOf({ venue, stream: "books" });
  // An account alone is small, and it must be on record also on a full disk.
  const mayUseReserve = polled.harvest.books.size === 0;
  const { log: told, journal: note } = run;
  const log = hourLog({ machine: run, dataFolder, stream, log: told, note, mayUseReserve });
  let composed: Composed | undefined;
  let problem: unknown;

  const appended = await log.append(hourOf(polled.slot), async (tail) => {
    // First, so that no poll line says "quarantined" of bytes that are nowhere. Yet if that fails, the good
    // books are still to be recorded.
    try {
      await setAside(run, polled, tail.number);
    } catch (error) {
      problem = error;
    }
    composed = compose(run, polled, tail);
    return composed.lines;
  });
  const { line, digests } = composed!;
  await rememberLastRecorded(run.files, dataFolder, venue, appended, {
    context: polled.watch,
    digests,
  });
  return { line, appended, problem };
}

/** The poll's account alone: tokens whose books came have none on record, and the disk is why. */
function withoutBooks(polled: Polled): Polled {
  const { harvest, watched } = polled;
  const missing = new Map([...unaskedBooks(watched, "disk").missing, ...harvest.missing]);
  return { ...polled, harvest: { ...harvest, books: new Map(), missing, pieces: [] } };
}

function onRecord(error: OperatorError): OperatorError {
  const { message, next, cause } = error;
  const safe =
    "The books of this poll are lost, its account is on record; what was recorded before is as it was.";
  return new OperatorError(error.code, {
    message,
    safe,
    cause,
    ...(next !== undefined && { next }),
  });
}

async function setAside(run: LinesRun, { slot, harvest }: Polled, poll: number): Promise<void> {
  const pieces: Piece[] = harvest.pieces.map((piece) => Object.assign(piece, { poll }));
  await quarantine({ ...run, ...run.settings }, venue, pieces, hourOf(slot));
}

interface Composed {
  line: PollLine;
  lines: Buffer[];
  /** In watch order: what the hour holds last of each token. */
  digests: string[];
}

function compose(run: LinesRun, { watched, watch, last, harvest }: Polled, tail: Tail): Composed {
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
  const books: Buffer[] = [];
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
      books.push(...bookLine(tail.number, book));
    }
    return book.digest;
  });
  const isNewWatch = recorded?.context !== watch;
  const head = isNewWatch ? [jsonLine({ kind: "watch", id: watch, tokens: watched })] : [];
  return { line, lines: [...head, jsonLine(line), ...books], digests };
}
