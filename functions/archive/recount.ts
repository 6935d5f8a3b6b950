/** Counts a sealed hour anew from its lines, to hold against what sealing noted in the index. */
import type { Hour } from "../../runtime/time.ts";
import { hourOf } from "../../runtime/time.ts";
import { bookOf, type PollLine } from "./lines.ts";
import type { Counts, SealedIndex, TokenRange } from "./sealed-index.ts";
import { Tally } from "./tally.ts";

type TokenCounts = Pick<TokenRange, "first" | "last" | "slots">;

const pollStart = Buffer.from('{"kind":"poll",');

/** Fed with the lines as sealed: everything that is no book first. */
export class Recount {
  #hour: Hour;
  #head: Tally;
  #polls = new Map<number, { isScheduled: boolean; isLate: boolean }>();
  #books = 0;
  #lateBooks = 0;
  #tokens = new Map<string, TokenCounts>();

  constructor(hour: Hour) {
    this.#hour = hour;
    this.#head = new Tally(hour);
  }

  add(line: Buffer): void {
    const book = bookOf(line);
    if (book === undefined) {
      this.#head.add(line);
      if (line.subarray(0, pollStart.length).equals(pollStart)) this.#addPoll(line);
      return;
    }
    const poll = this.#polls.get(book.poll);
    const token = this.#tokens.get(book.token) ?? { first: book.poll, last: book.poll, slots: 0 };
    this.#tokens.set(book.token, token);
    token.last = book.poll;
    if (poll?.isScheduled === true) token.slots += 1;
    if (poll?.isLate === true) this.#lateBooks += 1;
    this.#books += 1;
  }

  /** What the index counts otherwise, in words; empty if it is right. */
  differences({ data, tokens }: SealedIndex): string[] {
    const { counts } = this.#head.finish();
    const found: Omit<Counts, "lines" | "rawBytes"> = {
      polls: counts.polls,
      books: this.#books,
      unchanged: counts.unchanged,
      missing: counts.missing,
      lost: counts.lost,
      late: counts.late + this.#lateBooks,
      first: counts.first,
      last: counts.last,
    };
    const differing = Object.entries(found)
      .filter(([name, value]) => data[name as keyof typeof found] !== value)
      .map(([name, value]) => `${name}: ${data[name as keyof typeof found]} noted, ${value} found`);
    for (const [token, { first, last, slots }] of this.#tokens) {
      const noted = tokens[token];
      if (noted?.first === first && noted.last === last && noted.slots === slots) continue;
      differing.push(`token ${token}: its polls or slots are noted otherwise`);
    }
    return differing;
  }

  #addPoll(line: Buffer): void {
    const { poll, scheduled, started } = JSON.parse(line.toString()) as PollLine;
    const isLate = hourOf(Date.parse(scheduled ?? started)) < this.#hour;
    this.#polls.set(poll, { isScheduled: scheduled !== null, isLate });
  }
}
