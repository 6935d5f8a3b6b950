/** Durations and instants as people write them. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as v from "valibot";
import { duration, instant } from "../../runtime/time.ts";

suite("a duration", () => {
  test("is a number and a unit", () => {
    assert.equal(v.parse(duration, "90s"), 90_000);
    assert.equal(v.parse(duration, "1.5h"), 5_400_000);
    assert.equal(v.parse(duration, "250ms"), 250);
  });

  test("in other words is refused with how to write it", () => {
    assert.throws(() => v.parse(duration, "5 minutes"), {
      message: '"5 minutes": write a number and a unit (ms, s, m, h, d), such as "5m"',
    });
  });
});

suite("an instant", () => {
  const meant: [string, string][] = [
    ["2026-11-22", "2026-11-22T00:00:00.000Z"],
    ["2026-11-22T15", "2026-11-22T15:00:00.000Z"],
    ["2026-11-22T15:04", "2026-11-22T15:04:00.000Z"],
    ["2026-11-22T15:04:05.678", "2026-11-22T15:04:05.678Z"],
    ["2026-11-22T15:04:05Z", "2026-11-22T15:04:05.000Z"],
    ["2026-11-22T15:00-05:00", "2026-11-22T20:00:00.000Z"],
  ];
  for (const [text, iso] of meant) {
    test(`${text} is ${iso}`, () => assert.equal(v.parse(instant, text), Date.parse(iso)));
  }

  for (const text of [
    "yesterday",
    "2026-02-30",
    "2026-13-01",
    "2026-11-22 15:00",
    "2026-11-22T25:00",
    "1",
    "",
  ]) {
    test(`"${text}" is refused`, () => {
      assert.throws(() => v.parse(instant, text), {
        message: 'write a UTC time, such as "2026-11-22T15:00:00Z"',
      });
    });
  }
});
