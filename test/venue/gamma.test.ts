/** Gamma's listings: the traps that are there on purpose, because the real ones have them. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ask, aVenue, handClock, NOON } from "./support.ts";
import type { Venue } from "./venue.ts";

interface Market {
  id: string;
  conditionId: string;
  slug: string;
  question: string;
  outcomes: string;
  clobTokenIds: string;
  closed: boolean;
  volume: string;
  volumeNum: number;
  volume24hr?: number;
  bestBid?: number;
  enableOrderBook: boolean;
  acceptingOrders: boolean;
  events: { negRisk: boolean }[];
}

interface Listed {
  markets: Market[];
  next_cursor?: string;
}

async function list(venue: Venue, query: string): Promise<Listed> {
  return JSON.parse((await ask(`${venue.gammaUrl}/markets/keyset?${query}`)).text) as Listed;
}

async function walk(venue: Venue, query: string): Promise<{ markets: Market[]; pages: number[] }> {
  const markets: Market[] = [];
  const pages: number[] = [];
  for (let cursor = ""; ;) {
    const page = await list(venue, `${query}&after_cursor=${cursor}`);
    markets.push(...page.markets);
    pages.push(page.markets.length);
    if (page.next_cursor === undefined) return { markets, pages };
    cursor = page.next_cursor;
  }
}

suite("/markets/keyset", () => {
  test("pages through every open market exactly once, in order, with a cursor that ends", async (t) => {
    const venue = await aVenue(t, { markets: 250, quirks: true });
    const { markets, pages } = await walk(venue, "limit=100&order=volumeNum&ascending=false");

    assert.equal(new Set(markets.map(({ id }) => id)).size, 250);
    assert.equal(markets.length, 250);
    const volumes = markets.map(({ volumeNum }) => volumeNum);
    assert.deepEqual(
      volumes,
      volumes.toSorted((a, b) => b - a),
    );
    assert.ok(pages.length >= 3);
  });

  test("ignores other names for the cursor: the first page, for ever", async (t) => {
    const venue = await aVenue(t, { markets: 50 });
    const first = await list(venue, "limit=10");
    for (const name of ["cursor", "after", "next_cursor"]) {
      assert.deepEqual(await list(venue, `limit=10&${name}=${first.next_cursor}`), first);
    }
  });

  test("clamps the limit to 100, defaults to 20, and may give a short page before the last", async (t) => {
    const venue = await aVenue(t, { markets: 700 });
    assert.equal((await list(venue, "limit=1000")).markets.length, 100);
    assert.equal((await list(venue, "")).markets.length, 20);

    const quirky = await aVenue(t, { markets: 700, quirks: true });
    const { pages } = await walk(quirky, "limit=20");
    assert.ok(pages.slice(0, -1).some((size) => size < 20));
  });

  test("refuses offset, and an order in snake case, with 422", async (t) => {
    const venue = await aVenue(t);
    for (const query of ["offset=20", "order=volume_num", "after_cursor=%00"]) {
      const { status, text } = await ask(`${venue.gammaUrl}/markets/keyset?${query}`);
      assert.equal(status, 422, query);
      assert.equal(JSON.parse(text).type, "validation error");
    }
  });

  test("filters by volume and by repeated ids, leaving unknown ones out", async (t) => {
    const venue = await aVenue(t);
    const { markets } = await list(venue, "limit=100");
    const [one, two] = markets as [Market, Market];
    const ids = async (query: string): Promise<string[]> =>
      (await list(venue, query)).markets.map(({ id }) => id);

    assert.deepEqual(
      await ids(`condition_ids=${one.conditionId}&condition_ids=${two.conditionId}`),
      [one.id, two.id],
    );
    assert.deepEqual(await ids(`id=${one.id}&id=1`), [one.id]);
    assert.deepEqual(await ids(`slug=${two.slug}&nonsense=1`), [two.id]);
    assert.deepEqual(await ids(`clob_token_ids=${JSON.parse(two.clobTokenIds)[1]}`), [two.id]);
    const rich = markets.filter(({ volumeNum }) => volumeNum >= one.volumeNum).map(({ id }) => id);
    assert.deepEqual(await ids(`volume_num_min=${one.volumeNum}&limit=100`), rich);
  });

  test("writes what real rows hold: JSON in strings, volume twice, absent keys, huge token ids", async (t) => {
    const venue = await aVenue(t, { markets: 300, quirks: true });
    const { markets } = await walk(venue, "limit=100");
    for (const market of markets) {
      assert.equal(String(market.volumeNum), market.volume);
      const tokens = JSON.parse(market.clobTokenIds) as string[];
      assert.equal(tokens.length, (JSON.parse(market.outcomes) as string[]).length);
      assert.ok(tokens.every((token) => /^\d{76,78}$/.test(token)));
    }
    const some = (like: (market: Market) => boolean): void =>
      assert.ok(markets.some(like), String(like));
    some((market) => market.outcomes === '["Yes", "No"]');
    some((market) => JSON.parse(market.outcomes).length === 3);
    some((market) => !/Yes|No|Neither/.test(market.outcomes));
    some((market) => market.bestBid === undefined);
    some((market) => market.volume24hr === undefined);
    some((market) => !market.enableOrderBook);
    some((market) => market.enableOrderBook && !market.acceptingOrders);
    some((market) => market.conditionId.length === 64);
    some((market) => /[^\x20-\x7e]/.test(market.question));
    some((market) => market.events[0]!.negRisk);
  });

  test("tells of a moment up to five minutes ago, and says so", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, churn: 1 });
    const url = `${venue.gammaUrl}/markets/keyset?limit=5`;
    const fresh = await ask(url);
    clock.advance(299_000);
    const cached = await ask(url);
    clock.advance(1_000);

    assert.equal(cached.text, fresh.text);
    assert.equal(cached.headers.get("age"), "299");
    assert.equal(cached.headers.get("cf-cache-status"), "HIT");
    assert.notEqual((await ask(url)).text, fresh.text);
  });
});

suite("markets", () => {
  test("open and close over time; a closed one is listed as closed and has no book", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, turnover: 1, gammaCacheMs: 0 });
    const before = venue.truth.markets();
    clock.advance(4 * 3_600_000);
    const gone = before[0]!;

    assert.equal(venue.truth.markets().length, before.length);
    assert.ok(!venue.truth.markets().some(({ id }) => id === gone.id));
    assert.equal(venue.truth.book(gone.tokens[0]!), undefined);
    const { markets } = await list(venue, "closed=true&limit=100");
    assert.ok(markets.length > 0 && markets.every(({ closed }) => closed));
    const byName = await ask(`${venue.gammaUrl}/markets/slug/${markets[0]!.slug}`);
    assert.equal((JSON.parse(byName.text) as Market).closed, true);
  });

  test("never close without turnover", async (t) => {
    const clock = handClock(NOON);
    const venue = await aVenue(t, { clock });
    const before = venue.truth.tokens();
    clock.advance(1000 * 86_400_000);
    assert.deepEqual(venue.truth.tokens(), before);
  });
});

suite("the other listings", () => {
  test("legacy /markets still answers, past its sunset", async (t) => {
    const venue = await aVenue(t);
    const { text, headers } = await ask(
      `${venue.gammaUrl}/markets?limit=3&offset=2&order=volume_num`,
    );
    assert.equal(JSON.parse(text).length, 3);
    assert.equal(headers.get("deprecation"), "true");
    assert.equal(headers.get("sunset"), "Fri, 01 May 2026 00:00:00 GMT");
  });

  test("/events/keyset groups the same markets by event", async (t) => {
    const venue = await aVenue(t);
    const { text } = await ask(`${venue.gammaUrl}/events/keyset?limit=100`);
    const events = JSON.parse(text).events as { negRisk: boolean; markets: Market[] }[];
    assert.equal(events.flatMap((event) => event.markets).length, 50);
    assert.ok(events.every((event) => event.negRisk === event.markets.length > 1));
  });
});
