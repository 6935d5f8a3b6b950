/**
 * What could not be understood is kept byte for byte, with the reason, in the stream `<venue>.quarantine`.
 * A venue gone mad must not fill the disk: what the run before set aside in the same hour is not written
 * again, and what goes past a run's bounds is left out; both are counted in a line.
 */
import { isUtf8 } from "node:buffer";
import { sleep } from "../../runtime/doors/clock.ts";
import type { Run } from "../../runtime/function.ts";
import { type Appended, hourLog } from "../../runtime/hours/hour-log.ts";
import { type Hour, hourOf, iso } from "../../runtime/time.ts";
import { jsonLine } from "./lines.ts";
import { openNameOf } from "./layout.ts";
import { digestOf, readLastRecorded, rememberLastRecorded, stillHolds } from "./unchanged.ts";

/** Bytes set aside. */
export interface Piece {
  /** `books`, `markets`, or the file that they were in. */
  from: string;
  /** A word or two: `cut`, `wrong-market`, `torn`. */
  reason: string;
  bytes: Buffer;
  poll?: number;
  token?: string;
  market?: string;
}

/** A longer piece takes several lines. */
export const pieceBytesMax = 1024 * 1024;
/** What one run may set aside. */
export const runBytesMax = 64 * 1024 * 1024;
export const runPiecesMax = 20_000;
// The event loop is let go after so many bytes.
const breathBytes = 1024 * 1024;

export type QuarantineContext = Pick<Run, "clock" | "files" | "log"> &
  Partial<Pick<Run, "journal">> &
  Pick<Run["settings"], "dataFolder">;

/** Makes the pieces durable, in the hour given or the first open one after it; without any it does nothing. */
export async function quarantine(
  context: QuarantineContext,
  venue: string,
  pieces: readonly Piece[],
  hour: Hour = hourOf(context.clock.now()),
): Promise<Appended | undefined> {
  if (pieces.length === 0) return undefined;
  const stream = openNameOf({ venue, stream: "quarantine" });
  const { dataFolder, files, log, journal: note } = context;
  const last = await readLastRecorded(files, dataFolder, stream);
  let digests: string[] = [];
  const appended = await hourLog({ machine: context, dataFolder, stream, log, note }).append(
    hour,
    async (tail) => {
      const recorded = new Set(stillHolds(last, tail) ? last.digests : []);
      const composed = await compose(context, pieces, recorded);
      digests = composed.digests;
      return composed.lines;
    },
  );
  await rememberLastRecorded(files, dataFolder, stream, appended, { context: "", digests });
  log.warn(sumOf(pieces), "bytes not understood were set aside");
  return appended;
}

interface Composed {
  lines: Buffer[];
  /** Of the pieces that the hour now holds. */
  digests: string[];
}

async function compose(
  { clock }: QuarantineContext,
  pieces: readonly Piece[],
  recorded: ReadonlySet<string>,
): Promise<Composed> {
  const at = iso(clock.now());
  const lines: Buffer[] = [];
  const digests: string[] = [];
  const repeated: Piece[] = [];
  const dropped: Piece[] = [];
  let bytes = 0;
  let breathed = 0;
  for (const [index, piece] of pieces.entries()) {
    // The first always fits: an answer has a bound of its own, and so has what is read of a torn file.
    const isOver = index >= runPiecesMax || bytes + piece.bytes.length > runBytesMax;
    if (isOver && index > 0) {
      dropped.push(piece);
      continue;
    }
    const digest = digestOf(piece.bytes);
    digests.push(digest);
    // A venue that breaks its schema sends the same books again and again: they would fill the disk.
    if (recorded.has(digest)) repeated.push(piece);
    else lines.push(...quarantineLines(at, piece));
    bytes += piece.bytes.length;
    if (bytes - breathed < breathBytes) continue;
    breathed = bytes;
    await sleep(clock, 0);
  }
  if (repeated.length > 0) lines.push(sumLine("repeated", at, repeated));
  if (dropped.length > 0) lines.push(sumLine("dropped", at, dropped));
  return { lines, digests };
}

/** `data` is last: the bytes as text where they are UTF-8, else in Base64. */
export function* quarantineLines(at: string, piece: Piece): Generator<Buffer> {
  const { from, reason, bytes, poll, token, market } = piece;
  const parts = Math.max(1, Math.ceil(bytes.length / pieceBytesMax));
  for (let part = 1; part <= parts; part += 1) {
    const some = bytes.subarray((part - 1) * pieceBytesMax, part * pieceBytesMax);
    const isText = isUtf8(some);
    yield jsonLine({
      kind: "quarantined",
      at,
      from,
      reason,
      poll,
      token,
      market,
      ...(parts > 1 && { part, parts }),
      encoding: isText ? "utf8" : "base64",
      bytes: some.length,
      data: some.toString(isText ? "utf8" : "base64"),
    });
  }
}

/** `repeated`: pieces whose bytes a line before in this hour holds. `dropped`: pieces over the bounds. */
function sumLine(kind: "repeated" | "dropped", at: string, pieces: readonly Piece[]): Buffer {
  return jsonLine({ kind, at, poll: pieces[0]?.poll, ...sumOf(pieces) });
}

function sumOf(pieces: readonly Piece[]): {
  pieces: number;
  bytes: number;
  reasons: Record<string, number>;
} {
  const reasons: Record<string, number> = {};
  for (const { reason } of pieces) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return {
    pieces: pieces.length,
    bytes: pieces.reduce((sum, piece) => sum + piece.bytes.length, 0),
    reasons,
  };
}
