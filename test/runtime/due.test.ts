/** Finding the newest slot that came up, held against going through all of them. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { nextSlot, slotsBetween } from "../../runtime/cron.ts";
import { newestDue } from "../../runtime/due.ts";
import { minuteMs } from "../../runtime/time.ts";

const crons = [
  "* * * * * *",
  "*/5 * * * * *",
  "0-20 * * * * *",
  "7 3 * * * *",
  "*/7 9-17 * * 1-5",
  "30 2 * * *",
];

suite("the newest slot due", () => {
  test("is the last of all that came up, and what follows it the first that has not, for any cron, zone and span", () => {
    const cases = fc.record({
      cron: fc.constantFrom(...crons),
      timezone: fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"),
      // Around both changes of the clocks in Europe and America.
      from: fc.integer({
        min: Date.parse("2026-10-24T00:00:00Z"),
        max: Date.parse("2026-11-02T00:00:00Z"),
      }),
      spanMs: fc.integer({ min: 0, max: 20 * minuteMs }),
    });
    fc.assert(
      fc.property(cases, ({ from, spanMs, ...entry }) => {
        const slots = [...slotsBetween(entry, from, from + spanMs + 1)];
        const [first] = slots;
        fc.pre(first !== undefined);
        const now = from + spanMs;
        assert.deepEqual(newestDue(entry, first, now), {
          slot: slots.at(-1),
          next: nextSlot(entry, now),
        });
      }),
      { numRuns: 80, seed: 1 },
    );
  });
});
