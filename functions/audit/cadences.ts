/** What polling at each cadence would have seen of the changes that were heard, and what that would cost. */
import { dayMs, secondMs } from "../../runtime/time.ts";
import { batchMax } from "../polymarket/ask-books.ts";
import type { Stretch } from "./followed.ts";

export interface Cadence {
  everyMs: number;
  /** What `schedules.json` says for it. */
  cron: string;
  /** Share of the changes whose book a poll would get; `null` without changes. */
  seen: number | null;
  /** Lines written and requests sent in a day, for the whole watch list. */
  bytesPerDay: number;
  requestsPerDay: number;
}

export interface Heard {
  /** Of each token of the sample. */
  stretches: readonly (readonly Stretch[])[];
  /** Of a book as REST sends it. */
  bookBytes: number;
  /** Tokens on the watch list. */
  watched: number;
  now: number;
}

/** Those that a cron pattern can say evenly. */
const secondsOfCadences = [1, 2, 5, 10, 15, 30, 60];

export function cadencesFor(heard: Heard): Cadence[] {
  const lives = heard.stretches.flatMap((token) => token.flatMap((one) => livesIn(one, heard.now)));
  const heardMs = heard.stretches
    .flat()
    .reduce((sum, { from, to }) => sum + Math.min(to, heard.now) - from, 0);
  return secondsOfCadences.map((seconds) => {
    const everyMs = seconds * secondMs;
    // A book that is in force for a third of the interval is met by one poll in three.
    const expected = lives.reduce((sum, life) => sum + Math.min(1, life / everyMs), 0);
    const perTokenDay = heardMs === 0 ? 0 : (expected / heardMs) * dayMs;
    return {
      everyMs,
      cron: seconds === 60 ? "0 * * * * *" : `*/${seconds} * * * * *`,
      seen: lives.length === 0 ? null : expected / lives.length,
      bytesPerDay: Math.round(perTokenDay * heard.watched * heard.bookBytes),
      requestsPerDay: Math.round((dayMs / everyMs) * Math.ceil(heard.watched / batchMax)),
    };
  });
}

/** How long each changed book was in force; the dump was no change, and the last one's end is not known. */
function livesIn({ states, to }: Stretch, now: number): number[] {
  return states.slice(1).map(({ at }, position) => {
    const until = states[position + 2]?.at ?? Math.min(to, now);
    return Math.max(0, until - at);
  });
}
