/**
 * Each fault does what its name says, to the requests it was asked for, and to nothing else.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { faultKinds, faultKindsAt, type FaultKind } from "./faults.ts";
import { ask, askBooks, aVenue, booksIn, handClock, NOON, type Reply } from "./support.ts";
import type { Venue } from "./venue.ts";

type Outcome = Reply | Error;

/** Asks for all books under a fault; whoever never gets an answer hangs up once nothing more arrives. */
async function under(venue: Venue, kind: FaultKind, extra = {}): Promise<Outcome> {
  venue.faults.inject({ kind, count: 1, bytes: 1024 * 1024, ...extra });
  try {
    return await askBooks(venue, venue.truth.tokens());
  } catch (error) {
    return error as Error;
  }
}

function reply(outcome: Outcome): Reply {
  assert.ok(!(outcome instanceof Error), "it never answered");
  return outcome;
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const expected: Partial<Record<FaultKind, (outcome: Outcome, honest: Reply) => void>> = {
  "429": (outcome) => {
    assert.equal(reply(outcome).status, 429);
    assert.equal(reply(outcome).headers.get("retry-after"), null);
  },
  "429-seconds": (outcome) => assert.equal(reply(outcome).headers.get("retry-after"), "7"),
  "429-date": (outcome) =>
    assert.equal(Date.parse(reply(outcome).headers.get("retry-after")!), NOON + 7_000),
  "429-html": (outcome) => assert.match(reply(outcome).text, /^<!DOCTYPE html>[^]*1015/),
  "500": (outcome) => assert.equal(reply(outcome).status, 500),
  "502": (outcome) => assert.equal(reply(outcome).status, 502),
  "503": (outcome) => assert.equal(reply(outcome).status, 503),
  "425": (outcome) => assert.equal(reply(outcome).text, '{"error":"service not ready"}'),
  "403-html": (outcome) => {
    assert.equal(reply(outcome).status, 403);
    assert.match(reply(outcome).headers.get("content-type")!, /html/);
  },
  "404-html": (outcome) => assert.equal(reply(outcome).status, 404),
  redirect: (outcome) =>
    assert.match(reply(outcome).headers.get("location")!, /^http:\/\/localhost:\d+\/books$/),
  "error-200": (outcome) => assert.equal(reply(outcome).text, '{"error":"Too Many Requests"}'),
  empty: (outcome) => assert.equal(reply(outcome).body.length, 0),
  truncated: (outcome, honest) => {
    assert.ok(honest.text.startsWith(reply(outcome).text));
    assert.ok(!isJson(reply(outcome).text));
  },
  "cut-short": (outcome) => assert.ok(outcome instanceof Error),
  garbage: (outcome) => assert.ok(reply(outcome).status === 200 && !isJson(reply(outcome).text)),
  huge: (outcome, honest) => {
    assert.ok(reply(outcome).body.length > 1024 * 1024);
    assert.equal(reply(outcome).text.trim(), honest.text);
  },
  "wrong-content-type": (outcome, honest) => {
    assert.equal(reply(outcome).headers.get("content-type"), "text/html");
    assert.equal(reply(outcome).text, honest.text);
  },
  pretty: (outcome, honest) => {
    assert.equal(reply(outcome).text, `${JSON.stringify(JSON.parse(honest.text), null, 2)}\n`);
  },
  reset: (outcome) => assert.ok(outcome instanceof Error),
  "renamed-field": (outcome) => {
    assert.ok(booksIn(reply(outcome)).every((book) => "buys" in book && !("bids" in book)));
  },
  "new-field": (outcome) => assert.ok(booksIn(reply(outcome)).every((book) => "sequence" in book)),
  numbers: (outcome) =>
    assert.ok(
      booksIn(reply(outcome)).every(({ asks }) =>
        asks.every(({ price }) => typeof price === "number"),
      ),
    ),
  "invalid-utf8": (outcome) => {
    const { body } = reply(outcome);
    assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(body));
    assert.ok(isJson(body.toString()));
  },
  "wrong-market": (outcome, honest) => {
    const right = new Map(booksIn(honest).map((book) => [book.asset_id, book.market]));
    const wrong = booksIn(reply(outcome)).filter(
      (book) => right.get(book.asset_id) !== book.market,
    );
    assert.equal(wrong.length, 1);
  },
  "duplicate-book": (outcome, honest) =>
    assert.equal(booksIn(reply(outcome)).length, booksIn(honest).length + 1),
  "unasked-book": (outcome, honest) => {
    const asked = new Set(booksIn(honest).map((book) => book.asset_id));
    assert.equal(booksIn(reply(outcome)).filter((book) => !asked.has(book.asset_id)).length, 1);
  },
  omitted: (outcome, honest) =>
    assert.equal(booksIn(reply(outcome)).length, booksIn(honest).length - 1),
};

suite("a fault of POST /books", () => {
  // Those that wait are in waiting.test.ts, with a clock to move.
  const waiting = new Set<FaultKind>(["slow", "trickle", "stall", "hang"]);
  for (const kind of faultKindsAt("books").filter((each) => !waiting.has(each))) {
    test(`${kind} hits one request, and the next one is honest`, async (t) => {
      const venue = await aVenue(t, { markets: 5 });
      const honest = await askBooks(venue, venue.truth.tokens());
      const check = expected[kind];
      assert.ok(check, `${kind} has no expectation here`);

      check(await under(venue, kind), honest);

      assert.equal(venue.faults.hits.get(kind), 1);
      assert.equal((await askBooks(venue, venue.truth.tokens())).text, honest.text);
      assert.equal(venue.served.requests[1]!.fault, kind);
    });
  }
});

