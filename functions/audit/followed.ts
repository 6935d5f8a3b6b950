/**
 * The books of the sample as the stream builds them. A stretch is a time in which no frame can have been lost: it
 * begins with a dump of every book, and ends when the connection does, or what came cannot be trusted any more.
 */
import type { StreamEvent } from "./frame-events.ts";
import { type Digest, digestOf, type Levels, levelsOf, setLevel } from "./levels.ts";

/** A book from one change to the next. */
export interface State extends Digest {
  /** The venue's time of the change, epoch ms. */
  timestamp: number;
  /** When it was heard here, epoch ms. */
  at: number;
}

export interface Stretch {
  from: number;
  /** `Infinity` while it goes on. */
  to: number;
  /** The first is the dump, which is no change. */
  states: State[];
}

export class FollowedToken {
  readonly stretches: Stretch[] = [];
  #levels: Levels | undefined;

  /** Events of one token that came in one frame. */
  hear(events: readonly StreamEvent[], at: number): void {
    for (const event of events) this.#apply(event);
    const timestamp = events.at(-1)?.timestamp;
    if (this.#levels === undefined || timestamp === undefined) return;
    const state = { ...digestOf(this.#levels), timestamp, at };
    const stretch = this.#stretch(at);
    const last = stretch.states.at(-1);
    // The same book again is no change, and several frames of one moment are one.
    if (last?.levels === state.levels) return;
    if (last?.timestamp === timestamp)
      stretch.states[stretch.states.length - 1] = { ...state, at: last.at };
    else stretch.states.push(state);
  }

  /** What was heard until `at` is the last that can be relied on; the next dump begins anew. */
  lose(at: number): void {
    const open = this.stretches.at(-1);
    if (open !== undefined && open.to === Infinity) open.to = at;
    this.#levels = undefined;
  }

  #apply(event: StreamEvent): void {
    if (event.kind === "book") this.#levels = levelsOf(event);
    // A change of a book that nobody told says nothing.
    else if (this.#levels !== undefined)
      setLevel(this.#levels, event.side, event.price, event.size);
  }

  #stretch(at: number): Stretch {
    const open = this.stretches.at(-1);
    if (open !== undefined && open.to === Infinity) return open;
    const stretch = { from: at, to: Infinity, states: [] };
    this.stretches.push(stretch);
    return stretch;
  }
}
