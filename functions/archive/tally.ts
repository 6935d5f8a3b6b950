/** Counts what the lines of one hour say, in the order of writing. */
import * as v from "valibot";
import { type Hour, hourOf } from "../../runtime/time.ts";
import { LineDigest } from "./line-digest.ts";
import { bookOf, lostLineSchema, pollLineSchema, watchLineSchema } from "./lines.ts";
import { PollSums } from "./poll-sums.ts";
import type { Counts, Finding } from "./sealed-index.ts";

export interface GroupTally {
  lines: number;
  rawBytes: number;
  first: number;
  last: number;
  slots: number;
}

/** The group of every line that is no book; sorts before every token. */
export const headGroup = "";

// A line's kind and times stand before anything long in it.
const headChars = 512;

export class Tally {
  readonly digest = new LineDigest();
  /** By token; lines that are no books under `headGroup`. */
  readonly groups = new Map<string, GroupTally>();
  #hour: Hour;
  #sums = new PollSums();
  #counts = { polls: 0, books: 0, unchanged: 0, missing: 0, lost: 0, late: 0 };
  #first: string | undefined;
  #last: string | undefined;
  /** Of the poll whose books are being read. */
  #poll = { isScheduled: false, isLate: false };

  constructor(hour: Hour) {
    this.#hour = hour;
  }

  add(line: Buffer): void {
    this.digest.add(line);
    const book = bookOf(line);
    const group = this.#group(book?.token ?? headGroup, book?.poll ?? 0);
    group.lines += 1;
    group.rawBytes += line.length + 1;
    if (book === undefined) {
      this.#addOther(line);
      return;
    }
    group.last = book.poll;
    if (this.#poll.isScheduled) group.slots += 1;
    this.#counts.books += 1;
    if (this.#poll.isLate) this.#counts.late += 1;
    this.#sums.book(book.poll, book.token);
  }

  finish(): { counts: Counts; findings: Finding[] } {
    this.#sums.finishPoll();
    const { lines, rawBytes } = this.digest;
    const times = { first: this.#first ?? null, last: this.#last ?? null };
    return {
      counts: { lines, rawBytes, ...this.#counts, ...times },
      findings: this.#sums.findings,
    };
  }

  #group(key: string, poll: number): GroupTally {
    let group = this.groups.get(key);
    if (group === undefined) {
      group = { lines: 0, rawBytes: 0, first: poll, last: poll, slots: 0 };
      this.groups.set(key, group);
    }
    return group;
  }

  #addOther(line: Buffer): void {
    const head = line.toString("latin1", 0, headChars);
    const kind = /^\{"kind":"(\w+)"/.exec(head)?.[1];
    // A poll or walk belongs to its slot's hour, every other line to the hour that it speaks in.
    const time = timeIn(
      head,
      kind === "poll" || kind === "walk" ? ["scheduled", "started"] : ["at"],
    );
    this.#seen(timeIn(head, ["started", "at", "received", "sent"]));
    this.#seen(timeIn(head, ["ended"]));
    const at = Date.parse(time ?? "");
    const isLate = !Number.isNaN(at) && hourOf(at) < this.#hour;
    if (isLate) this.#counts.late += 1;
    this.#addKnown(kind, line, isLate);
  }

  #addKnown(kind: string | undefined, line: Buffer, isLate: boolean): void {
    if (kind === "poll") {
      const poll = this.#read(pollLineSchema, kind, line);
      if (poll === undefined) return;
      this.#poll = { isScheduled: poll.scheduled !== null, isLate };
      this.#counts.polls += 1;
      this.#counts.unchanged += poll.unchanged;
      this.#counts.missing += poll.missing.length;
      this.#sums.poll(poll);
    } else if (kind === "watch") {
      const watch = this.#read(watchLineSchema, kind, line);
      if (watch !== undefined) this.#sums.watch(watch);
    } else if (kind === "lost") {
      const lost = this.#read(lostLineSchema, kind, line);
      if (lost === undefined) return;
      this.#counts.lost += 1;
      this.#sums.lost(lost);
    }
  }

  // A line that says nothing is still kept, byte for byte: what cannot be read must not keep an hour unsealed.
  #read<S extends v.GenericSchema>(
    schema: S,
    kind: string,
    line: Buffer,
  ): v.InferOutput<S> | undefined {
    try {
      return v.parse(schema, JSON.parse(line.toString()));
    } catch {
      this.#sums.find("LINE_NOT_UNDERSTOOD", `line ${this.digest.lines} begins as a ${kind} line`);
      return undefined;
    }
  }

  #seen(time: string | undefined): void {
    if (time === undefined) return;
    if (this.#first === undefined || time < this.#first) this.#first = time;
    if (this.#last === undefined || time > this.#last) this.#last = time;
  }
}

/** The first of these fields that holds a time. */
function timeIn(head: string, names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = new RegExp(`"${name}":"(\\d{4}-\\d{2}-\\d{2}T[\\d:.]+Z)"`).exec(head)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}
