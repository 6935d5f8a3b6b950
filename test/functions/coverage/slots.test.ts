/** Every coverage figure divides by these slots, so each rule of what was due is a test of its own. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { expectedSlots } from "../../../functions/coverage/slots.ts";
import { iso, minuteMs } from "../../../runtime/time.ts";
import { from, scheduleLine, to } from "./story.ts";

const hour = { from, to, asOf: Infinity };
const every10 = { cron: "*/10 * * * *" };
const every20 = { cron: "*/20 * * * *" };
const before = from - 5 * minuteMs;

function due(journal: Parameters<typeof expectedSlots>[0], within = hour): string[] {
  return expectedSlots(journal, within).slots.map((slot) => iso(slot).slice(14, 16));
}

suite("expected slots", () => {
  test("follow the schedule that reaches into the hour", () => {
    assert.deepEqual(due([scheduleLine(before, every10)]), ["00", "10", "20", "30", "40", "50"]);
  });

  test("begin with the first schedule ever, after its line", () => {
    const slots = due([scheduleLine(from + 20 * minuteMs, every10)]);
    assert.deepEqual(slots, ["30", "40", "50"]);
  });

  test("change with the schedule; a slot on the moment of the change is the old one's", () => {
    const journal = [scheduleLine(before, every10), scheduleLine(from + 30 * minuteMs, every20)];
    assert.deepEqual(due(journal), ["00", "10", "20", "30", "40"]);
  });

  test("end where polls are disabled, taken off the schedule, or by hand only", () => {
    const at = from + 25 * minuteMs;
    for (const off of [{ enabled: false }, { cron: null }]) {
      assert.deepEqual(due([scheduleLine(before, every10), scheduleLine(at, off)]), [
        "00",
        "10",
        "20",
      ]);
    }
    const absent = { ...scheduleLine(at), functions: {} } as ReturnType<typeof scheduleLine>;
    assert.deepEqual(due([scheduleLine(before, every10), absent]), ["00", "10", "20"]);
  });

  test("are not what a run by hand found in its schedules.json", () => {
    const byHand = scheduleLine(from + minuteMs, every20, "hand");
    assert.deepEqual(due([scheduleLine(before, every10), byHand]).length, 6);
    assert.deepEqual(expectedSlots([byHand], hour), { slots: [], isKnown: false });
  });

  test("are read by time where a clock that was set back has left lines out of order", () => {
    const journal = [scheduleLine(from + 30 * minuteMs, every20), scheduleLine(before, every10)];
    assert.deepEqual(due(journal), ["00", "10", "20", "30", "40"]);
  });

  test("count once the longest run of them is over", () => {
    const asOf = from + 20 * minuteMs + 59_000;
    assert.deepEqual(due([scheduleLine(before, every10)], { ...hour, asOf }), ["00", "10"]);
  });

  test("keep to the timezone of the schedule", () => {
    const entry = { cron: "30 20 * * *", timezone: "Asia/Kolkata" };
    assert.deepEqual(due([scheduleLine(before, entry)]), ["00"]);
  });
});
