/**
 * A gap report is believed only if it can be made again: these tests write hours through the real hour log,
 * seal and describe them with the real functions, and ask what gap-report makes of the files.
 *
 * Method: `aRecording()` writes journal and polls as the daemon does, on a grid of 10 minutes; what is
 * missing is left out of it, or damaged on the disk.
 */
import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import gapReport, { type GapReportResult } from "../../functions/gap-report.ts";
import type { GapReport } from "../../functions/coverage/report.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { aRecording } from "./coverage/recording.ts";

suite("gap-report", () => {
  test("finds a clean hour complete, for good once the next hour's journal is sealed", async (t) => {
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T15:00", "2026-11-22T16:50");

    await recording.seal("2026-11-22T16:02:00Z");
    const first = await recording.report("2026-11-22T16:02:00Z");
    assert.deepEqual(
      first.hours.map(({ hour, provisional, coverage }) => [hour, provisional, coverage]),
      [["2026-11-22T15", true, 1]],
    );
    await recording.seal("2026-11-22T17:02:00Z");
    const second = await recording.report("2026-11-22T17:02:00Z");
    assert.deepEqual(
      second.hours.map(({ hour, provisional, coverage }) => [hour, provisional, coverage]),
      [
        ["2026-11-22T15", false, 1],
        ["2026-11-22T16", true, 1],
      ],
    );
    const day = "venue=polymarket/date=2026-11-22";
    assert.deepEqual(
      recording.reports(),
      [
        `${day}/hour=15/vps-1.gaps`,
        `${day}/hour=16/vps-1.gaps.provisional`,
        `${day}/vps-1.gaps.provisional`,
      ].flatMap((name) => [`${name}.json`, `${name}.md`, `${name}.svg`]),
    );
    const report = recording.json("2026-11-22T15");
    assert.deepEqual(report.slots, {
      expected: 6,
      polled: 6,
      clean: 6,
      first: "2026-11-22T15:00:00.000Z",
      last: "2026-11-22T15:50:00.000Z",
    });
    assert.equal(report.totals.recorded, 2);
    assert.equal(report.totals.unchanged, 10);
    assert.match(
      recording.markdown("2026-11-22T15"),
      /\*\*Coverage 100\.00 %\*\*[^]*## Gaps\n\nNone\./,
    );
  });

  test("names an outage across hours, also the hours in which nothing at all was written", async (t) => {
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T15:00", "2026-11-22T15:20");
    await recording.kill("2026-11-22T15:30");
    await recording.start("2026-11-22T18:05");
    await recording.polls("2026-11-22T18:10", "2026-11-22T19:50");
    await recording.seal("2026-11-22T20:02:00Z");

    const { hours } = await recording.report("2026-11-22T20:02:00Z");
    assert.deepEqual(
      hours.map(({ hour, provisional, coverage }) => [hour.slice(11), provisional, coverage]),
      [
        ["15", false, 0.5],
        ["16", false, 0],
        ["17", false, 0],
        ["18", false, 0.833333],
        ["19", true, 1],
      ],
    );
    const silent = recording.json("2026-11-22T16");
    assert.deepEqual(silent.totals.byCause, { "not-running": 12 });
    assert.deepEqual(silent.gaps, [
      {
        from: "2026-11-22T16:00:00.000Z",
        to: "2026-11-22T16:50:00.000Z",
        until: "2026-11-22T17:00:00.000Z",
        slots: 6,
        cause: "not-running",
        tokens: "all",
      },
    ]);
    assert.match(
      recording.markdown("2026-11-22T15"),
      /\| 15:30:00 \| 15:50:00 \| 3 slots, 30m \| not-running: the recorder was not running \| all 2 \|/,
    );
  });

  test("gives the same bytes from a copy of the archive alone", async (t) => {
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T15:00", "2026-11-22T15:10");
    await recording.poll("2026-11-22T15:20", { missing: { "22": "venue-429" } });
    await recording.kill("2026-11-22T15:30");
    await recording.start("2026-11-22T17:05");
    await recording.polls("2026-11-22T17:10", "2026-11-22T18:50");
    await recording.seal("2026-11-22T19:02:00Z");
    await recording.report("2026-11-22T19:02:00Z");
    const made = recording.finals();
    assert.equal(Object.keys(made).length, 9);

    const copy = await aRecording(t);
    cpSync(join(recording.dataFolder, "archive"), join(copy.dataFolder, "archive"), {
      recursive: true,
    });
    await copy.report("2027-01-01T00:00:00Z");
    assert.deepEqual(copy.finals(), made);
  });

  test("says of a named hour whether its final report still holds", async (t) => {
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T15:00", "2026-11-22T16:50");
    await recording.seal("2026-11-22T17:02:00Z");
    await recording.report("2026-11-22T17:02:00Z");
    assert.deepEqual(
      (await recording.report("2026-11-22T17:02:00Z")).hours.map(({ hour }) => hour),
      ["2026-11-22T16"],
    );
    const again = await recording.report("2026-11-22T17:02:00Z", { hour: "2026-11-22T15" });
    assert.equal(again.hours[0]?.provisional, false);

    const path = join(recording.dataFolder, "reports", recording.reports()[0] ?? "");
    writeFileSync(path, readFileSync(path, "utf8").replace('"coverage":1', '"coverage":0'));
    const error = await failureOf(
      recording.report("2026-11-22T17:02:00Z", { hour: "2026-11-22T15" }),
    );
    assert.equal(error.code, "REPORT_DIFFERS");
    assert.equal(error.exit, "findings");
  });

  test("finds a damaged poll from the bytes that are left", async (t) => {
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T15:00", "2026-11-22T15:20");
    const damageAt = recording.openBytes("2026-11-22T15");
    await recording.poll("2026-11-22T15:30", { books: { "11": "{}" } });
    const damageEnd = recording.openBytes("2026-11-22T15");
    await recording.poll("2026-11-22T15:40");
    await recording.poll("2026-11-22T15:50", { books: { "22": "[]" } });
    await recording.polls("2026-11-22T16:00", "2026-11-22T16:50");
    recording.damage("2026-11-22T15", (damageAt + damageEnd) >> 1);
    await recording.seal("2026-11-22T17:02:00Z");
    await recording.report("2026-11-22T17:02:00Z");
    assert.deepEqual(gapsOf(recording.json("2026-11-22T15")), [
      ["15:30", 3, "damaged", [0]],
      ["15:30", 2, "damaged", [1]],
    ]);
  });

  test("finds a late poll of the hour in the next one's file", async (t) => {
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T15:00", "2026-11-22T15:40");
    await recording.close("2026-11-22T15");
    await recording.poll("2026-11-22T15:50", { missing: { "11": "late" } });
    await recording.polls("2026-11-22T16:00", "2026-11-22T17:50");
    await recording.seal("2026-11-22T18:02:00Z");
    await recording.report("2026-11-22T18:02:00Z");
    const report = recording.json("2026-11-22T15");
    assert.deepEqual(gapsOf(report), [["15:50", 1, "late", [0]]]);
    assert.equal(report.polls.late, 1);
    assert.equal(report.totals.recorded, 3);
    // The late poll lies in that hour's file, and must not count for it.
    const next = recording.json("2026-11-22T16");
    assert.equal(next.totals.recorded + next.totals.unchanged, 12);
    assert.equal(next.totals.coverage, 1);
  });

  test("expects nothing of polls by hand, and reports them", async (t) => {
    const recording = await aRecording(t, { daemon: false });
    await recording.poll("2026-11-22T15:01", { byHand: true });
    await recording.poll("2026-11-22T15:02", { byHand: true });
    await recording.seal("2026-11-22T17:00:00Z");
    const { hours } = await recording.report("2026-11-22T15:03:00Z");
    assert.deepEqual(
      hours.map(({ hour, coverage, expected }) => [hour, coverage, expected]),
      [["2026-11-22T15", null, 0]],
    );
    const report = recording.json("2026-11-22T15", true);
    assert.equal(report.polls.byHand, 2);
    assert.equal(report.totals.tokens, 2);
    assert.match(
      recording.markdown("2026-11-22T15", true),
      /No poll was due\.[^]*Run by hand, and filling no slot: 2 polls\./,
    );
  });

  test("holds no slot against the recorder that is not over yet", async (t) => {
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T15:00", "2026-11-22T15:20");
    await recording.seal("2026-11-22T17:02:00Z");
    // Sealed long before its end, as only `--as-of` can do.
    await recording.report("2026-11-22T17:02:00Z", {}, "2026-11-22T15:21:00Z");
    const report = recording.json("2026-11-22T15", true);
    assert.equal(report.slots.expected, 3);
    assert.equal(report.totals.coverage, 1);
  });

  test("is not misled by hours that were pruned", async (t) => {
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T15:00", "2026-11-22T18:50");
    await recording.seal("2026-11-22T19:02:00Z");
    const pruned = join(
      recording.dataFolder,
      "archive",
      "venue=polymarket/stream=books/date=2026-11-22/hour=16",
    );
    rmSync(pruned, { recursive: true });
    const { hours } = await recording.report("2026-11-22T19:02:00Z");
    assert.deepEqual(
      hours.map(({ hour }) => hour.slice(11)),
      ["15", "17", "18"],
    );
  });

  test("refuses an hour that it cannot know, and says what to type", async (t) => {
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T15:00", "2026-11-22T15:20");
    const open = await failureOf(
      recording.report("2026-11-22T16:02:00Z", { hour: "2026-11-22T15" }),
    );
    assert.equal(open.code, "HOUR_NOT_SEALED");
    assert.match(open.next ?? "", /seal-hour/);
    const unknown = await failureOf(
      recording.report("2026-11-22T16:02:00Z", { hour: "2020-01-01T00" }),
    );
    assert.equal(unknown.code, "HOUR_UNKNOWN");
  });

  test("goes on with the other hours when one cannot be read", async (t) => {
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T15:00", "2026-11-22T17:50");
    await recording.seal("2026-11-22T18:02:00Z");
    writeFileSync(
      join(
        recording.dataFolder,
        "archive/venue=polymarket/stream=books/date=2026-11-22/hour=15/vps-1.index.json.gz",
      ),
      "not an index",
    );
    const error = await failureOf(recording.report("2026-11-22T18:02:00Z"));
    assert.equal(error.code, "INDEX_DAMAGED");
    assert.match(error.details.join(), /2026-11-22T15: /);
    assert.deepEqual(
      (error.result as GapReportResult).hours.map(({ hour }) => hour.slice(11)),
      ["16", "17"],
    );
  });

  test("sums up in a few lines", () => {
    const hour = {
      hour: "2026-11-22T15",
      provisional: true,
      coverage: 0.98765,
      expected: 1,
      missing: 1_234,
      unknown: 0,
    };
    const text = gapReport.summary({
      hours: [{ ...hour, gaps: 2, findings: 0, report: "reports/x.md", labels: [] }],
      days: [],
      labelPages: [],
      lost: [],
      left: 0,
    });
    assert.equal(
      text,
      "1 hour reported, 1 provisional\n" +
        "2026-11-22T15Z  coverage 98.76 %, 2 gaps, 1,234 token slots missing, provisional  reports/x.md",
    );
  });
});

function gapsOf({ gaps }: GapReport): unknown[] {
  return gaps.map(({ from, slots, cause, tokens }) => [from.slice(11, 16), slots, cause, tokens]);
}

async function failureOf(failing: Promise<unknown>): Promise<OperatorError> {
  try {
    await failing;
  } catch (error) {
    if (error instanceof OperatorError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}