interface Page {
  markets: { id: string }[];
  next_cursor?: string;
}

async function page(venue: Venue, cursor = ""): Promise<Page> {
  const url = `${venue.gammaUrl}/markets/keyset?limit=10&after_cursor=${cursor}`;
  return JSON.parse((await ask(url)).text) as Page;
}

suite("a fault of Gamma's paging", () => {
  test("cursor-loop leads back to the same page, for ever", async (t) => {
    const venue = await aVenue(t);
    const first = await page(venue);
    venue.faults.inject({ kind: "cursor-loop" });
    const second = await page(venue, first.next_cursor);
    assert.equal(second.next_cursor, first.next_cursor);
    assert.deepEqual(await page(venue, second.next_cursor), second);
  });

  test("cursor-loop never ends a listing of one page either", async (t) => {
    const venue = await aVenue(t, { markets: 5 });
    venue.faults.inject({ kind: "cursor-loop" });
    const first = await page(venue);
    assert.deepEqual((await page(venue, first.next_cursor)).markets, first.markets);
  });

  test("repeated-page gives the first rows again under a new cursor", async (t) => {
    const venue = await aVenue(t);
    const first = await page(venue);
    venue.faults.inject({ kind: "repeated-page", count: 1 });
    const second = await page(venue, first.next_cursor);
    assert.deepEqual(second.markets, first.markets);
    assert.notEqual(second.next_cursor, first.next_cursor);
  });
});

suite("fault control", () => {
  test("aims at an endpoint, lets some requests pass first, and stops after a count", async (t) => {
    const venue = await aVenue(t, { markets: 2 });
    venue.faults.inject({ kind: "500", on: "books", skip: 1, count: 2 });
    const statuses = [];
    for (let request = 0; request < 5; request += 1) {
      statuses.push((await askBooks(venue, venue.truth.tokens())).status);
      assert.equal((await ask(`${venue.clobUrl}/time`)).status, 200);
    }
    assert.deepEqual(statuses, [200, 500, 500, 200, 200]);
  });

  test("keeps to a stretch of the clock", async (t) => {
    const clock = handClock();
    const schedule = [{ kind: "503", from: NOON + 10_000, until: NOON + 20_000 }] as const;
    const venue = await aVenue(t, { clock, faults: schedule });
    const statuses = [];
    for (let step = 0; step < 4; step += 1) {
      statuses.push((await ask(`${venue.clobUrl}/time`)).status);
      clock.advance(10_000);
    }
    assert.deepEqual(statuses, [200, 503, 200, 200]);
  });

  test("hits the books it names, or as many as it says", async (t) => {
    const venue = await aVenue(t, { markets: 5 });
    const [first, , third] = venue.truth.tokens() as [string, string, string];
    const named = reply(await under(venue, "omitted", { tokens: [first, third] }));
    assert.deepEqual(
      venue.truth.tokens().filter((token) => !named.text.includes(token)),
      [first, third],
    );
    assert.equal(booksIn(reply(await under(venue, "omitted", { books: 4 }))).length, 6);
  });

  test("gives a book another's market, even where one token a market is asked for", async (t) => {
    const venue = await aVenue(t, { markets: 5, faults: [{ kind: "wrong-market" }] });
    const first = venue.truth.markets()[0]!;
    const [book] = booksIn(await askBooks(venue, first.tokens.slice(0, 1)));
    assert.notEqual(book!.market, first.conditionId);
  });

  test("can be taken back one by one, or all at once", async (t) => {
    const venue = await aVenue(t);
    const status = async (): Promise<number> => (await ask(`${venue.clobUrl}/time`)).status;
    const takeBack = venue.faults.inject({ kind: "500" });
    venue.faults.inject({ kind: "503" });
    assert.equal(await status(), 500);
    takeBack();
    assert.equal(await status(), 503);
    venue.faults.clear();
    assert.equal(await status(), 200);
  });

  test("draws random faults that the seed repeats, at about the rate asked for", async (t) => {
    const kinds: FaultKind[] = ["429", "500", "error-200", "garbage"];
    const draw = async (seed: number): Promise<(FaultKind | undefined)[]> => {
      const venue = await aVenue(t);
      venue.faults.random(seed, 0.3, kinds);
      for (let request = 0; request < 200; request += 1) await ask(`${venue.clobUrl}/time`);
      return venue.served.requests.map(({ fault }) => fault);
    };
    const drawn = await draw(1);
    assert.deepEqual(await draw(1), drawn);
    assert.notDeepEqual(await draw(2), drawn);
    assert.ok(Math.abs(drawn.filter(Boolean).length - 60) < 25);
    assert.equal(new Set(drawn).size, 5);
  });

  test("refuses a kind that does not exist, or not there", async (t) => {
    const { faults } = await aVenue(t);
    assert.throws(
      () => faults.inject({ kind: "gremlin" as FaultKind }),
      /no fault is called gremlin/,
    );
    assert.throws(
      () => faults.inject({ kind: "cursor-loop", on: "books" }),
      /does not exist on books/,
    );
    assert.ok(faultKinds.length > 30);
  });
});
