/**
 * Checks what each poll claims against what it wrote: books + unchanged + missing = watched, and every unchanged
 * token has an earlier book in the hour. Fed with the lines of open parts in the order of writing, where a poll's
 * books follow its line.
 */
import type { LostLine, PollLine, WatchLine } from "./lines.ts";
import type { Finding } from "./sealed-index.ts";

const findingsMax = 100;

export class PollSums {
  readonly findings: Finding[] = [];
  #watched = new Map<string, readonly string[]>();
  /** Tokens with a book that no hole lies behind. */
  #recorded = new Set<string>();
  #poll: PollLine | undefined;
  #written = new Set<string>();

  watch(line: WatchLine): void {
    this.finishPoll();
    this.#watched.set(
      line.id,
      line.tokens.map(({ token }) => token),
    );
  }

  poll(line: PollLine): void {
    this.finishPoll();
    this.#poll = line;
  }

  book(poll: number, token: string): void {
    if (poll !== this.#poll?.poll)
      this.find("BOOK_WITHOUT_POLL", `poll ${poll} has a book of ${token} but no line`);
    else if (this.#written.has(token))
      this.find("BOOK_TWICE", `poll ${poll} has two books of ${token}`);
    this.#written.add(token);
  }

  lost(_line: LostLine): void {
    this.finishPoll();
    this.#recorded.clear();
  }

  /** Called after the last line too. */
  finishPoll(): void {
    if (this.#poll !== undefined) this.#check(this.#poll);
    this.#poll = undefined;
    for (const token of this.#written) this.#recorded.add(token);
    this.#written = new Set();
  }

  #check(poll: PollLine): void {
    const tokens = this.#watched.get(poll.watch);
    if (tokens === undefined) {
      this.find(
        "WATCH_MISSING",
        `poll ${poll.poll} names watch list ${poll.watch}, which this hour does not hold`,
      );
      return;
    }
    const missing = new Set(poll.missing.map(({ token }) => token));
    if (this.#written.size !== poll.books) {
      this.find(
        "BOOKS_DIFFER",
        `poll ${poll.poll} says ${poll.books} books and holds ${this.#written.size}`,
      );
    }
    const claimed = poll.books + poll.unchanged + missing.size;
    if (claimed !== tokens.length) {
      this.find(
        "SUMS_OPEN",
        `poll ${poll.poll} accounts for ${claimed} of ${tokens.length} watched tokens`,
      );
    }
    const baseless = tokens.filter(
      (token) => !missing.has(token) && !this.#written.has(token) && !this.#recorded.has(token),
    );
    // Behind a hole this is expected: those tokens count as damaged until their next book.
    if (baseless.length > 0) {
      const [first] = baseless;
      this.find(
        "UNCHANGED_WITHOUT_BOOK",
        `poll ${poll.poll}: ${baseless.length} tokens, first ${first}`,
      );
    }
  }

  find(code: string, detail: string): void {
    if (this.findings.length < findingsMax) this.findings.push({ code, detail });
  }
}
