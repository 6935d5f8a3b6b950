/** The report of a soak tells of what ran, and of nothing that came after it: made-up notes, no process, no time. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { hourMs, secondMs } from "../../runtime/time.ts";
import { temporaryFolder } from "../support/folder.ts";
import { revisionNow } from "./head.ts";
import { type Places, placesIn } from "./places.ts";
import { takePlan } from "./plan.ts";
import { finishedReport, leftMs, publish } from "./publish.ts";
import { type Note, appendNote } from "./records.ts";
import { firedBy } from "./schedules.ts";

const start = Date.parse("2026-11-22T00:00:00.500Z");
const minutes = 3;

interface Written {
  places: Places;
  plan: ReturnType<typeof takePlan>;
  add(...notes: [afterMs: number, note: Note][]): void;
}

/** Watched for so long, of three minutes. */
function written(t: TestContext, watchedMs: number): Written {
  const folder = temporaryFolder(t);
  const places = placesIn(folder);
  const plan = takePlan(folder, { wantedHours: minutes / 60, everySeconds: 2 });
  const add: Written["add"] = (...notes) => {
    for (const [afterMs, note] of notes) appendNote(places.notes, start + afterMs, note);
  };
  add([-1, { kind: "watch" }], [0, { kind: "start", pid: 7, revision: "aaaa" }]);
  for (let after = 10 * secondMs; after <= watchedMs; after += 10 * secondMs)
    add([after, { kind: "sample", pid: 7, rssKB: 1_024, fds: 30 }]);
  return { places, plan, add };
}

const full = minutes * 60 * secondMs;
const rest = { kind: "rest" } as const;
const exit = { kind: "exit", pid: 7, code: 0, wanted: true } as const;

suite("the revision on the report of a soak", () => {
  test("is that which ran, whatever is checked out now", async (t) => {
    const { places, plan } = written(t, full);
    assert.equal((await publish(places, plan))?.soak.software.revision, "aaaa");
    assert.notEqual(revisionNow(), "aaaa");
  });

  test("is all of them where there were more, the oldest first", async (t) => {
    const { places, plan, add } = written(t, full);
    for (const [nth, revision] of ["bbbb and changes", "aaaa", undefined].entries())
      add([full + nth, { kind: "start", pid: 8, ...(revision && { revision }) }]);
    const { software } = (await publish(places, plan))?.soak ?? {};
    assert.equal(software?.revision, "aaaa, bbbb and changes, not noted");
  });
});

test("what is fired is what the soak was begun with, whatever schedules.json says now", (t) => {
  const { places } = written(t, full);
  writeFileSync(
    places.schedules,
    JSON.stringify({ poll: { cron: "*/2 * * * * *" }, off: { cron: "* * * * *", enabled: false } }),
  );
  takePlan(join(places.plan, ".."), {});
  assert.deepEqual(
    [...firedBy(places.schedules)],
    [["poll", { cron: "*/2 * * * * *", timezone: "UTC" }]],
  );
});

suite("a soak is finished", () => {
  test("once its hours are full and it was reported after its end", async (t) => {
    const { places, plan, add } = written(t, full);
    assert.equal(leftMs(places, plan), 0);
    assert.equal(finishedReport(places, plan), undefined, "without a report");
    await publish(places, plan);
    assert.equal(finishedReport(places, plan), undefined, "it was killed at its last look");
    add([full + 1, rest], [full + 20, exit]);
    assert.equal(finishedReport(places, plan), undefined, "its report is from before its end");
    await publish(places, plan);
    const text = readFileSync(places.json, "utf8");
    assert.deepEqual(finishedReport(places, plan), JSON.parse(text));
  });

  test("not where it was interrupted, or wants more hours than it had", async (t) => {
    const { places, plan, add } = written(t, full - 10 * secondMs);
    add([full - 9_000, rest], [full - 8_000, exit]);
    await publish(places, plan);
    assert.equal(finishedReport(places, plan), undefined);
    const longer = written(t, full);
    longer.add([full + 1, rest], [full + 20, exit]);
    await publish(longer.places, longer.plan);
    assert.equal(finishedReport(longer.places, { ...longer.plan, wantedHours: 1 }), undefined);
    assert.equal(Math.round(leftMs(longer.places, { ...longer.plan, wantedHours: 1 }) / hourMs), 1);
  });
});
