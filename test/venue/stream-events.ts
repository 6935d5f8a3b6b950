/** The market channel's events, in its words. */
import { digits } from "./random.ts";
import type { Book, Feed, TokenChange } from "./world.ts";

/** A book, as REST has it but without the fields that the channel leaves out. */
export function bookEvent(book: Book): string {
  const {
    min_order_size: _,
    neg_risk: __,
    tick_size,
    last_trade_price,
    ...rest
  } = JSON.parse(book.text) as Record<string, unknown>;
  return JSON.stringify({ ...rest, tick_size, event_type: "book", last_trade_price });
}

/**
 * One change of a market: a single frame with both tokens, or in the old schema a flat frame for each
 * level.
 */
export function changeEvents(
  feed: Feed,
  changes: TokenChange[],
  at: number,
  schema: "new" | "flat",
): string[] {
  const timestamp = String(at);
  const levels = changes.flatMap((change) =>
    change.levels.map(({ price, size, side }) => ({
      asset_id: change.token,
      price,
      size,
      side,
      hash: change.hash,
      best_bid: change.bestBid,
      best_ask: change.bestAsk,
    })),
  );
  if (schema === "new") {
    const event = {
      market: feed.market,
      price_changes: levels,
      timestamp,
      event_type: "price_change",
    };
    return [JSON.stringify(event)];
  }
  return levels.map(({ asset_id, price, size, side, hash }) =>
    JSON.stringify({
      asset_id,
      event_type: "price_change",
      hash,
      market: feed.market,
      price,
      side,
      size,
      timestamp,
    }),
  );
}

export function tradeEvent(
  feed: Feed,
  trade: NonNullable<ReturnType<Feed["trade"]>>,
  at: number,
): string {
  return JSON.stringify({
    market: feed.market,
    asset_id: feed.tokens[0],
    ...trade,
    fee_rate_bps: "0",
    event_type: "last_trade_price",
    timestamp: String(at),
    transaction_hash: `0x${digits(at, feed.market)}`,
  });
}
