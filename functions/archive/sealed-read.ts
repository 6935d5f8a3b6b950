/** Lines of a sealed hour by byte range: only the bytes needed are read. */
import { join } from "node:path";
import { constants, createInflateRaw } from "node:zlib";
import type { Files } from "../../runtime/doors/files.ts";
import { readPieces, splitLines } from "../../runtime/hours/read.ts";
import { archiveFolder } from "./layout.ts";
import type { Range } from "./sealed-index.ts";

/** The lines of one range of a data file (`path` as in `HourPaths`), without their LF, a batch at a time. */
export async function* readRange(
  files: Files,
  dataFolder: string,
  path: string,
  range: Pick<Range, "offset" | "length">,
): AsyncGenerator<Buffer[]> {
  yield* readFileRange(files, join(archiveFolder(dataFolder), path), range);
}

/** The same of a data file anywhere. */
export async function* readFileRange(
  files: Files,
  path: string,
  range: Pick<Range, "offset" | "length">,
): AsyncGenerator<Buffer[]> {
  const file = await files.open(path, "read");
  try {
    yield* splitLines(inflateRange(readPieces(file, range.offset, range.offset + range.length)));
  } finally {
    await file.close();
  }
}

/** Inflates a range that begins at a full flush and may end at one, in the middle of the deflate stream. */
export async function* inflateRange(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  const fed = (async () => {
    for await (const piece of pieces) inflate.write(piece);
    inflate.end();
  })().catch((error: unknown) => inflate.destroy(error as Error));
  try {
    yield* inflate as AsyncIterable<Buffer>;
  } finally {
    inflate.destroy();
    await fed;
  }
}
