/** The levels in which two versions of a book differ, as the stream tells them. */
import type { Level, Sides } from "./book.ts";
import type { Book, TokenChange } from "./world.ts";

/** Per token of the market; `books` are those after the change. */
export function levelChanges(books: Book[], before: Sides, after: Sides): TokenChange[] {
  const bids = changed(before.bids, after.bids);
  const asks = changed(before.asks, after.asks);
  return books.map((book, side) => {
    const first = side === 0;
    const price = ({ rung }: Level): string => (first ? rung.price : rung.mirror);
    const [ownBids, ownAsks] = first ? [after.bids, after.asks] : [after.asks, after.bids];
    return {
      token: book.token,
      hash: (JSON.parse(book.text) as { hash: string }).hash,
      bestBid: bestOf(ownBids, price, "0"),
      bestAsk: bestOf(ownAsks, price, "1"),
      levels: [
        ...bids.map(
          (level) =>
            ({ price: price(level), size: level.size, side: first ? "BUY" : "SELL" }) as const,
        ),
        ...asks.map(
          (level) =>
            ({ price: price(level), size: level.size, side: first ? "SELL" : "BUY" }) as const,
        ),
      ],
    };
  });
}

function changed(before: Level[], after: Level[]): Level[] {
  const old = new Map(before.map((level) => [level.rung, level.size]));
  const differing: Level[] = [];
  for (const level of after) {
    if (old.get(level.rung) !== level.size) differing.push(level);
    old.delete(level.rung);
  }
  return [...differing, ...[...old.keys()].map((rung) => ({ rung, size: "0" }))];
}

function bestOf(levels: Level[], price: (level: Level) => string, none: string): string {
  const best = levels.at(-1);
  return best === undefined ? none : price(best);
}
