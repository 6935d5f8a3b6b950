/**
 * The market channel. A client that applies every frame must hold what REST answers, at any moment: that
 * is what makes an audit of polling against the stream possible.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test, type TestContext } from "node:test";
import { WebSocket } from "ws";
import { aVenue, handClock, NOON, type BookFields } from "./support.ts";
import type { Venue } from "./venue.ts";

interface Change {
  asset_id: string;
  price: string;
  size: string;
  side: "BUY" | "SELL";
  hash: string;
  best_bid: string;
  best_ask: string;
}

interface Frame {
  event_type: string;
  market: string;
  timestamp: string;
  price_changes: Change[];
}

interface Client {
  frames: string[];
  send(text: string): void;
  /** Everything that the venue sent before this is here when it settles. */
  settled(): Promise<void>;
  closed: Promise<unknown>;
}

async function connect(t: TestContext, venue: Venue): Promise<Client> {
  const socket = new WebSocket(venue.streamUrl);
  t.after(() => socket.terminate());
  socket.on("error", () => {});
  await once(socket, "open");
  const frames: string[] = [];
  let pong: (() => void) | undefined;
  socket.on("message", (data) => {
    const text = (data as Buffer).toString();
    if (text === "PONG") pong?.();
    else frames.push(text);
  });
  return {
    frames,
    send: (text) => socket.send(text),
    closed: once(socket, "close"),
    settled: () =>
      new Promise((resolve) => {
        pong = resolve;
        socket.send("PING");
      }),
  };
}

function subscribe(client: Client, tokens: string[]): Promise<void> {
  client.send(JSON.stringify({ assets_ids: tokens, type: "market" }));
  return client.settled();
}

type Sides = Record<"BUY" | "SELL", Map<string, string>>;

function sidesOf(book: Pick<BookFields, "bids" | "asks">): Sides {
  return { BUY: levelsOf(book.bids), SELL: levelsOf(book.asks) };
}

function levelsOf(levels: BookFields["bids"]): Map<string, string> {
  return new Map(levels.map(({ price, size }) => [price, size]));
}

function apply(held: Map<string, Sides>, { asset_id, price, size, side }: Change): void {
  const levels = held.get(asset_id)![side];
  if (size === "0") levels.delete(price);
  else levels.set(price, size);
}

function asSorted({ BUY, SELL }: Sides): string[][] {
  return [BUY, SELL].map((side) => [...side].map(String).sort(byText));
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

suite("the stream", () => {
  test("dumps the books, then tells every change: a client ends with what REST answers", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, churn: 0.8, markets: 20 });
    const tokens = venue.truth.tokens();
    const client = await connect(t, venue);
    await subscribe(client, tokens);
    const dump = JSON.parse(client.frames.shift()!) as BookFields[];
    const held = new Map(dump.map((book) => [book.asset_id, sidesOf(book)]));
    assert.deepEqual([...held.keys()], tokens);

    clock.advance(600_000);
    await client.settled();

    const changes = client.frames
      .map((frame) => JSON.parse(frame) as Frame)
      .filter((frame) => frame.event_type === "price_change");
    for (const frame of changes) for (const change of frame.price_changes) apply(held, change);
    const last = new Map(
      changes.flatMap((frame) => frame.price_changes).map((change) => [change.asset_id, change]),
    );
    for (const token of tokens) {
      const book = JSON.parse(venue.truth.book(token)!) as BookFields;
      assert.deepEqual(asSorted(held.get(token)!), asSorted(sidesOf(book)));
      assert.equal(last.get(token)?.hash ?? book.hash, book.hash);
      assert.equal(
        last.get(token)?.best_bid ?? book.bids.at(-1)?.price,
        book.bids.at(-1)?.price ?? "0",
      );
    }
    assert.ok(changes.every((frame) => frame.price_changes.length > 0));
  });

  test("sends exactly the changes that the truth counts, at their times", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, markets: 20 });
    const client = await connect(t, venue);
    await subscribe(client, venue.truth.tokens());
    clock.advance(600_000);
    await client.settled();

    for (const token of venue.truth.tokens()) {
      assert.deepEqual(
        venue.served.changes(token),
        venue.truth.changes(token, NOON, NOON + 600_000),
      );
    }
    const stamps = client.frames
      .slice(1)
      .map((frame) => Number((JSON.parse(frame) as Frame).timestamp));
    assert.deepEqual(
      stamps,
      stamps.toSorted((a, b) => a - b),
    );
  });

  test("sends flat frames, one a level, when asked for the old schema", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, churn: 1, markets: 3, streamSchema: "flat" });
    const client = await connect(t, venue);
    await subscribe(client, venue.truth.tokens());
    clock.advance(5_000);
    await client.settled();
    const change = client.frames.slice(1).map((frame) => JSON.parse(frame))[0];
    assert.equal(change.event_type, "price_change");
    assert.equal(typeof change.price, "string");
  });

  test("takes more tokens, and fewer, on the way; a dump can be declined", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, churn: 1, markets: 3 });
    const [first, , third] = venue.truth.tokens() as [string, string, string];
    const client = await connect(t, venue);
    client.send(JSON.stringify({ assets_ids: [first], type: "market", initial_dump: false }));
    client.send(JSON.stringify({ assets_ids: [third], operation: "subscribe" }));
    client.send(JSON.stringify({ assets_ids: [first], operation: "unsubscribe" }));
    client.send("nonsense");
    await client.settled();
    clock.advance(3_000);
    await client.settled();

    const [dump, invalid, ...rest] = client.frames as [string, string, ...string[]];
    assert.equal((JSON.parse(dump) as BookFields[])[0]!.asset_id, third);
    assert.equal(invalid, "INVALID OPERATION");
    assert.equal(venue.served.changes(first).length, 0);
    assert.ok(rest.length > 0);
  });

  test("freezes on request: PONG goes on, data does not", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, churn: 1, markets: 3 });
    const client = await connect(t, venue);
    await subscribe(client, venue.truth.tokens());
    venue.faults.inject({ kind: "stream-freeze", count: 1 });
    clock.advance(60_000);
    await client.settled();
    assert.equal(client.frames.length, 1);
  });

  test("drops one frame, or spoils it, and the truth knows which", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, churn: 1, markets: 1 });
    const [token] = venue.truth.tokens() as [string];
    const client = await connect(t, venue);
    await subscribe(client, [token]);
    venue.faults.inject({ kind: "stream-drop", count: 1 });
    venue.faults.inject({ kind: "stream-garbage", count: 1 });
    clock.advance(10_000);
    await client.settled();

    const truth = venue.truth.changes(token, NOON, clock.now());
    assert.deepEqual(venue.served.changes(token), truth.slice(2));
    assert.match(client.frames[1]!, /garbage/);
  });

  test("resets the connection on request, and stops its timers", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, churn: 1, markets: 3 });
    const client = await connect(t, venue);
    await subscribe(client, venue.truth.tokens());
    venue.faults.inject({ kind: "stream-reset", count: 1 });
    clock.advance(5_000);
    await client.closed;
    assert.equal(clock.pending, 0);
  });
});
