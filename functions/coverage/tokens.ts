/** The tokens of an hour, numbered in the order in which watch lines name them. */
import type { WatchLine } from "../archive/lines.ts";

export interface Token {
  /** Its number in the table. */
  row: number;
  token: string;
  market: string;
  outcome: string;
  slug: string;
  /** Since when it is on the watch list, epoch ms: the earliest that was ever said. */
  since: number;
  /** When the venue was seen to have closed its market; `Infinity` if it was not. */
  closed: number;
}

export class TokenTable {
  readonly tokens: Token[] = [];
  #rows = new Map<string, number>();
  #lists = new Map<string, Uint32Array>();

  add(line: WatchLine): void {
    const rows = line.tokens.map(({ token, market, outcome, slug, since, closed }) => {
      const row = this.rowOf(token);
      const known = this.tokens[row];
      const sinceMs = Date.parse(since);
      const closedMs = closed === undefined ? Infinity : Date.parse(closed);
      this.tokens[row] = {
        row,
        token,
        market,
        outcome,
        slug,
        since: Math.min(known?.since ?? Infinity, Number.isNaN(sinceMs) ? -Infinity : sinceMs),
        closed: Math.min(known?.closed ?? Infinity, Number.isNaN(closedMs) ? Infinity : closedMs),
      };
      return row;
    });
    this.#lists.set(line.id, Uint32Array.from(rows));
  }

  /** The token's number; a token that no watch line named yet gets the next one. */
  rowOf(token: string): number {
    let row = this.#rows.get(token);
    if (row === undefined) {
      row = this.tokens.length;
      this.#rows.set(token, row);
      this.tokens.push({
        row,
        token,
        market: "",
        outcome: "",
        slug: "",
        since: Infinity,
        closed: Infinity,
      });
    }
    return row;
  }

  /** The numbers on a watch list; `undefined` if no line says what it holds. */
  list(id: string): Uint32Array | undefined {
    return this.#lists.get(id);
  }
}
