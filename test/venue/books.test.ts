/**
 * The CLOB's books: each test is something that a collector may rely on with the real venue, or must not.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import { ask, askBooks, aVenue, booksIn, handClock, NOON } from "./support.ts";

function priceOf({ price }: { price: string }): number {
  return Number(price);
}

function rising(prices: number[]): number[] {
  return prices.toSorted((a, b) => a - b);
}

suite("POST /books", () => {
  test("answers each known token once, in an order that means nothing", async (t) => {
    const venue = await aVenue(t);
    const tokens = venue.truth.tokens();

    const books = booksIn(await askBooks(venue, [...tokens, tokens[0]!]));

    const answered = books.map((book) => book.asset_id);
    assert.deepEqual(answered.toSorted(), tokens.toSorted());
    assert.notDeepEqual(answered, tokens);
  });

  test("leaves tokens without a book out, without a word", async (t) => {
    const venue = await aVenue(t);
    const [token] = venue.truth.tokens() as [string];

    const books = booksIn(await askBooks(venue, ["12345", token]));

    assert.deepEqual(
      books.map((book) => book.asset_id),
      [token],
    );
  });

  test("refuses more than 500 tokens, and what is no list of tokens", async (t) => {
    const venue = await aVenue(t);
    const tooMany = await askBooks(
      venue,
      Array.from({ length: 501 }, (_, n) => String(n)),
    );
    assert.equal(tooMany.status, 400);
    assert.equal(tooMany.text, '{"error":"Payload exceeds the limit"}');

    for (const body of ["", "{}", '["1"]', '[{"token":"1"}]', "[null]"]) {
      const reply = await ask(`${venue.clobUrl}/books`, { method: "POST", body });
      assert.equal(reply.status, 400, body);
      assert.equal(reply.text, '{"error":"Invalid payload"}');
    }
  });

  test("writes books compactly, in the venue's key order, with strings for all but neg_risk", async (t) => {
    const venue = await aVenue(t);
    const reply = await askBooks(venue, venue.truth.tokens());

    assert.equal(reply.text, JSON.stringify(JSON.parse(reply.text)));
    for (const book of booksIn(reply)) {
      assert.match(
        Object.keys(book).join(),
        /^market,asset_id,timestamp,hash,bids,asks,min_order_size,tick_size,neg_risk(,last_trade_price)?$/,
      );
      const { bids: _, asks: __, neg_risk, ...strings } = book;
      assert.equal(typeof neg_risk, "boolean");
      assert.ok(Object.values(strings).every((value) => typeof value === "string"));
    }
  });

  test("puts the best price last on both sides", async (t) => {
    const venue = await aVenue(t);
    for (const { bids, asks } of booksIn(await askBooks(venue, venue.truth.tokens()))) {
      const [low, high] = [bids.map(priceOf), asks.map(priceOf)];
      assert.deepEqual(low, rising(low));
      assert.deepEqual(high.toReversed(), rising(high));
      assert.ok((low.at(-1) ?? 0) < (high.at(-1) ?? 1));
      assert.ok(
        [...bids, ...asks].every(({ size }) => /^\d+(\.\d\d?)?$/.test(size) && Number(size) > 0),
      );
    }
  });

  test("hashes the book's own text", async (t) => {
    const venue = await aVenue(t, { quirks: true });
    for (const book of booksIn(await askBooks(venue, venue.truth.tokens()))) {
      const bare = JSON.stringify({ ...book, hash: "" });
      assert.equal(book.hash, createHash("sha1").update(bare).digest("hex"));
    }
  });

  test("mirrors Yes in No, with one timestamp and two hashes", async (t) => {
    const venue = await aVenue(t);
    for (const { tokens } of venue.truth.markets()) {
      const [yes, no] = tokens.map((token) => JSON.parse(venue.truth.book(token)!));
      assert.equal(no.timestamp, yes.timestamp);
      assert.notEqual(no.hash, yes.hash);
      assert.equal(no.last_trade_price, yes.last_trade_price);
      const mirrored = yes.bids.map(({ price, size }: { price: string; size: string }) => ({
        price: String(Math.round((1 - Number(price)) * 1e4) / 1e4),
        size,
      }));
      assert.deepEqual(no.asks, mirrored);
    }
  });
});

suite("a book", () => {
  test("carries the time of its last change, not of the answer", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, churn: 0.5 });
    clock.advance(3_600_000);

    for (const token of venue.truth.tokens()) {
      const stamp = Number(JSON.parse(venue.truth.book(token)!).timestamp);
      const changes = venue.truth.changes(token, NOON, clock.now());
      if (changes.length > 0) assert.equal(stamp, changes.at(-1));
      else assert.ok(stamp <= NOON);
    }
  });

  test("stays the same, byte for byte, until it changes", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock });
    const before = venue.truth.tokens().map((token) => [token, venue.truth.book(token)!] as const);
    clock.advance(60_000);

    for (const [token, text] of before) {
      const changed = venue.truth.changes(token, NOON, clock.now()).length > 0;
      assert.equal(venue.truth.book(token) !== text, changed);
    }
  });

  test("is the same for the same seed and time, whatever was asked before", async (t) => {
    const [walked, jumped] = [handClock(), handClock()];
    const one = await aVenue(t, { clock: walked });
    const other = await aVenue(t, { clock: jumped });
    const [token] = one.truth.tokens() as [string];
    for (let minute = 0; minute < 600; minute += 1) {
      walked.advance(60_000);
      one.truth.book(token);
    }
    jumped.advance(600 * 60_000);

    assert.deepEqual(
      one.truth.tokens().map((each) => one.truth.book(each)),
      other.truth.tokens().map((each) => other.truth.book(each)),
    );
  });

  test("differs from the one before in a few levels only", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, churn: 1 });
    const [token] = venue.truth.tokens() as [string];
    const levels = (): string[] => {
      const { bids, asks } = JSON.parse(venue.truth.book(token)!);
      return [...bids, ...asks].map((level) => JSON.stringify(level));
    };
    for (let second = 0; second < 50; second += 1) {
      const before = new Set(levels());
      clock.advance(1_000);
      const fresh = levels().filter((level) => !before.has(level));
      assert.ok(fresh.length < 25, `${fresh.length} levels changed at once`);
    }
  });
});

suite("churn", () => {
  for (const share of [0, 0.1, 0.5, 1]) {
    test(`of ${share} changes that share of the books within a minute`, async (t) => {
      const venue = await aVenue(t, { churn: share, markets: 400 });
      const tokens = venue.truth.tokens();
      const changed = tokens.filter(
        (token) => venue.truth.changes(token, NOON, NOON + 60_000).length > 0,
      );
      assert.ok(Math.abs(changed.length / tokens.length - share) < 0.05, `${changed.length}`);
    });
  }

  test("has a heavy tail: a few books change every few seconds, many not in an hour", async (t) => {
    const venue = await aVenue(t, { markets: 400 });
    const counts = venue.truth
      .tokens()
      .map((token) => venue.truth.changes(token, NOON, NOON + 3_600_000).length);
    const share = (passes: (count: number) => boolean): number =>
      counts.filter(passes).length / counts.length;
    assert.ok(share((count) => count > 1000) > 0.01);
    assert.ok(share((count) => count === 0) > 0.2);
  });
});

suite("the CLOB's other reads", () => {
  test("agree with the book", async (t) => {
    const venue = await aVenue(t);
    const token = venue.truth.tokens().find((each) => {
      const { bids, asks } = JSON.parse(venue.truth.book(each)!);
      return bids.length > 0 && asks.length > 0;
    })!;
    const book = JSON.parse(venue.truth.book(token)!);
    const read = async (path: string): Promise<unknown> =>
      JSON.parse((await ask(`${venue.clobUrl}${path}token_id=${token}`)).text);

    assert.deepEqual(await read("/book?"), book);
    assert.deepEqual(await read("/price?side=BUY&"), { price: book.bids.at(-1).price });
    assert.deepEqual(await read("/price?side=SELL&"), { price: book.asks.at(-1).price });
    assert.deepEqual(await read("/tick-size?"), { minimum_tick_size: Number(book.tick_size) });
    assert.deepEqual(await read("/neg-risk?"), { neg_risk: book.neg_risk });
  });

  test("answer 404 without a book or a route, and 400 without a token", async (t) => {
    const venue = await aVenue(t);
    assert.equal((await ask(`${venue.clobUrl}/book?token_id=123`)).status, 404);
    assert.equal((await ask(`${venue.clobUrl}/book?token_id=abc`)).status, 400);
    assert.equal((await ask(`${venue.clobUrl}/order`, { method: "POST", body: "{}" })).status, 404);
    assert.equal(venue.served.count("other"), 1);
  });

  test("tell the clock's time, in seconds and in the Date header", async (t) => {
    const venue = await aVenue(t);
    const { text, headers } = await ask(`${venue.clobUrl}/time`);
    assert.equal(text, String(NOON / 1000));
    assert.equal(headers.get("date"), "Sun, 22 Nov 2026 12:00:00 GMT");
  });
});
