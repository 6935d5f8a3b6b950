/** The evidence of one sealed hour of books: head and index, and book lines only where they are needed. */
import { join } from "node:path";
import * as v from "valibot";
import { readLineBatches } from "../../runtime/hours/read.ts";
import type { Hour } from "../../runtime/time.ts";
import { archiveFolder, hourPaths } from "../archive/layout.ts";
import { bookOf, lostLineSchema, pollLineSchema, watchLineSchema } from "../archive/lines.ts";
import { readIndex } from "../archive/sealed-index.ts";
import { readRange } from "../archive/sealed-read.ts";
import { type BooksEvidence, type Poll, pollOf } from "./evidence.ts";
import { booksStream, type ShelfContext } from "./shelf.ts";
import type { TokenTable } from "./tokens.ts";

type Head = Pick<BooksEvidence, "lost" | "lastWatch"> & {
  polls: Poll[];
  lost: BooksEvidence["lost"][number][];
};

export async function readBooks(
  context: ShelfContext,
  hour: Hour,
  tokens: TokenTable,
): Promise<BooksEvidence> {
  const { files, dataFolder, collector } = context;
  const paths = hourPaths({ ...booksStream, hour }, collector);
  const index = await readIndex(files, dataFolder, paths.index);
  const head: Head = { polls: [], lost: [], lastWatch: undefined };
  for await (const batch of readRange(files, dataFolder, paths.data, index.head)) {
    for (const line of batch) addHeadLine(head, line, tokens);
  }
  const slots = new Map(Object.entries(index.tokens).map(([token, range]) => [token, range.slots]));
  return { ...head, slots, written: undefined };
}

/** The same with the numbers of the polls that wrote each token, from its book lines. */
export async function withWritten(
  context: ShelfContext,
  hour: Hour,
  books: BooksEvidence,
): Promise<BooksEvidence> {
  const path = hourPaths({ ...booksStream, hour }, context.collector).data;
  const written = new Map<string, number[]>();
  const lines = readLineBatches(context.files, join(archiveFolder(context.dataFolder), path), {
    damage: "throw",
  });
  for await (const batch of lines) {
    for (const line of batch) {
      const book = bookOf(line);
      if (book === undefined) continue;
      const polls = written.get(book.token);
      if (polls === undefined) written.set(book.token, [book.poll]);
      else polls.push(book.poll);
    }
  }
  return { ...books, written };
}

function addHeadLine(head: Head, line: Buffer, tokens: TokenTable): void {
  const value = JSON.parse(line.toString()) as { kind?: unknown };
  if (value.kind === "watch") {
    const watch = v.parse(watchLineSchema, value);
    tokens.add(watch);
    head.lastWatch = watch.id;
  } else if (value.kind === "poll") {
    head.polls.push(pollOf(v.parse(pollLineSchema, value), tokens));
  } else if (value.kind === "lost") {
    head.lost.push(v.parse(lostLineSchema, value));
  }
}
