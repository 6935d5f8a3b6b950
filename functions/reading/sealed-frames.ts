/** The polls of a sealed hour with the books of a few tokens: of the data file, only their bytes are read. */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import type { Hour } from "../../runtime/time.ts";
import { hourPaths, type StreamId } from "../archive/layout.ts";
import { bookOf, parseHeadLine } from "../archive/lines.ts";
import { parseIndex, type SealedIndex } from "../archive/sealed-index.ts";
import { readFileRange } from "../archive/sealed-read.ts";
import {
  type HourFrames,
  LostLines,
  type PollFrame,
  type PollHead,
  type Wanted,
  WatchLists,
} from "./frames.ts";

export const booksStream: StreamId = { venue: "polymarket", stream: "books" };

/** How much was read of what, in compressed bytes. */
export interface BytesRead {
  data: number;
  index: number;
  open: number;
}

export interface ReadContext {
  files: Files;
  /** Holds `venue=…`. */
  root: string;
  /** Holds `open/`; a copy has none. */
  dataFolder: string | undefined;
  collector: string;
  wanted: Wanted;
  read: BytesRead;
  /** Every wanted token that was met. */
  tokens: Set<string>;
  warn(fields: object, message: string): void;
}

export async function readSealedHour(context: ReadContext, hour: Hour): Promise<HourFrames> {
  const { files, root, collector, read, wanted } = context;
  const paths = hourPaths({ ...booksStream, hour }, collector);
  const bytes = await files.read(join(root, paths.index));
  const index = parseIndex(bytes, paths.index);
  if (index.hour !== hour) throw otherHour(join(root, paths.index), index);
  read.index += bytes.length;
  read.data += index.head.length;

  const lists = new WatchLists(wanted);
  const polls: PollHead[] = [];
  const lost = new LostLines();
  const dataPath = join(root, paths.data);
  for await (const batch of readFileRange(files, dataPath, index.head)) {
    for (const line of batch) {
      const value = parseHeadLine(line);
      lost.see(value);
      if (value?.kind === "watch") lists.add(value);
      else if (value?.kind === "poll") polls.push(lists.headOf(hour, value));
    }
  }
  const tokens = new Set(lists.tokens);
  // Its books may be there although damage took the list that named it.
  if (wanted.token !== undefined && Object.hasOwn(index.tokens, wanted.token))
    tokens.add(wanted.token);
  for (const token of tokens) context.tokens.add(token);
  return { lost: lost.lines, frames: merge(context, dataPath, { index, polls, tokens }) };
}

function otherHour(path: string, { hour }: SealedIndex): OperatorError {
  return new OperatorError("SEALED_HOUR_DIFFERS", {
    message: `${path} is the index of ${hour}`,
    safe: "Nothing was changed.",
    next: "npm run fn -- verify says which files lie in the wrong place",
  });
}

interface Grouped {
  index: SealedIndex;
  polls: readonly PollHead[];
  tokens: ReadonlySet<string>;
}

/** The file has each token's books together; here they stand by their polls again. */
async function* merge(
  { files, read }: ReadContext,
  dataPath: string,
  { index, polls, tokens }: Grouped,
): AsyncGenerator<PollFrame> {
  const cursors: BookCursor[] = [];
  for (const token of tokens) {
    // A token may bear any name, also one that objects know.
    const range = Object.hasOwn(index.tokens, token) ? index.tokens[token] : undefined;
    if (range === undefined) continue;
    read.data += range.length;
    cursors.push(new BookCursor(token, readFileRange(files, dataPath, range)));
  }
  try {
    for (const poll of polls) {
      const books = new Map<string, Buffer>();
      for (const cursor of cursors) {
        const line = await cursor.takeOf(poll.poll);
        if (line !== undefined) books.set(cursor.token, line);
      }
      yield { ...poll, books };
    }
    // Only at its end is a range known to be what was sealed.
    for (const cursor of cursors) await cursor.drain();
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

class BookCursor {
  readonly token: string;
  #batches: AsyncGenerator<Buffer[]>;
  #batch: Buffer[] = [];
  #position = 0;

  constructor(token: string, batches: AsyncGenerator<Buffer[]>) {
    this.token = token;
    this.#batches = batches;
  }

  /** The token's line of this poll, if it wrote one. Asked for ascending polls. */
  async takeOf(poll: number): Promise<Buffer | undefined> {
    for (;;) {
      const line = await this.#peek();
      const own = line === undefined ? undefined : bookOf(line)?.poll;
      if (own === undefined || own > poll) return undefined;
      this.#position += 1;
      if (own === poll) return line;
    }
  }

  async drain(): Promise<void> {
    while ((await this.#batches.next()).done !== true);
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }

  async #peek(): Promise<Buffer | undefined> {
    while (this.#position >= this.#batch.length) {
      const next = await this.#batches.next();
      if (next.done === true) return undefined;
      this.#batch = next.value;
      this.#position = 0;
    }
    return this.#batch[this.#position];
  }
}
