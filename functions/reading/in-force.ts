/**
 * Which book is in force at each poll of an hour: the last one written, unless the poll says that the token is
 * missing, or a hole lies between. Nothing is carried over an hour's start: each hour stands alone.
 */
import type { Cause } from "../archive/lines.ts";
import type { HourFrames, PollFrame } from "./frames.ts";

export interface BookInForce {
  token: string;
  /** As archived. */
  line: Buffer;
  /** The poll that wrote it. */
  recorded: number;
}

export interface AtPoll {
  frame: PollFrame;
  books: BookInForce[];
  /** Tokens that were watched and have no book, each with its cause; `damaged` behind a hole. */
  missing: Map<string, Cause>;
}

export async function* inForce({ lost, frames }: HourFrames): AsyncGenerator<AtPoll> {
  const last = new Map<string, BookInForce>();
  for await (const frame of frames) {
    const { poll } = frame;
    const missing = new Map(frame.missing);
    for (const [token, line] of frame.books) last.set(token, { token, line, recorded: poll });
    const books: BookInForce[] = [];
    for (const token of frame.watched) {
      if (missing.has(token)) continue;
      const book = last.get(token);
      const isBehindHole = lost.some(
        ({ before }) => before <= poll && (book === undefined || book.recorded < before),
      );
      if (isBehindHole) missing.set(token, "damaged");
      else if (book === undefined) missing.set(token, "unknown");
      else books.push(book);
    }
    yield { frame, books, missing };
  }
}
