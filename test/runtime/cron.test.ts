/**
 * When cron lines fire, above all on the days when clocks change.
 *
 * Method: slots of a span are listed in UTC and compared with what a person would expect on that day.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { checkCron, checkTimezone, nextSlot, slotsBetween } from "../../runtime/cron.ts";
import { dayMs, iso } from "../../runtime/time.ts";

const at = (text: string): number => Date.parse(text);

/** Hours and minutes in UTC. */
function slots(cron: string, timezone: string, from: string, to: string): string {
  return [...slotsBetween({ cron, timezone }, at(from), at(to))]
    .map((slot) => iso(slot).slice(11, 16))
    .join(" ");
}

suite("a slot", () => {
  test("comes strictly after the time asked for, on a whole second", () => {
    const entry = { cron: "*/10 * * * * *", timezone: "UTC" };

    assert.equal(nextSlot(entry, at("2026-11-22T15:00:00.000Z")), at("2026-11-22T15:00:10.000Z"));
    assert.equal(nextSlot(entry, at("2026-11-22T15:00:09.999Z")), at("2026-11-22T15:00:10.000Z"));
    assert.equal(nextSlot(entry, at("2026-11-22T15:00:10.001Z")), at("2026-11-22T15:00:20.000Z"));
  });

  test("falls on second 0 without a sixth field", () => {
    assert.equal(
      nextSlot({ cron: "* * * * *", timezone: "UTC" }, at("2026-11-22T15:00:30Z")),
      at("2026-11-22T15:01:00Z"),
    );
  });

  test("never comes again for a line without a date", () => {
    assert.equal(nextSlot({ cron: "0 0 30 2 *", timezone: "UTC" }, 0), undefined);
  });

  test("belongs to a span that it opens, not to one that it ends", () => {
    assert.equal(
      slots("*/20 * * * *", "UTC", "2026-11-22T15:00:00Z", "2026-11-22T16:00:00Z"),
      "15:00 15:20 15:40",
    );
  });

  test("comes 8,640 times in a day of a 10 s beat", () => {
    const start = at("2026-11-22T00:00:00Z");
    assert.equal(
      [...slotsBetween({ cron: "*/10 * * * * *", timezone: "UTC" }, start, start + dayMs)].length,
      8_640,
    );
  });
});

suite("when clocks go forward", () => {
  const berlin = ["Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T03:00:00Z"] as const;
  const newYork = ["America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T09:00:00Z"] as const;

  test("a time that is skipped fires once, right after the gap", () => {
    assert.equal(slots("30 2 * * *", ...berlin), "01:00");
    assert.equal(slots("30 2 * * *", ...newYork), "07:00");
  });

  test("each time that is written out keeps its fire, two in the gap share one", () => {
    assert.equal(slots("0 1,2 * * *", ...berlin), "00:00 01:00");
    assert.equal(slots("0,30 2 * * *", ...newYork), "07:00");
  });

  test("a beat goes on through the gap", () => {
    assert.equal(slots("30 * * * *", ...berlin), "23:30 00:30 01:30 02:30");
    assert.equal(slots("30 * * * *", ...newYork), "05:30 06:30 07:30 08:30");
  });
});

suite("when clocks go back", () => {
  const berlin = ["Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T03:00:00Z"] as const;
  const newYork = ["America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T09:00:00Z"] as const;

  test("a time that comes twice fires at the first", () => {
    assert.equal(slots("30 2 * * *", ...berlin), "00:30");
    assert.equal(slots("30 1 * * *", ...newYork), "05:30");
    assert.equal(slots("0 1,2 * * *", ...berlin), "23:00 00:00");
  });

  test("a beat goes on through both hours", () => {
    assert.equal(slots("30 * * * *", ...berlin), "22:30 23:30 00:30 01:30 02:30");
    assert.equal(slots("30 * * * *", ...newYork), "04:30 05:30 06:30 07:30 08:30");
  });
});

suite("a cron line is refused:", () => {
  const refused: [string, string][] = [
    ["61 * * * *", "minute must be 0-59"],
    ["* 24 * * *", "hour must be 0-23"],
    ["60 * * * * *", "second must be 0-59"],
    ["0 0 0 * *", "day must be 1-31"],
    ["0 0 1 13 *", "month must be 1-12"],
    ["0 0 * * 8", "weekday must be 0-7 (0 and 7 are Sunday)"],
    ["0 0 31 2 *", "never comes: there is no such date"],
    ["0 0 31 4,6,9,11 *", "never comes: there is no such date"],
    ["* * *", "write 5 fields (minute hour day month weekday), or 6 with the second first"],
    [
      "* * * * * * 2027",
      "write 5 fields (minute hour day month weekday), or 6 with the second first",
    ],
    ["12:30", "write 5 fields (minute hour day month weekday), or 6 with the second first"],
    ["@reboot", 'cannot say "@reboot"; leave cron away and set "atStart": true'],
    ["*/0 * * * *", "illegal stepping: 0"],
  ];
  for (const [cron, problem] of refused) {
    test(cron, () => assert.equal(checkCron(cron, "UTC"), problem));
  }

  test("one in an unknown timezone", () => {
    assert.equal(
      checkCron("* * * * *", "Mars/Olympus"),
      'Mars/Olympus: unknown timezone; write an IANA name, such as "Europe/Berlin"',
    );
  });
});

suite("a cron line is accepted:", () => {
  for (const cron of [
    "* * * * *",
    "*/10 * * * * *",
    "0 0 29 2 *",
    "0 0 L * *",
    "0 9 * * MON-FRI",
    "@hourly",
  ]) {
    test(cron, () => assert.equal(checkCron(cron, "America/New_York"), undefined));
  }
});

suite("a timezone", () => {
  test("that is unknown is refused, with the one that was meant", () => {
    assert.equal(checkTimezone("Europe/Berln"), 'unknown timezone; did you mean "Europe/Berlin"?');
    assert.equal(
      checkTimezone("UCT+1"),
      'unknown timezone; write an IANA name, such as "Europe/Berlin"',
    );
  });

  test("is found whatever its case", () => assert.equal(checkTimezone("europe/berlin"), undefined));
});
