/** Which of the polls of a file wrote a token, and which left it out because it was unchanged. */
import type { BooksEvidence } from "./evidence.ts";
import { state, stateOf } from "./states.ts";
import type { Token } from "./tokens.ts";

/** The state of a token that the poll of this number watched and did not call missing. */
export type WrittenJudge = (poll: number, token: Token) => number;

export function judgeWritten({ lost, written }: BooksEvidence, isExact: boolean): WrittenJudge {
  if (!isExact) return () => state.kept;
  if (written === undefined)
    throw new Error("the polls of this file cannot be judged without its books");
  return (poll, { token }) => {
    const last = lastUpTo(written.get(token) ?? [], poll);
    if (last === poll) return state.recorded;
    const hole = Math.max(
      0,
      ...lost.map(({ before }) => before).filter((before) => before <= poll),
    );
    // Unchanged since a book that lies behind a hole, or in it: what it was equal to is not known.
    if (hole > 0 && (last ?? 0) < hole) return stateOf("damaged");
    return last === undefined ? stateOf("unknown") : state.unchanged;
  };
}

function lastUpTo(numbers: readonly number[], poll: number): number | undefined {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) <= poll) low = middle + 1;
    else high = middle;
  }
  return numbers[low - 1];
}
