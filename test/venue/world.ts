/**
 * What stands behind the venue's answers: a simulated population, or payload files served as they are.
 */

export interface World {
  /** The book of a token at that time; undefined: unknown, closed, or without an order book. */
  book(token: string, now: number): Book | undefined;
  /** Tokens that have a book at that time. */
  tokens(now: number): string[];
  /** Gamma's rows, as of that time. */
  markets(asOf: number, closed: boolean): Row[];
  events(asOf: number, closed: boolean): Row[];
  /** How the token's book moves, for the stream; undefined: it never does. */
  feed(token: string, now: number): Feed | undefined;
}

export interface Book {
  token: string;
  market: string;
  text: string;
}

export interface Row {
  id: string;
  slug: string;
  conditionId: string;
  tokens: string[];
  closed: boolean;
  /** What can be filtered and ordered by, under the names that the query uses. */
  sort: {
    id: number;
    volumeNum: number;
    volume24hr: number;
    liquidityNum: number;
    endDate: number;
  };
  /** Made when asked for: a filtered listing never pays for the rows it leaves out. */
  text(): string;
}

/** One market's changes, countable at any time. Versions count from 0, the book it opened with. */
export interface Feed {
  market: string;
  tokens: string[];
  versionAt(now: number): number;
  /** When that version came to be. */
  changedAt(version: number): number;
  /** What that version changed, per token. */
  change(version: number): TokenChange[];
  /** The trade that came with that version. */
  trade(version: number): { price: string; size: string; side: "BUY" | "SELL" } | undefined;
}

export interface TokenChange {
  token: string;
  hash: string;
  bestBid: string;
  bestAsk: string;
  /** The new total of each level; "0" removes it. */
  levels: { price: string; size: string; side: "BUY" | "SELL" }[];
}
