/** Lines of a sealed hour by byte range: only the bytes needed are read. */
import { join } from "node:path";
import { constants, crc32, createInflateRaw } from "node:zlib";
import type { Files } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { feed, isDamage, readPieces, splitLines } from "../../runtime/hours/read.ts";
import { archiveFolder } from "./layout.ts";
import type { Range } from "./sealed-index.ts";

/** The lines of one range of a data file (`path` as in `HourPaths`), without their LF, a batch at a time. */
export async function* readRange(
  files: Files,
  dataFolder: string,
  path: string,
  range: Range,
): AsyncGenerator<Buffer[]> {
  yield* readFileRange(files, join(archiveFolder(dataFolder), path), range);
}

/**
 * The same of a data file anywhere. Throws `SEALED_HOUR_DIFFERS` where the bytes there are not the lines that the
 * index names: of a file that was cut off the lines before the cut would otherwise look like all there are. That is known
 * only at the range's end, so what came before is not to be relied on until then.
 */
export async function* readFileRange(
  files: Files,
  path: string,
  range: Range,
): AsyncGenerator<Buffer[]> {
  const file = await files.open(path, "read");
  let [lines, rawBytes, crc] = [0, 0, 0];
  try {
    const end = range.offset + range.length;
    const pieces = readPieces(file, range.offset, end, pieceBytes);
    for await (const batch of splitLines(inflateRange(pieces))) {
      lines += batch.length;
      for (const line of batch) {
        rawBytes += line.length + 1;
        crc = crc32("\n", crc32(line, crc));
      }
      yield batch;
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw differs(path, range, error);
  } finally {
    await file.close();
  }
  const noted = { crc, ...range };
  if (lines !== noted.lines || rawBytes !== noted.rawBytes || crc !== noted.crc)
    throw differs(path, range);
}

// Of a remote each piece is a request of its own; a token's hour is one piece.
const pieceBytes = 1024 * 1024;

/** Inflates a range that begins at a full flush and may end at one, in the middle of the deflate stream. */
async function* inflateRange(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  const fed = feed(inflate, pieces);
  try {
    yield* inflate as AsyncIterable<Buffer>;
  } finally {
    inflate.destroy();
    await fed;
  }
}

function differs(path: string, { offset, length, lines }: Range, cause?: unknown): OperatorError {
  return new OperatorError("SEALED_HOUR_DIFFERS", {
    message: `${path}: bytes ${offset} to ${offset + length} are not the ${lines} lines that its index names`,
    safe: "Nothing was changed.",
    next: "npm run fn -- verify says which file is wrong; replace it by the other copy's",
    cause,
  });
}
