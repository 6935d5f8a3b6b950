/** What a reader needs of one poll: whom it asked for, who was missing, and the books that it wrote. */
import {
  type Cause,
  type HeadLine,
  type LostLine,
  type PollLine,
  type WatchLine,
} from "../archive/lines.ts";
import type { Hour } from "../../runtime/time.ts";

/** Of the tokens that are wanted; the others are passed over. */
export interface PollFrame {
  /** The hour of the file that it lies in, which is a later one for a late poll. */
  hour: Hour;
  poll: number;
  /** Its slot, or its start for a poll by hand. */
  at: string;
  ended: string;
  watched: ReadonlySet<string>;
  missing: ReadonlyMap<string, Cause>;
  /** Token → book line. */
  books: ReadonlyMap<string, Buffer>;
}

export interface HourFrames {
  /** Known from the beginning, since a hole is told of behind the polls that follow it. */
  lost: readonly Pick<LostLine, "before">[];
  /** In the order of their polls. */
  frames: AsyncIterable<PollFrame>;
}

/** One token, or all of a market's. */
export interface Wanted {
  token: string | undefined;
  /** Slug or condition id. */
  market: string | undefined;
}

/** What an hour says of its holes. */
export class LostLines {
  readonly lines: Pick<LostLine, "before">[] = [];
  #isUnknown = false;

  /** Each line that is no book, in the order of writing; `undefined` for one that says nothing. */
  see(value: HeadLine | undefined): void {
    // It may have been a poll's, which wrote books or had none: nothing is carried past it.
    if (value === undefined) this.#isUnknown = true;
    if (value?.kind === "lost") this.lines.push(value);
    if (value?.kind !== "poll" || !this.#isUnknown) return;
    this.lines.push({ before: value.poll });
    this.#isUnknown = false;
  }
}

export type PollHead = Omit<PollFrame, "books"> & { books: number };

/** Watch lists as far as they concern whoever is wanted. */
export class WatchLists {
  /** Every wanted token that a list named. */
  readonly tokens = new Set<string>();
  #lists = new Map<string, ReadonlySet<string>>();
  #wanted: Wanted;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  add(line: WatchLine): void {
    const { token, market } = this.#wanted;
    const own = line.tokens.filter(
      (each) =>
        each.token === token ||
        (market !== undefined && (each.slug === market || each.market === market)),
    );
    this.#lists.set(line.id, new Set(own.map((each) => each.token)));
    for (const each of own) this.tokens.add(each.token);
  }

  /** Without its list a poll says nothing of who was watched, so nothing is carried into it. */
  headOf(hour: Hour, line: PollLine): PollHead {
    const watched = this.#lists.get(line.watch) ?? new Set<string>();
    const missing = line.missing.filter(({ token }) => watched.has(token));
    return {
      hour,
      poll: line.poll,
      at: line.scheduled ?? line.started,
      ended: line.ended,
      watched,
      missing: new Map(missing.map(({ token, reason }) => [token, reason])),
      books: line.books,
    };
  }
}
