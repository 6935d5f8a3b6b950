/** The simulated world: a population of markets, each with a book for any moment. */
import { bookText, ladderOf, lastTrade, sidesAt, traded, type Ladder, type Sides } from "./book.ts";
import { levelChanges } from "./changes.ts";
import { changedAt, versionAt } from "./churn.ts";
import { eventRow, marketRow } from "./gamma-row.ts";
import { hasBook, type Market } from "./market.ts";
import { populate, type PopulationOptions } from "./population.ts";
import { mix } from "./random.ts";
import type { Book, Feed, Row, World } from "./world.ts";

interface Shelf {
  ladder: Ladder;
  version: number;
  sides: Sides;
  books: Book[];
}

export function simulatedWorld(options: PopulationOptions): World {
  const population = populate(options);
  // One book per market, kept until it changes: polling thousands of quiet books costs next to nothing.
  const shelves = new WeakMap<Market, Shelf>();

  const shelfOf = (market: Market, now: number): Shelf => {
    const version = versionAt(market, now);
    let shelf = shelves.get(market);
    if (shelf?.version === version) return shelf;
    const ladder = shelf?.ladder ?? ladderOf(market);
    const sides = sidesAt(market, ladder, version);
    shelf = { ladder, version, sides, books: booksOf(market, sides, version) };
    shelves.set(market, shelf);
    return shelf;
  };

  const tradable = (token: string, now: number): Market | undefined => {
    const market = population.byToken(token, now);
    return market !== undefined && hasBook(market) ? market : undefined;
  };

  const listed = (asOf: number, closed: boolean): readonly Market[] =>
    closed ? population.closed(asOf) : population.open(asOf);

  const rowOf = (market: Market, asOf: number): Row =>
    marketRow(market, asOf, () => (hasBook(market) ? shelfOf(market, asOf).sides : undefined));

  return {
    book(token, now) {
      const market = tradable(token, now);
      return market && shelfOf(market, now).books[market.tokens.indexOf(token)];
    },
    tokens: (now) =>
      population
        .open(now)
        .filter(hasBook)
        .flatMap((market) => market.tokens),
    markets: (asOf, closed) => listed(asOf, closed).map((market) => rowOf(market, asOf)),
    events(asOf, closed) {
      const byEvent = Map.groupBy(listed(asOf, closed), (market) => market.event.id);
      return [...byEvent.values()].map((legs) => eventRow(legs, asOf, (leg) => rowOf(leg, asOf)));
    },
    feed(token, now) {
      const market = tradable(token, now);
      return market && feedOf(market, shelfOf(market, now).ladder);
    },
  };
}

function booksOf(market: Market, sides: Sides, version: number): Book[] {
  const stamp = { version, changedAt: changedAt(market, version) };
  return market.tokens.map((token, side) => ({
    token,
    market: market.conditionId,
    text: bookText(market, side, sides, stamp),
  }));
}

function feedOf(market: Market, ladder: Ladder): Feed {
  return {
    market: market.conditionId,
    tokens: market.tokens,
    versionAt: (now) => versionAt(market, Math.min(now, market.closesAt - 1)),
    // No change comes after the close.
    changedAt(version) {
      const at = changedAt(market, version);
      return at < market.closesAt ? at : Infinity;
    },
    change(version) {
      const [before, after] = [
        sidesAt(market, ladder, version - 1),
        sidesAt(market, ladder, version),
      ];
      return levelChanges(booksOf(market, after, version), before, after);
    },
    trade(version) {
      if (!traded(market, version)) return undefined;
      const draw = mix(market.seed, 60, version);
      const size = String(1 + (draw % 5_000));
      return { price: lastTrade(market, version)!, size, side: draw % 2 === 0 ? "BUY" : "SELL" };
    },
  };
}
