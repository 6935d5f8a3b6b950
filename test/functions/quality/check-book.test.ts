/** What is said of one book: each thing that can be said is shown by a book of which it is true, and one of which it is not. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import { type BookCheck, checkBook } from "../../../functions/quality/check-book.ts";

type Levels = [price: string, size: string][];

interface BookText {
  bids?: Levels;
  asks?: Levels;
  tick?: string;
  timestamp?: unknown;
}

const good: Required<BookText> = {
  bids: [
    ["0.1", "5"],
    ["0.44", "10.50"],
  ],
  asks: [
    ["0.9", "7"],
    ["0.45", "3"],
  ],
  tick: "0.01",
  timestamp: "1790000000000",
};

/** As the venue writes it: compact, and with the hash of its own text. */
function text(changed: BookText = {}): string {
  const { bids, asks, tick, timestamp } = { ...good, ...changed };
  const levels = (side: Levels) => side.map(([price, size]) => ({ price, size }));
  const book = {
    market: "0xab",
    asset_id: "11",
    timestamp,
    hash: "",
    bids: levels(bids),
    asks: levels(asks),
    tick_size: tick,
  };
  const hash = createHash("sha1").update(JSON.stringify(book)).digest("hex");
  return JSON.stringify({ ...book, hash });
}

function check(changed?: BookText): BookCheck {
  return checkBook(Buffer.from(text(changed)));
}

suite("a book", () => {
  test("that is sound has its hash, a time and nothing to look at", () => {
    const { own: _own, mirrored: _mirrored, ...rest } = check();
    assert.deepEqual(rest, {
      hash: "same",
      bids: 2,
      asks: 2,
      isCrossed: false,
      isOutOfRange: false,
      isOffTick: false,
      isOutOfOrder: false,
      timestamp: 1_790_000_000_000,
    });
  });

  test("whose text is no longer that of its hash, or has none, is told", () => {
    const changed = text().replace('"size":"10.50"', '"size":"10.5"');
    assert.equal(checkBook(Buffer.from(changed)).hash, "other");
    assert.equal(checkBook(Buffer.from(text().replace('"hash":', '"digest":'))).hash, "none");
    assert.equal(checkBook(Buffer.from('{"bids":[],"asks":[],"hash":""}')).hash, "none");
  });

  const cases: [string, BookText, Partial<BookCheck>][] = [
    ["with a bid at the best ask is crossed", { asks: [["0.44", "1"]] }, { isCrossed: true }],
    ["with one side is not crossed", { asks: [] }, { isCrossed: false, asks: 0 }],
    ["with a price of 1 is out of range", { asks: [["1", "1"]] }, { isOutOfRange: true }],
    ["with a size of 0 is out of range", { bids: [["0.1", "0"]] }, { isOutOfRange: true }],
    ["with a size that is no number is, too", { bids: [["0.1", "x"]] }, { isOutOfRange: true }],
    ["with a price between two ticks is off", { bids: [["0.445", "1"]] }, { isOffTick: true }],
    ["at a finer tick is not", { bids: [["0.445", "1"]], tick: "0.001" }, { isOffTick: false }],
    [
      "at a tick of a quarter cent is not",
      { bids: [["0.4425", "1"]], tick: "0.0025" },
      { isOffTick: false },
    ],
    ["without a tick size is not", { bids: [["0.445", "1"]], tick: "" }, { isOffTick: false }],
    [
      "with its best bid first is out of order",
      {
        bids: [
          ["0.4", "1"],
          ["0.1", "1"],
        ],
      },
      { isOutOfOrder: true },
    ],
    [
      "with its best ask first is out of order",
      {
        asks: [
          ["0.5", "1"],
          ["0.9", "1"],
        ],
      },
      { isOutOfOrder: true },
    ],
    [
      "may write its time as a number",
      { timestamp: 1_790_000_000_000 },
      { timestamp: 1_790_000_000_000 },
    ],
    [
      "may write a time that is none",
      { timestamp: "2026-11-22T15:00:00Z" },
      { timestamp: undefined },
    ],
  ];
  for (const [what, changed, expected] of cases) {
    test(what, () => assert.partialDeepStrictEqual(check(changed), expected));
  }

  test("mirrors the other outcome's, whatever the order of the levels and the zeros in them", () => {
    const other = check({
      bids: [
        ["0.55", "3.00"],
        ["0.10", "7"],
      ],
      asks: [
        ["0.56", "10.5"],
        ["0.9", "5"],
      ],
    });
    assert.equal(other.own, check().mirrored);
    assert.equal(other.mirrored, check().own);
    assert.notEqual(check().own, check().mirrored);
  });
});
