/** The ground truth: what left the venue whole, and nothing else. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import { bookDamage } from "./served.ts";
import { faultKindsAt } from "./faults.ts";
import { ask, askBooks, aVenue, booksIn, handClock, NOON } from "./support.ts";

suite("served", () => {
  test("holds each book's very text, with its time, in order", async (t) => {
    const clock = handClock();
    const venue = await aVenue(t, { clock, churn: 1 });
    const [token] = venue.truth.tokens() as [string];
    const texts = [];
    for (let poll = 0; poll < 3; poll += 1) {
      texts.push((await askBooks(venue, [token])).text.slice(1, -1));
      clock.advance(5_000);
    }

    const books = venue.served.books(token);
    assert.deepEqual(
      books.map(({ at, text }) => ({ at, text })),
      texts.map((text, poll) => ({ at: NOON + poll * 5_000, text })),
    );
    assert.equal(books[0]!.sha256, createHash("sha256").update(texts[0]!).digest("hex"));
    assert.equal(venue.served.times(token), 3);
  });

  test("counts requests by endpoint and status", async (t) => {
    const venue = await aVenue(t);
    venue.faults.inject({ kind: "500", count: 1, on: "books" });
    await askBooks(venue, []);
    await askBooks(venue, []);
    await ask(`${venue.gammaUrl}/markets/keyset`);

    assert.equal(venue.served.count("books"), 2);
    assert.equal(venue.served.count("books", 500), 1);
    assert.equal(venue.served.count("markets", 200), 1);
    assert.equal(venue.served.count(), 3);
  });

  for (const kind of [
    "truncated",
    "cut-short",
    "garbage",
    "empty",
    "500",
    "error-200",
    "reset",
  ] as const) {
    test(`counts no book of an answer that was ${kind}`, async (t) => {
      const venue = await aVenue(t, { faults: [{ kind }] });
      await askBooks(venue, venue.truth.tokens()).catch(() => {});
      assert.equal(venue.served.times(), 0);
    });
  }

  for (const kind of faultKindsAt("book").filter((each) => bookDamage.has(each))) {
    test(`keeps books that ${kind} spoilt apart`, async (t) => {
      const venue = await aVenue(t);
      const [token] = venue.truth.tokens() as [string];
      venue.faults.inject({ kind, tokens: [token] });
      await askBooks(venue, venue.truth.tokens());

      assert.equal(venue.served.times(token), 0);
      assert.equal(venue.served.spoilt(token).length, 1);
      assert.equal(venue.served.times(), venue.truth.tokens().length - 1);
    });
  }

  test("counts a book with a new field, or printed over many lines, as it was sent", async (t) => {
    const venue = await aVenue(t, { faults: [{ kind: "pretty", count: 1 }] });
    const [token] = venue.truth.tokens() as [string];
    const { text } = await askBooks(venue, [token]);
    const [book] = venue.served.books(token);
    assert.ok(text.includes(book!.text));
    assert.match(book!.text, /\n/);
  });

  test("tells a request that should never have come, and one that followed a redirect", async (t) => {
    const venue = await aVenue(t, { faults: [{ kind: "redirect", count: 1 }] });
    const { headers } = await ask(`${venue.clobUrl}/time`);
    await ask(headers.get("location")!);
    await ask(`${venue.clobUrl}/auth/api-key`, { method: "DELETE" });
    await ask(`${venue.clobUrl}/data/orders`);
    assert.equal(venue.served.followed, 1);
    assert.equal(venue.served.count("other"), 2);
  });

  test("keeps digests, or counts alone, for long runs", async (t) => {
    const digests = await aVenue(t, { remember: "digests" });
    const counts = await aVenue(t, { remember: "counts" });
    const [token] = digests.truth.tokens() as [string];
    for (const venue of [digests, counts]) await askBooks(venue, [token]);

    const [book] = digests.served.books(token);
    assert.equal(book!.text, "");
    assert.equal(
      book!.sha256,
      createHash("sha256").update(digests.truth.book(token)!).digest("hex"),
    );
    assert.deepEqual(counts.served.books(token), []);
    assert.equal(counts.served.times(token), 1);
  });
});

test("gzip is given to those who accept it, and says the same", async (t) => {
  const [plain, zipped] = [await aVenue(t), await aVenue(t, { gzip: true })];
  const reply = await askBooks(zipped, zipped.truth.tokens());
  assert.equal(reply.headers.get("content-encoding"), "gzip");
  assert.deepEqual(booksIn(reply), booksIn(await askBooks(plain, plain.truth.tokens())));
});
