/**
 * The polls of an hour that is not sealed yet, read through while the recorder goes on appending to it. A poll of
 * which not every book can be read is left out: what it lacks would look unchanged.
 */
import type { OpenFile } from "../../runtime/doors/files.ts";
import type { Part } from "../../runtime/hours/parts.ts";
import { gunzipLines, isDamage, readLineBatches, readPieces } from "../../runtime/hours/read.ts";
import type { Hour } from "../../runtime/time.ts";
import { bookOf, type LostLine, type PollLine, type WatchLine } from "../archive/lines.ts";
import { type HourFrames, type PollFrame, type PollHead, WatchLists } from "./frames.ts";
import type { ReadContext } from "./sealed-frames.ts";

export async function readOpenHour(
  context: ReadContext,
  hour: Hour,
  parts: readonly Part[],
): Promise<HourFrames> {
  const lost: Pick<LostLine, "before">[] = [];
  for (const part of parts) lost.push(...(await lostIn(context, part)));
  return { lost, frames: readParts(context, hour, parts, lost) };
}

/** A part that follows a repair opens with a line for each hole, so its first lines tell. */
async function lostIn({ files }: ReadContext, { path }: Part): Promise<LostLine[]> {
  const lost: LostLine[] = [];
  for await (const batch of readLineBatches(files, path)) {
    for (const line of batch) {
      if (!line.subarray(0, lostStart.length).equals(lostStart)) return lost;
      lost.push(JSON.parse(line.toString()) as LostLine);
    }
  }
  return lost;
}

const lostStart = Buffer.from('{"kind":"lost"');

async function* readParts(
  context: ReadContext,
  hour: Hour,
  parts: readonly Part[],
  lost: Pick<LostLine, "before">[],
): AsyncGenerator<PollFrame> {
  const lists = new WatchLists(context.wanted);
  for (const part of parts) {
    const file = await context.files.open(part.path, "read");
    try {
      yield* readPart(context, hour, file, lists);
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Or the recorder is in the middle of its append: then nothing comes behind it.
      lost.push({ before: (part.part + 1) * pollsPerPart });
      const fields = { file: part.name };
      context.warn(fields, `${part.name} could not be read to its end: seal-hour will repair it`);
    } finally {
      await file.close();
    }
    for (const token of lists.tokens) context.tokens.add(token);
  }
}

const pollsPerPart = 100_000;

async function* readPart(
  context: ReadContext,
  hour: Hour,
  file: OpenFile,
  lists: WatchLists,
): AsyncGenerator<PollFrame> {
  const size = await file.size();
  if (size === 0) return;
  context.read.open += size;
  let poll: OpenPoll | undefined;
  for await (const batch of gunzipLines(readPieces(file, 0, size), { damage: "throw" })) {
    for (const line of batch) {
      const book = bookOf(line);
      if (book !== undefined) {
        poll?.add(book, line);
        continue;
      }
      if (poll?.isWhole === true) yield poll.frame();
      poll = undefined;
      const value = JSON.parse(line.toString()) as PollLine | WatchLine | LostLine;
      if (value.kind === "watch") lists.add(value);
      if (value.kind === "poll")
        poll = new OpenPoll(lists.headOf(hour, value), context.wanted.token);
    }
  }
  if (poll?.isWhole === true) yield poll.frame();
}

class OpenPoll {
  #head: PollHead;
  #books = new Map<string, Buffer>();
  #written = 0;

  #token: string | undefined;

  constructor(head: PollHead, token: string | undefined) {
    this.#head = head;
    this.#token = token;
  }

  add({ poll, token }: { poll: number; token: string }, line: Buffer): void {
    if (poll !== this.#head.poll) return;
    this.#written += 1;
    // A copy, since the line is a view into a large piece.
    if (token === this.#token || this.#head.watched.has(token))
      this.#books.set(token, Buffer.from(line));
  }

  get isWhole(): boolean {
    return this.#written === this.#head.books;
  }

  frame(): PollFrame {
    return { ...this.#head, books: this.#books };
  }
}
