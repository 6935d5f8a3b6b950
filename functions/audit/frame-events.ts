/**
 * What a frame of the market channel says (docs.polymarket.com/developers/CLOB/websocket/market-channel). One frame
 * is an event or an array of them; changes come in today's schema (`price_changes`) and in the two before it.
 */
import type { Side } from "./levels.ts";

export type StreamEvent =
  | { kind: "book"; token: string; timestamp: number; bids: unknown; asks: unknown }
  | { kind: "change"; token: string; timestamp: number; side: Side; price: unknown; size: unknown };

export interface Frame {
  events: StreamEvent[];
  /** Events of kinds that say nothing of levels, and those that are not understood. */
  others: number;
  broken: number;
}

/** `undefined` if the text is no JSON at all. */
export function eventsIn(text: string): Frame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const frame: Frame = { events: [], others: 0, broken: 0 };
  for (const event of Array.isArray(value) ? (value as unknown[]) : [value]) addEvent(frame, event);
  return frame;
}

type Fields = Record<string, unknown>;

function addEvent(frame: Frame, event: unknown): void {
  if (typeof event !== "object" || event === null) {
    frame.broken += 1;
    return;
  }
  const fields = event as Fields;
  if (fields["event_type"] === "book") addBook(frame, fields);
  else if (fields["event_type"] === "price_change") addChanges(frame, fields);
  else frame.others += 1;
}

function addBook(frame: Frame, { asset_id, timestamp, bids, asks }: Fields): void {
  const isSound = typeof asset_id === "string" && Array.isArray(bids) && Array.isArray(asks);
  if (isSound)
    frame.events.push({ kind: "book", token: asset_id, timestamp: Number(timestamp), bids, asks });
  else frame.broken += 1;
}

function addChanges(frame: Frame, fields: Fields): void {
  const { price_changes: today, changes: before, timestamp } = fields;
  // Until September 2025 the token stood beside the changes, and before that each change was an event.
  const list = [today, before].find((some) => Array.isArray(some)) ?? [fields];
  for (const change of list as Fields[]) {
    const { asset_id: token = fields["asset_id"], side, price, size } = change;
    const isSide = side === "BUY" || side === "SELL";
    if (typeof token === "string" && isSide && isAmount(price) && isAmount(size))
      frame.events.push({ kind: "change", token, timestamp: Number(timestamp), side, price, size });
    else frame.broken += 1;
  }
}

function isAmount(value: unknown): boolean {
  return value !== "" && Number.isFinite(Number(value));
}
