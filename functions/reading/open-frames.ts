/**
 * The polls of an hour that is not sealed yet, read through while the recorder goes on appending to it. A poll of
 * which not every book can be read is left out: what it lacks would look unchanged.
 */
import type { OpenFile } from "../../runtime/doors/files.ts";
import { inflateMember } from "../../runtime/hours/member.ts";
import type { Part } from "../../runtime/hours/parts.ts";
import { readLineBatches, splitLines } from "../../runtime/hours/read.ts";
import { firstNumber } from "../../runtime/hours/repair.ts";
import { type MemberAt, scanHeaders } from "../../runtime/hours/scan.ts";
import type { Hour } from "../../runtime/time.ts";
import { bookOf, parseHeadLine } from "../archive/lines.ts";
import { type HourFrames, LostLines, type PollFrame, type PollHead, WatchLists } from "./frames.ts";
import type { ReadContext } from "./sealed-frames.ts";

export async function readOpenHour(
  context: ReadContext,
  hour: Hour,
  parts: readonly Part[],
): Promise<HourFrames> {
  const lost = new LostLines();
  for (const part of parts) await seeLost(context, part, lost);
  return { lost: lost.lines, frames: readParts(context, hour, parts, lost) };
}

/** A part that follows a repair opens with a line for each hole, so its first lines tell. */
async function seeLost({ files }: ReadContext, { path }: Part, lost: LostLines): Promise<void> {
  for await (const batch of readLineBatches(files, path)) {
    for (const line of batch) {
      const value = parseHeadLine(line);
      if (value?.kind !== "lost") return;
      lost.see(value);
    }
  }
}

async function* readParts(
  context: ReadContext,
  hour: Hour,
  parts: readonly Part[],
  lost: LostLines,
): AsyncGenerator<PollFrame> {
  const lists = new WatchLists(context.wanted);
  for (const part of parts) {
    const file = await context.files.open(part.path, "read");
    try {
      yield* readPart(new Frames(context, hour, lists, lost), part, file);
    } finally {
      await file.close();
    }
    for (const token of lists.tokens) context.tokens.add(token);
  }
}

/** Member by member, so that of a damaged file the others are read, as they will be once it is repaired. */
async function* readPart(frames: Frames, part: Part, file: OpenFile): AsyncGenerator<PollFrame> {
  const { bytes, members, damage } = await scanHeaders(file);
  frames.context.read.open += bytes;
  // A hole at the end may be an append under way: then nothing comes behind it.
  for (const { before = firstNumber(part.part + 1) } of damage) frames.lose(part, before);
  for (const member of members) {
    const found = await frames.of(file, member).catch(() => undefined);
    if (found === undefined) frames.lose(part, member.number + 1);
    else yield* found;
  }
}

class Frames {
  readonly context: ReadContext;
  #hour: Hour;
  #lists: WatchLists;
  #lost: LostLines;

  constructor(context: ReadContext, hour: Hour, lists: WatchLists, lost: LostLines) {
    this.context = context;
    this.#hour = hour;
    this.#lists = lists;
    this.#lost = lost;
  }

  lose({ name }: Part, before: number): void {
    this.#lost.lines.push({ before });
    const text = `${name} is damaged: polls before ${before} are missing; seal-hour will repair it`;
    this.context.warn({ file: name }, text);
  }

  /** Throws where the member is not whole, which is known once all of it is inflated. */
  async of(file: OpenFile, { offset, length }: MemberAt): Promise<PollFrame[]> {
    const found: PollFrame[] = [];
    let poll: OpenPoll | undefined;
    const member = inflateMember(await file.read(offset, length));
    for (const batch of await Array.fromAsync(splitLines(member))) {
      for (const line of batch) {
        const book = bookOf(line);
        if (book !== undefined) {
          poll?.add(book, line);
          continue;
        }
        if (poll?.isWhole === true) found.push(poll.frame());
        poll = this.#head(line);
      }
    }
    if (poll?.isWhole === true) found.push(poll.frame());
    return found;
  }

  #head(line: Buffer): OpenPoll | undefined {
    const value = parseHeadLine(line);
    this.#lost.see(value);
    if (value?.kind === "watch") this.#lists.add(value);
    if (value?.kind !== "poll") return undefined;
    return new OpenPoll(this.#lists.headOf(this.#hour, value), this.context.wanted.token);
  }
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
