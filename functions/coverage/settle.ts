/** Divides what was kept of a token into recorded and unchanged, as the index counts it. */
import type { BooksEvidence } from "./evidence.ts";
import { state, stateOf, tally } from "./states.ts";
import type { Token } from "./tokens.ts";

export interface AccountedToken extends Token {
  /** One state a slot, in step with the hour's slots. */
  states: Uint8Array;
  recorded: number;
  unchanged: number;
}

/** Evidence that contradicts itself; `code` and `detail` as in the findings of a manifest. */
export interface Problem {
  code: string;
  detail: string;
}

export function settle(
  token: Token,
  states: Uint8Array,
  books: BooksEvidence | undefined,
): { token: AccountedToken; problems: Problem[] } {
  const problems: Problem[] = [];
  const written = books?.slots.get(token.token);
  const counts = tally(states);
  let kept = counts[state.kept] as number;
  if (kept > 0 && written === undefined) {
    // Equal to what? No book of this token is in the file.
    problems.push({
      code: "UNCHANGED_WITHOUT_BOOK",
      detail: `${kept} slots of token ${token.token}`,
    });
    for (const [at, found] of states.entries())
      if (found === state.kept) states[at] = stateOf("unknown");
    kept = 0;
  }
  if (kept > 0 && written !== undefined && written > kept) {
    const detail = `token ${token.token}: ${written} slots written, ${kept} possible`;
    problems.push({ code: "INDEX_DIFFERS", detail });
  }
  const counted = Math.min(written ?? 0, kept);
  const recorded = (counts[state.recorded] as number) + counted;
  const unchanged = (counts[state.unchanged] as number) + kept - counted;
  return { token: { ...token, states, recorded, unchanged }, problems };
}
