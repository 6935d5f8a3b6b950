/**
 * A day is made of its hours' reports, so it must say what one accounting of the whole day would have said.
 *
 * Method: accounts of a day made by fast-check, cut into hours, reported, and merged again.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Account } from "../../../functions/coverage/account.ts";
import { DayMerge } from "../../../functions/coverage/day-merge.ts";
import { reportOf } from "../../../functions/coverage/report.ts";
import { isKept, state } from "../../../functions/coverage/states.ts";
import { hourMs } from "../../../runtime/time.ts";
import { aDay, anHour, dayOf, head } from "./pictured.ts";

const from = Date.parse("2026-11-22T00:00:00Z");
const hours = 4;
const perHour = 5;

/** States by token: runs, so that some go on across the end of an hour. */
const states = fc
  .array(fc.tuple(fc.constantFrom(0, 5, 14, 253, 253), fc.integer({ min: 1, max: 8 })), {
    minLength: 1,
    maxLength: 12,
  })
  .map((runs) => {
    const codes = runs.flatMap(([code, length]) => Array.from({ length }, () => code));
    const all = hours * perHour;
    return [...codes, ...Array.from({ length: all }, () => state.kept)].slice(0, all);
  });

function accountOf(codes: readonly number[][], first: number, count: number): Account {
  const begin = from + first * (hourMs / perHour);
  return {
    from: begin,
    to: begin + count * (hourMs / perHour),
    slots: Array.from({ length: count }, (_, at) => begin + at * (hourMs / perHour)),
    polled: Array.from({ length: count }, () => true),
    tokens: codes.map((own, row) => {
      const part = Uint8Array.from(own.slice(first, first + count));
      const kept = part.filter(isKept).length;
      const about = {
        market: `0x${row >> 1}`,
        outcome: "Yes",
        slug: "s",
        since: 0,
        closed: Infinity,
      };
      return { row, token: `${row}`, ...about, states: part, recorded: 0, unchanged: kept };
    }),
    polls: { scheduled: count, byHand: 0, repeats: 0, late: 0 },
    problems: [],
  };
}

suite("the report of a day", () => {
  test("says what one accounting of the whole day says", () => {
    fc.assert(
      fc.property(fc.array(states, { minLength: 1, maxLength: 5 }), (codes) => {
        const whole = reportOf(accountOf(codes, 0, hours * perHour), head);
        const parts = Array.from({ length: hours }, (_, n) =>
          reportOf(accountOf(codes, n * perHour, perHour), head),
        );
        const day = dayOf("2026-11-22", parts);
        for (const name of ["slots", "totals", "polls", "gaps", "clean", "markets"] as const)
          assert.deepEqual(day[name], whole[name], name);
      }),
      { numRuns: 300 },
    );
  });

  test("closes its sums", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, tokens) => {
        const { day } = aDay({ date: "2026-11-22", tokens, cadenceMs: 600_000, seed, noise: 1 });
        assert.deepEqual(sumsOf(day), [day.totals.missing, day.totals.tokenSlots]);
      }),
      { numRuns: 50 },
    );
  });

  test("does not carry a gap or a clean stretch across an hour of which nothing is known", () => {
    const [one, two, three] = ["00", "01", "02"].map((hour) =>
      anHour({ hour: `2026-11-22T${hour}`, tokens: 2, cadenceMs: 600_000, seed: 1, noise: 0 }),
    );
    const merge = new DayMerge();
    merge.add({ hour: "2026-11-22T00", standing: "final", report: clean(one!) });
    merge.add({ hour: "2026-11-22T01", standing: "not-here", report: undefined });
    merge.add({ hour: "2026-11-22T02", standing: "final", report: clean(three!) });
    assert.deepEqual(
      merge.end().clean.map(({ slots }) => slots),
      [6, 6],
    );
    const joined = dayOf("2026-11-22", [one!, two!, three!].map(clean));
    assert.deepEqual(
      joined.clean.map(({ slots }) => slots),
      [18],
    );
  });

  test("names its largest gaps only, counts the rest, and still closes", () => {
    // 400 tokens, each with holes of its own in every hour.
    const every = { date: "2026-11-22", tokens: 400, cadenceMs: 60_000, seed: 9, noise: 1 };
    const { day } = aDay(every);
    assert.equal(day.gaps.length, 2_000);
    assert.ok(day.leftOut.gaps > 0);
    const smallest = Math.min(
      ...day.gaps.map(({ slots, tokens }) => slots * (tokens === "all" ? 400 : tokens.length)),
    );
    assert.ok(day.leftOut.tokenSlots <= smallest * day.leftOut.gaps);
    assert.deepEqual(sumsOf(day), [day.totals.missing, day.totals.tokenSlots]);
  });
});

/** Missing as its gaps tell it, and expected as its totals do. */
function sumsOf({ gaps, leftOut, totals }: ReturnType<typeof dayOf>): [number, number] {
  const inGaps = gaps.map(
    ({ slots, tokens }) => slots * (tokens === "all" ? totals.tokens : tokens.length),
  );
  const missing = inGaps.reduce((sum, count) => sum + count, leftOut.tokenSlots);
  return [missing, totals.recorded + totals.unchanged + totals.missing];
}

/** The hour without what was missing in all of it. */
function clean(report: ReturnType<typeof anHour>): ReturnType<typeof anHour> {
  const slots = report.slots.expected;
  const span = { from: report.slots.first ?? "", to: report.slots.last ?? "" };
  const until = new Date(Date.parse(report.slots.first ?? "") + hourMs).toISOString();
  return { ...report, gaps: [], clean: [{ ...span, until, slots }] };
}
