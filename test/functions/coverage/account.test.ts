/**
 * Every claim about a hole rests on the accounting, so it is held against stories whose truth is known: what
 * happened in each slot, told to a journal and to books, of which the accounting sees only what a reader of
 * the archive would.
 *
 * Method: stories made by fast-check, any mix of faults, restarts, holes and second polls; and one small
 * story for each promise.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { type Cause, causes } from "../../../functions/archive/lines.ts";
import { account, type Account } from "../../../functions/coverage/account.ts";
import { findCleanStretches, findGaps } from "../../../functions/coverage/gaps.ts";
import { reportOf } from "../../../functions/coverage/report.ts";
import { causeOf, isKept, state } from "../../../functions/coverage/states.ts";
import { addUp } from "../../../functions/coverage/sums.ts";
import { type Answer, type Cast, type Event, slotCount, tell, type Truth } from "./story.ts";

const head = {
  collector: "vps-1",
  venue: "polymarket",
  provisional: false,
  sources: [],
  findings: [],
};

const answer = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Answer>("same") },
  { weight: 2, arbitrary: fc.constant<Answer>("new") },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Answer>("omitted", "network", "venue-429", "quarantined", "late"),
  },
);
const answers = fc.array(answer, { minLength: 4, maxLength: 4 });
const slots = fc.integer({ min: 1, max: 6 });

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("poll" as const), answers }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("hole" as const, "poll-late", "poll-twice"),
      answers,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("skip" as const, "disk", "fail", "timeout", "abandoned", "vanished"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("missed" as const),
      cause: fc.constantFrom("clock" as const, "late"),
      slots,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("unwritten" as const), slots }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("kill" as const, "stop", "abort"), slots }),
  },
);

const since = fc.oneof(fc.constant(-5), fc.integer({ min: 0, max: slotCount - 1 }));
const closed = fc.option(fc.integer({ min: 1, max: slotCount - 1 }), { nil: undefined });
const cast = fc.array(fc.tuple(since, closed), { minLength: 4, maxLength: 4 }).map((tokens) =>
  tokens.map(([from, to], n): Cast => ({
    token: `${n}${n}`,
    since: from,
    ...(to === undefined ? {} : { closed: to }),
  })),
);

const story = fc.tuple(fc.array(event, { maxLength: slotCount }), cast);

suite("the accounting of an hour", () => {
  test("finds what truly happened to every token in every slot", () => {
    fc.assert(
      fc.property(story, ([events, tokens]) => {
        const { evidence, truth } = tell(events, tokens);
        const found = account(evidence);
        assert.equal(found.slots.length, slotCount);
        for (const { token, states, recorded, unchanged } of found.tokens) {
          const expected = truth[tokens.findIndex((one) => one.token === token)] as Truth[];
          assert.deepEqual(
            [...states].map(inWords),
            expected.map(keptOr(states)),
            `token ${token}`,
          );
          assert.equal(
            recorded,
            expected.filter((one) => one === "recorded").length,
            `token ${token}`,
          );
          assert.equal(
            unchanged,
            expected.filter((one) => one === "unchanged").length,
            `token ${token}`,
          );
        }
      }),
      { numRuns: 400 },
    );
  });

  test("closes its sums, whatever happened", () => {
    fc.assert(
      fc.property(story, ([events, tokens]) => {
        const found = account(tell(events, tokens).evidence);
        const {
          totals,
          slots: { expected },
          gaps,
          clean,
        } = reportOf(found, head);
        assert.equal(totals.tokenSlots, expected * totals.tokens);
        assert.equal(totals.tokenSlots, totals.recorded + totals.unchanged + totals.missing);
        assert.equal(
          totals.missing,
          Object.values(totals.byCause).reduce((sum, count) => sum + count, 0),
        );
        const inGaps = gaps.map(
          (gap) => gap.slots * (gap.tokens === "all" ? totals.tokens : gap.tokens.length),
        );
        assert.equal(
          totals.missing,
          inGaps.reduce((sum, count) => sum + count, 0),
        );
        for (const stretch of clean) assert.ok(stretch.from <= stretch.to);
        for (const token of found.tokens) assert.equal(token.states.includes(state.open), false);
      }),
      { numRuns: 200 },
    );
  });

  test("gives one cause for one fault, and nothing else is missing", () => {
    const faults: [Event, Cause, number][] = [
      [{ kind: "kill", slots: 3 }, "not-running", 3],
      [{ kind: "stop", slots: 4 }, "not-running", 4],
      [{ kind: "abort", slots: 1 }, "not-running", 1],
      [{ kind: "skip" }, "skipped", 1],
      [{ kind: "disk" }, "disk", 1],
      [{ kind: "unwritten", slots: 5 }, "disk", 5],
      [{ kind: "timeout" }, "late", 1],
      [{ kind: "abandoned" }, "late", 1],
      [{ kind: "missed", cause: "late", slots: 2 }, "late", 2],
      [{ kind: "missed", cause: "clock", slots: 6 }, "clock", 6],
      [{ kind: "fail" }, "unknown", 1],
      [{ kind: "vanished" }, "unknown", 1],
    ];
    for (const [fault, cause, missed] of faults) {
      const events = [...quiet(10), fault];
      const { gaps, totals } = reportOf(account(tell(events, twoTokens).evidence), head);
      assert.deepEqual(
        gaps.map((gap) => [gap.cause, gap.slots, gap.tokens]),
        [[cause, missed, "all"]],
        fault.kind,
      );
      assert.equal(totals.missing, missed * 2);
    }
  });

  test("names the venue's reason for the one token that it left out", () => {
    const events: Event[] = [...quiet(3), { kind: "poll", answers: ["same", "omitted"] }];
    const { gaps } = reportOf(account(tell(events, twoTokens).evidence), head);
    assert.deepEqual(gaps, [
      {
        from: "2026-11-22T15:06:00.000Z",
        to: "2026-11-22T15:06:00.000Z",
        until: "2026-11-22T15:08:00.000Z",
        slots: 1,
        cause: "omitted",
        tokens: [1],
      },
    ]);
  });

  test("takes an unchanged token behind a hole for damaged until its next book", () => {
    const events: Event[] = [
      ...quiet(2),
      { kind: "hole", answers: ["same", "new"] },
      { kind: "poll", answers: ["same", "same"] },
      { kind: "poll", answers: ["same", "new"] },
      { kind: "poll", answers: ["same", "same"] },
      { kind: "poll", answers: ["new", "same"] },
    ];
    const { gaps } = reportOf(account(tell(events, twoTokens).evidence), head);
    assert.deepEqual(
      gaps.map(({ cause, slots: count, tokens }) => [cause, count, tokens]),
      [
        ["damaged", 4, [0]],
        ["damaged", 2, [1]],
      ],
    );
  });

  test("knows a token that only a lost list named, from the list of the next hour", () => {
    const tokens = [...twoTokens, { token: "33", since: 2 }];
    const events: Event[] = [
      ...quiet(2),
      { kind: "hole", answers: [] },
      { kind: "poll", answers: ["same", "same", "same"] },
      { kind: "poll", answers: ["same", "same", "new"] },
    ];
    const found = account(tell(events, tokens).evidence).tokens.find(({ token }) => token === "33");
    assert.deepEqual([...(found?.states ?? [])].slice(0, 6).map(inWords), [
      "not-yet-watched",
      "not-yet-watched",
      "damaged",
      "damaged",
      "recorded",
      "unchanged",
    ]);
  });

  test("leaves closed markets and tokens that are new out of coverage", () => {
    const tokens = [
      { token: "11", since: -5 },
      { token: "22", since: 10 },
      { token: "33", since: -5, closed: 25 },
    ];
    const { totals } = reportOf(account(tell(quiet(30), tokens).evidence), head);
    assert.deepEqual(totals.byCause, { "not-yet-watched": 10, "market-closed": 5 });
    assert.equal(totals.coverage, 1);
  });

  test("counts a slot that was polled again once, as the better of the two", () => {
    const events: Event[] = [...quiet(2), { kind: "poll-twice", answers: ["network", "new"] }];
    const { totals, polls } = reportOf(account(tell(events, twoTokens).evidence), head);
    assert.equal(totals.missing, 0);
    assert.equal(totals.recorded, 4);
    assert.equal(polls.repeats, 1);
  });

  test("finds a poll that came when its hour was closed in the next one", () => {
    const events: Event[] = [
      ...quiet(slotCount - 1),
      { kind: "poll-late", answers: ["new", "omitted"] },
    ];
    const { totals, polls } = reportOf(account(tell(events, twoTokens).evidence), head);
    assert.deepEqual(totals.byCause, { omitted: 1 });
    assert.equal(totals.recorded, 3);
    assert.equal(polls.late, 1);
  });

  test("calls what is unchanged since no book at all unknown, and says so", () => {
    const told = tell(quiet(slotCount), twoTokens);
    const books = told.evidence.books!;
    const slotsOf = new Map(books.slots);
    slotsOf.delete("22");
    const { totals, findings } = reportOf(
      account({ ...told.evidence, books: { ...books, slots: slotsOf } }),
      head,
    );
    assert.deepEqual(totals.byCause, { unknown: slotCount });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["UNCHANGED_WITHOUT_BOOK"],
    );
  });

  test("never calls 99.9999 % complete", () => {
    const { coverage } = addUp([
      {
        expected: 9_999_999,
        recorded: 9_999_999,
        unchanged: 0,
        missing: 0,
        byCause: {},
        coverage: 1,
      },
      { expected: 1, recorded: 0, unchanged: 0, missing: 1, byCause: { network: 1 }, coverage: 0 },
    ]);
    assert.equal(coverage, 0.999999);
  });
});

suite("gaps and clean stretches", () => {
  test("together cover every slot, and never the same one", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 5, 14, 253, 255), { minLength: 1, maxLength: 40 }),
        (codes) => {
          const found = accountOf([codes]);
          const gaps = findGaps(found).filter(({ cause }) => cause !== "market-closed");
          const covered = [...gaps, ...findCleanStretches(found)].flatMap(({ first, last }) =>
            Array.from({ length: last - first + 1 }, (_, n) => first + n),
          );
          assert.deepEqual(
            covered.toSorted((a, b) => a - b),
            [...codes.keys()],
          );
        },
      ),
    );
  });

  test("put tokens with the same hole into one gap", () => {
    const found = accountOf([
      [255, 5, 5, 254],
      [255, 5, 5, 5],
      [255, 5, 5, 254],
    ]);
    assert.deepEqual(
      findGaps(found).map(({ first, last, tokens }) => [first, last, tokens]),
      [
        [1, 3, [1]],
        [1, 2, [0, 2]],
      ],
    );
  });
});

const twoTokens: Cast[] = [
  { token: "11", since: -5 },
  { token: "22", since: -5 },
];

function quiet(count: number): Event[] {
  return Array.from({ length: count }, () => ({ kind: "poll", answers: [] }));
}

function inWords(code: number): string {
  if (code === state.recorded) return "recorded";
  if (code === state.unchanged) return "unchanged";
  return isKept(code) ? "kept" : (causeOf(code) ?? `state ${code}`);
}

/** Where the index only counts, recorded and unchanged read the same. */
function keptOr(states: Uint8Array): (truth: Truth, slot: number) => string {
  return (truth, slot) =>
    states[slot] === state.kept && !causes.includes(truth as Cause) ? "kept" : truth;
}

function accountOf(states: number[][]): Account {
  const length = states[0]?.length ?? 0;
  return {
    from: 0,
    to: length,
    slots: Array.from({ length }, (_, n) => n),
    polled: Array.from({ length }, () => true),
    tokens: states.map((codes, row) => ({
      row,
      token: `${row}`,
      market: "0x1",
      outcome: "Yes",
      slug: "s",
      since: 0,
      closed: Infinity,
      states: Uint8Array.from(codes),
      recorded: codes.filter((code) => code === state.recorded).length,
      unchanged: codes.filter((code) => code === state.unchanged).length,
    })),
    polls: { scheduled: length, byHand: 0, repeats: 0, late: 0 },
    problems: [],
  };
}
