/** What the venue would say at any moment, asked without a request. */
import type { Clock } from "../../runtime/doors/clock.ts";
import type { World } from "./world.ts";

export interface Truth {
  /** Tokens that have a book; by default now. */
  tokens(at?: number): string[];
  /** The text of a token's book. */
  book(token: string, at?: number): string | undefined;
  /** When a token's book changed, after `from` and not after `until`. */
  changes(token: string, from: number, until: number): number[];
  /** Gamma's rows of open markets, uncached. */
  markets(at?: number): { id: string; conditionId: string; slug: string; tokens: string[] }[];
}

export function truthOf(world: World, clock: Clock): Truth {
  return {
    tokens: (at = clock.now()) => world.tokens(at),
    book: (token, at = clock.now()) => world.book(token, at)?.text,
    changes(token, from, until) {
      // It may have opened after `from`, or closed before `until`.
      const feed = world.feed(token, until) ?? world.feed(token, from);
      if (feed === undefined) return [];
      const [first, last] = [Math.max(0, feed.versionAt(from)) + 1, feed.versionAt(until)];
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, nth) =>
        feed.changedAt(first + nth),
      );
    },
    markets: (at = clock.now()) => world.markets(at, false),
  };
}
