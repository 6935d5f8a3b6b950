/** An edit in words: what a person sees in the log the moment that a `schedules.json` is saved. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { frequency, paceOf } from "../../runtime/cron-words.ts";
import { describeChanges } from "../../runtime/schedule-changes.ts";
import { schedules } from "../support/runtime.ts";

type Entry = NonNullable<Parameters<typeof schedules>[0][string]>;

function changes(before: Entry | undefined, after: Entry | undefined): string[] {
  const of = (entry: Entry | undefined) => schedules(entry === undefined ? {} : { poll: entry });
  return describeChanges(of(before), of(after));
}

const tenSeconds = { cron: "*/10 * * * * *" };

suite("an edit", () => {
  const told: [string, Entry | undefined, Entry | undefined, string[]][] = [
    ["of nothing is nothing", tenSeconds, { ...tenSeconds }, []],
    [
      "of the pace",
      tenSeconds,
      { cron: "*/5 * * * * *" },
      ["poll: every 10 s -> every 5 s; 8,640 -> 17,280 runs a day"],
    ],
    [
      "of the minute alone",
      { cron: "2 * * * *" },
      { cron: "5 * * * *" },
      ['poll: "2 * * * *" -> "5 * * * *"'],
    ],
    [
      "of the time of day",
      { cron: "50 3 * * *" },
      { cron: "20 4 * * *" },
      ["poll: at 03:50 -> at 04:20"],
    ],
    [
      "of the days",
      { cron: "0 4 * * *" },
      { cron: "0 4 * * 1" },
      ['poll: at 04:00 -> "0 4 * * 1"; 1 run a day -> 1 run a week'],
    ],
    [
      "of the timezone",
      { cron: "0 4 * * *" },
      { cron: "0 4 * * *", timezone: "Europe/Berlin" },
      ["poll: at 04:00 -> at 04:00 Europe/Berlin"],
    ],
    ["that disables", tenSeconds, { ...tenSeconds, enabled: false }, ["poll: disabled"]],
    ["that enables", { ...tenSeconds, enabled: false }, tenSeconds, ["poll: enabled"]],
    [
      "of several things",
      { ...tenSeconds, timeoutMs: 9_000, input: { batch: 500, concurrency: 2 } },
      { ...tenSeconds, timeoutMs: 5_000, input: { batch: 250, concurrency: 2 }, atStart: true },
      ["poll: timeout 9 s -> 5 s; runs at start, too; input batch 500 -> 250"],
    ],
    ["that adds", undefined, tenSeconds, ["poll: added; every 10 s; 8,640 runs a day"]],
    ["that removes", tenSeconds, undefined, ["poll: removed: by hand only"]],
    ["that takes cron away", tenSeconds, {}, ["poll: every 10 s -> by hand only"]],
    ["that gives cron", {}, { cron: "@daily" }, ["poll: at 00:00; 1 run a day"]],
  ];
  for (const [what, before, after, lines] of told)
    test(what, () => assert.deepEqual(changes(before, after), lines));

  test("is told as docs/operations.md shows it", () => {
    const before = { "snapshot-poll": tenSeconds, discover: { input: { marketsMax: 500 } } };
    const after = {
      "snapshot-poll": { cron: "*/5 * * * * *" },
      discover: { input: { marketsMax: 200 } },
    };
    const lines = describeChanges(schedules(before), schedules(after));
    const page = readFileSync(join(import.meta.dirname, "../../docs/operations.md"), "utf8");
    const said = ["schedules.json is in force: 2 changes", ...lines].join("\n");
    assert.ok(page.includes(`\`\`\`text\n${said}\n\`\`\``), said);
  });
});

suite("a cron line", () => {
  const paces: [string, string, number | undefined][] = [
    ["* * * * * *", "every 1 s", 86_400],
    ["*/10 * * * * *", "every 10 s", 8_640],
    ["3 */10 * * * *", "every 10m", 144],
    ["5,20,35,50 * * * *", "every 15m", 96],
    ["25 * * * *", "every 1h", 24],
    ["0 */6 * * *", "every 6h", 4],
    ["50 3 * * *", "at 03:50", 1],
    ["*/7 * * * *", '"*/7 * * * *"', 216],
    ["*/10 8-17 * * *", '"*/10 8-17 * * *"', 60],
    ["0 0 L * *", '"0 0 L * *"', 12 / 365],
  ];
  for (const [cron, words, runsADay] of paces) {
    test(`${cron} is ${words}`, () => {
      const pace = paceOf({ cron, timezone: "UTC" });
      assert.deepEqual(pace, { words, runsADay });
    });
  }

  test("fires so many times a day, a week or a year", () => {
    assert.equal(frequency(17_280), "17,280 runs a day");
    assert.equal(frequency(2 / 7), "2 runs a week");
    assert.equal(frequency(1 / 365), "1 run a year");
  });
});
