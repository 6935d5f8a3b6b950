/** The lines of an hour file, open, closed or sealed, in pieces: any size in bounded memory. */
import { constants, createGunzip, type createInflateRaw } from "node:zlib";
import type { Files, OpenFile } from "../doors/files.ts";
import { errnoOf } from "../errors.ts";

const readBytes = 256 * 1024;

export interface ReadOptions {
  /** What a damaged end does: an open hour may have one (`stop`), a sealed hour never (`throw`). */
  damage?: "stop" | "throw";
}

/** Every whole line, without its LF. */
export async function* readLines(
  files: Files,
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<Buffer> {
  for await (const batch of readLineBatches(files, path, options)) yield* batch;
}

/** The same a piece at a time: a line each would cost more than the reading. */
export async function* readLineBatches(
  files: Files,
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<Buffer[]> {
  const file = await files.open(path, "read");
  try {
    // A crash right after its creation leaves an empty file: no lines, and no gzip stream either.
    if ((await file.size()) > 0) yield* gunzipLines(readPieces(file), options);
  } finally {
    await file.close();
  }
}

/** The lines in pieces of a gzip file, batch by batch. */
export function gunzipLines(
  pieces: AsyncIterable<Buffer>,
  options: ReadOptions = {},
): AsyncGenerator<Buffer[]> {
  return splitLines(gunzip(pieces, options.damage ?? "stop"));
}

/** Cuts pieces of text into lines, without their LF; an end without LF is not a line. */
export async function* splitLines(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  let rest: Buffer[] = [];
  for await (const piece of pieces) {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, start)) {
      const last = piece.subarray(start, end);
      lines.push(rest.length === 0 ? last : Buffer.concat([...rest, last]));
      rest = [];
      start = end + 1;
    }
    if (start < piece.length) rest.push(piece.subarray(start));
    if (lines.length > 0) yield lines;
  }
}

export async function* readPieces(
  file: OpenFile,
  from = 0,
  to = Number.POSITIVE_INFINITY,
  pieceBytes = readBytes,
): AsyncGenerator<Buffer> {
  for (let offset = from; offset < to; offset += pieceBytes) {
    const piece = await file.read(offset, Math.min(pieceBytes, to - offset));
    if (piece.length === 0) return;
    yield piece;
  }
}

async function* gunzip(
  pieces: AsyncIterable<Buffer>,
  damage: "stop" | "throw",
): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: readBytes, finishFlush: constants.Z_FINISH });
  const fed = feed(stream, pieces);
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    if (damage === "throw") throw error;
  } finally {
    stream.destroy();
    await fed;
  }
}

/** Writes the pieces into a stream of zlib, no faster than it takes them; a failing source makes it fail. */
export async function feed(stream: Inflating, pieces: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const piece of pieces) {
      if (stream.destroyed) return;
      if (!stream.write(piece)) await drained(stream);
    }
    stream.end();
  } catch (error) {
    stream.destroy(error as Error);
  }
}

type Inflating = ReturnType<typeof createGunzip | typeof createInflateRaw>;

/** Of zlib: what it was given is no such stream, or ends in the middle of one. */
export function isDamage(error: unknown): boolean {
  return errnoOf(error)?.startsWith("Z_") === true;
}

function drained(stream: Inflating): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.once("drain", done).once("close", done);
  });
}
