/**
 * What could not be understood is kept byte for byte, with the reason, in the stream `<venue>.quarantine`.
 * Bounded, since a venue gone mad must not fill the disk: what goes past a run's bound is counted in a line.
 */
import { isUtf8 } from "node:buffer";
import { sleep } from "../../runtime/doors/clock.ts";
import type { Run } from "../../runtime/function.ts";
import { type Appended, hourLog } from "../../runtime/hours/hour-log.ts";
import { type Hour, hourOf, iso } from "../../runtime/time.ts";
import { jsonLine } from "./lines.ts";
import { openNameOf } from "./layout.ts";

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
  const { dataFolder, log } = context;
  const lines = await compose(context, pieces);
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
  log.warn(
    { pieces: pieces.length, bytes, reasons: reasonsOf(pieces) },
    "bytes not understood were set aside",
  );
  return hourLog({ machine: context, dataFolder, stream }).append(hour, () => lines);
}

async function compose({ clock }: QuarantineContext, pieces: readonly Piece[]): Promise<Buffer[]> {
  const at = iso(clock.now());
  const lines: Buffer[] = [];
  let bytes = 0;
  let breathed = 0;
  let kept = 0;
  for (const piece of pieces) {
    if (kept === runPiecesMax || bytes + piece.bytes.length > runBytesMax) break;
    lines.push(...quarantineLines(at, piece));
    kept += 1;
    bytes += piece.bytes.length;
    if (bytes - breathed < breathBytes) continue;
    breathed = bytes;
    await sleep(clock, 0);
  }
  const dropped = pieces.slice(kept);
  if (dropped.length > 0) lines.push(droppedLine(at, dropped));
  return lines;
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

function droppedLine(at: string, pieces: readonly Piece[]): Buffer {
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
  return jsonLine({
    kind: "dropped",
    at,
    pieces: pieces.length,
    bytes,
    reasons: reasonsOf(pieces),
  });
}

function reasonsOf(pieces: readonly Piece[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of pieces) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
