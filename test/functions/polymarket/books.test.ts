/**
 * One bad book may not cost the good ones of its answer, and no byte of an answer may vanish: each is in a book,
 * or in quarantine with a reason.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type BooksAnswer, type Judged, judgeBooks } from "../../../functions/polymarket/books.ts";

const level = '[{"price":"0.1","size":"5"}]';
const market = `0x${"ab".repeat(32)}`;

suite("judging an answer of /books", () => {
  test("keeps each book byte for byte, matched by its id, whatever the order", async () => {
    const [a, b] = [
      book("1"),
      book("2", { extra: ' "new" : [1e-2, 0.10, 12345678901234567890, "\\u00e9"] ,' }),
    ];
    const judged = await judge(`[ ${b} ,\n${a}]`, ["1", "2"]);
    assert.deepEqual(textsOf(judged), { 1: a, 2: b });
    assert.deepEqual([judged.pieces, judged.missing.size], [[], 0]);
  });

  test("takes numbers for strings, and keeps them as they were written", async () => {
    const text = book("1", {
      bids: '[{"price":1e-2,"size":100.50},{"price":0.10,"size":12345678901234567890}]',
    });
    assert.deepEqual(textsOf(await judge(`[${text}]`, ["1"])), { 1: text });
  });

  test("takes an id that is a number: its 78 digits are read off the text", async () => {
    const id = "65193234666628291664907888364936366210889305490897648116746073820519263548476";
    const text = book(id).replace(`"${id}"`, id);
    assert.deepEqual(textsOf(await judge(`[${text}]`, [id])), { [id]: text });
  });

  test("takes a book with empty sides, and the last of two equal keys as its parser does", async () => {
    const text = book("1", { bids: "[]", asks: "[]", extra: '"bids":3,' });
    assert.deepEqual(textsOf(await judge(`[${text}]`, ["1"])), { 1: text });
  });

  test("calls tokens that a whole answer leaves out omitted", async () => {
    assert.deepEqual(Object.fromEntries((await judge(`[${book("1")}]`, ["1", "2"])).missing), {
      2: "omitted",
    });
    assert.deepEqual(Object.fromEntries((await judge("[]", ["2"])).missing), { 2: "omitted" });
  });

  const spoilt: [string, string, string][] = [
    ["another market", book("2").replace(market, "0x00"), "wrong-market"],
    ["no market", book("2").replace('"market"', '"mkt"'), "schema"],
    ["renamed sides", book("2").replace('"bids"', '"buys"'), "schema"],
    ["sides that are no lists", book("2", { bids: '"none"' }), "schema"],
    ["levels without a size", book("2", { asks: '[{"price":"0.1"}]' }), "schema"],
    ["levels that are null", book("2", { asks: "[null]" }), "schema"],
    ["broken JSON", book("2").replace('"bids":[', '"bids":[,'), "json"],
    ["bytes that are no UTF-8", book("2").replace('"hash":"', '"hash":"\u00ff'), "utf8"],
  ];
  for (const [what, text, reason] of spoilt) {
    test(`sets a book with ${what} aside, and keeps the others`, async () => {
      const body = Buffer.from(
        `[${book("1")},${text},${book("3")}]`,
        reason === "utf8" ? "latin1" : "utf8",
      );
      const judged = await judge(body, ["1", "2", "3"]);
      assert.deepEqual(Object.keys(textsOf(judged)), ["1", "3"]);
      assert.deepEqual(Object.fromEntries(judged.missing), { 2: "quarantined" });
      const { bytes, ...piece } = judged.pieces[0]!;
      assert.deepEqual(piece, { from: "books", reason, token: "2" });
      assert.equal(
        bytes.toString("latin1"),
        reason === "utf8" ? text : Buffer.from(text).toString("latin1"),
      );
    });
  }

  test("sets aside a second book of a token, and one that was not asked for", async () => {
    const judged = await judge(`[${book("1")},${book("9")},${book("1", { bids: "[]" })}]`, ["1"]);
    assert.deepEqual(textsOf(judged), { 1: book("1") });
    assert.deepEqual(
      judged.pieces.map(({ reason, token }) => [reason, token]),
      [
        ["not-asked", "9"],
        ["duplicate", "1"],
      ],
    );
    assert.equal(judged.missing.size, 0);
    assert.deepEqual([judged.duplicates, judged.isShuffled], [1, false]);
  });

  test("tells whether the books came in another order than they were asked for", async () => {
    const answer = `[${book("2")},${book("3")},${book("1")}]`;
    assert.equal((await judge(answer, ["1", "2", "3"])).isShuffled, true);
    assert.equal((await judge(answer, ["2", "9", "3", "1"])).isShuffled, false);
  });

  test("keeps the good one of two books of a token", async () => {
    const bad = book("1").replace('"bids"', '"buys"');
    const judged = await judge(`[${bad},${book("1")}]`, ["1"]);
    assert.deepEqual(textsOf(judged), { 1: book("1") });
    assert.equal(judged.missing.size, 0);
  });

  test("says quarantined while as many nameless pieces as unanswered tokens are there, else unknown", async () => {
    assert.deepEqual(await missingWithTwoNameless(["1", "2"]), { 2: "quarantined" });
    assert.deepEqual(await missingWithTwoNameless(["1", "2", "3"]), {
      2: "quarantined",
      3: "quarantined",
    });
    assert.deepEqual(await missingWithTwoNameless(["1", "2", "3", "4"]), {
      2: "unknown",
      3: "unknown",
      4: "unknown",
    });
  });

  test("keeps the whole books before a cut, and gives the rest the cut's cause", async () => {
    const body = `[${book("1")},${book("2").slice(0, 60)}`;
    const judged = await judge(body, ["1", "2", "3"], { cutBy: "network" });
    assert.deepEqual(Object.keys(textsOf(judged)), ["1"]);
    assert.deepEqual(Object.fromEntries(judged.missing), { 2: "network", 3: "network" });
    assert.deepEqual(
      judged.pieces.map(({ reason, bytes }) => [reason, bytes.toString()]),
      [["cut", book("2").slice(0, 60)]],
    );
  });

  test("does not parse a text that was judged good before", async () => {
    const first = (await judge(`[${book("1")}]`, ["1"])).books[0]!;
    const again = await judge(
      `[${book("1")},${book("1")}]`,
      ["1"],
      {},
      new Map([[first.digest, "1"]]),
    );
    assert.deepEqual(textsOf(again), { 1: book("1") });
    assert.deepEqual(
      again.pieces.map(({ reason }) => reason),
      ["duplicate"],
    );
    const notAsked = await judge(`[${book("1")}]`, ["2"], {}, new Map([[first.digest, "1"]]));
    assert.deepEqual(
      notAsked.pieces.map(({ reason }) => reason),
      ["not-asked"],
    );
  });
});

function book(token: string, { bids = level, asks = level, extra = "" } = {}): string {
  return `{${extra}"market":"${market}","asset_id":"${token}","hash":"h","bids":${bids},"asks":${asks}}`;
}

function judge(
  body: string | Buffer,
  tokens: string[],
  more: Partial<BooksAnswer> = {},
  known: ReadonlyMap<string, string> = new Map(),
): Promise<Judged> {
  const answer = { body: Buffer.from(body as string), sent: "s", received: "r", ...more };
  return judgeBooks(answer, new Map(tokens.map((token) => [token, market])), known, async () => {});
}

/** In an answer with two pieces that name nobody, and the book of token 1. */
async function missingWithTwoNameless(asked: string[]): Promise<object> {
  return Object.fromEntries((await judge(`[{"x":1},3,${book("1")}]`, asked)).missing);
}

function textsOf({ books }: Judged): Record<string, string> {
  return Object.fromEntries(books.map(({ token, raw }) => [token, raw.toString()]));
}
