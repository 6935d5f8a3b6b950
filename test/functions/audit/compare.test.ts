/** What the books of polls are called beside the stream's, and which frames say what. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Comparison, compare, noComparison } from "../../../functions/audit/compare.ts";
import { eventsIn } from "../../../functions/audit/frame-events.ts";
import { digestOf, type Levels, levelsOf } from "../../../functions/audit/levels.ts";

const bid = (size: string, price = "0.4"): Levels =>
  levelsOf({ bids: [{ price, size }], asks: [] });

/** The stream heard a dump at 1,000 and two changes, at 2,000 and 3,000, each half a second after the venue's time. */
const stretch = {
  from: 1_000,
  to: 10_000,
  states: [
    { ...digestOf(bid("1")), timestamp: 500, at: 1_000 },
    { ...digestOf(bid("2")), timestamp: 1_500, at: 2_000 },
    { ...digestOf(bid("3")), timestamp: 2_500, at: 3_000 },
  ],
};

function compared(...polled: { levels: Levels; timestamp: number; sent: number }[]): Comparison {
  const sums = noComparison();
  const books = polled.map(({ levels, ...times }) => Object.assign(digestOf(levels), times));
  compare(sums, [stretch], books);
  return sums;
}

suite("a polled book beside the stream", () => {
  const cases: [string, Parameters<typeof compared>[0], Partial<Comparison>][] = [
    ["is exact", { levels: bid("2.0"), timestamp: 1_500, sent: 2_100 }, { exact: 1, stale: 0 }],
    ["has other sizes", { levels: bid("9"), timestamp: 1_500, sent: 2_100 }, { sizeOnly: 1 }],
    ["has other prices", { levels: bid("2", "0.41"), timestamp: 1_500, sent: 2_100 }, { price: 1 }],
    ["is stale", { levels: bid("1"), timestamp: 500, sent: 2_100 }, { exact: 1, stale: 1 }],
    [
      "was never told",
      { levels: bid("2"), timestamp: 1_900, sent: 2_100 },
      { exact: 1, untold: 1 },
    ],
    [
      "is from before the dump, and so stale and nothing else",
      { levels: bid("0"), timestamp: 100, sent: 1_100 },
      { compared: 1, stale: 1, untold: 1, exact: 0, sizeOnly: 0, price: 0 },
    ],
    [
      "was asked for in no stretch",
      { levels: bid("1"), timestamp: 500, sent: 900 },
      { compared: 0 },
    ],
  ];
  for (const [what, polled, expected] of cases)
    test(what, () => assert.partialDeepStrictEqual(compared(polled), expected));

  test("counts the changes between the first and the last poll, and those that were met", () => {
    const sums = compared(
      { levels: bid("1"), timestamp: 500, sent: 1_200 },
      { levels: bid("3"), timestamp: 2_500, sent: 3_100 },
    );
    assert.deepEqual([sums.changes, sums.seen], [2, 1]);
  });
});

suite("a frame", () => {
  const change = { asset_id: "11", price: "0.5", size: "7", side: "BUY" };
  const heard = { kind: "change", token: "11", timestamp: 5, side: "BUY", price: "0.5", size: "7" };
  const changes: [string, object][] = [
    ["of today's schema", { event_type: "price_change", timestamp: "5", price_changes: [change] }],
    ["of the schema before", { event_type: "price_change", timestamp: "5", ...change }],
    [
      "of the schema before that",
      {
        event_type: "price_change",
        timestamp: "5",
        asset_id: "11",
        changes: [{ ...change, asset_id: undefined }],
      },
    ],
  ];
  for (const [what, event] of changes) {
    test(`${what} tells a change, alone or in an array`, () => {
      for (const frame of [event, [event]])
        assert.deepEqual(eventsIn(JSON.stringify(frame))?.events, [heard]);
    });
  }

  test("of another kind is passed over, one that is broken is counted, and garbage is none", () => {
    assert.deepEqual(eventsIn('{"event_type":"new_market"}'), { events: [], others: 1, broken: 0 });
    assert.equal(eventsIn('[1,{"event_type":"book"}]')?.broken, 2);
    assert.equal(
      eventsIn(JSON.stringify({ event_type: "price_change", ...change, size: "" }))?.broken,
      1,
    );
    assert.equal(eventsIn("\u0000{["), undefined);
  });
});
