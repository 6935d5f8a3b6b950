/**
 * One cause for a slot without a poll, whatever else was going on. The stories of account.test.ts mix
 * everything; here are the cases in which two things could be blamed, and start and stop to the second.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { BooksEvidence, Poll } from "../../../functions/coverage/evidence.ts";
import { slotCauses } from "../../../functions/coverage/slot-cause.ts";
import type { JournalLine } from "../../../runtime/journal-lines.ts";
import { iso, secondMs } from "../../../runtime/time.ts";
import { at, line, startLines } from "./story.ts";

function begin(slot: number, run = `r${slot}`, more: object = {}): JournalLine {
  const about = {
    run,
    function: "snapshot-poll",
    trigger: "schedule",
    scheduled: iso(at(slot)),
    ...more,
  };
  return line({ kind: "begin", ...about, latenessMs: 2 }, at(slot, 2));
}

function end(slot: number, outcome: string, code?: string): JournalLine {
  const about = {
    run: `r${slot}`,
    function: "snapshot-poll",
    trigger: "schedule",
    scheduled: iso(at(slot)),
  };
  return line(
    { kind: "end", ...about, outcome, tookMs: 9, ...(code === undefined ? {} : { code }) },
    at(slot, 11),
  );
}

function causeAt(slot: number, journal: JournalLine[], books?: BooksEvidence): string {
  return slotCauses(
    [...startLines(at(-20)), begin(-1), end(-1, "ok"), ...journal],
    books,
  )(at(slot));
}

function poll(number: number, slot: number): Poll {
  const missing = { missingRows: new Uint32Array(), missingStates: new Uint8Array() };
  return { number, slot: at(slot), started: at(slot), watch: "w1", ...missing };
}

suite("the cause of a slot without a poll", () => {
  test("is that the run was killed, also before the daemon comes back and says so", () => {
    const dead = [begin(0)];
    assert.equal(causeAt(0, dead), "not-running");
    const interrupted = {
      kind: "interrupted",
      run: "r0",
      function: "snapshot-poll",
      began: iso(at(0)),
      scheduled: iso(at(0)),
    };
    assert.equal(
      causeAt(0, [...dead, ...startLines(at(9)), line(interrupted, at(9, 5)), begin(10)]),
      "not-running",
    );
  });

  test("is unknown where a run has no end and its daemon went on", () => {
    assert.equal(causeAt(0, [begin(0), begin(1), end(1, "ok")]), "unknown");
  });

  test("is that nothing ran, from the last slot that was fired to the first one after the start", () => {
    const journal = [
      begin(0),
      end(0, "ok"),
      line({ kind: "stop", reason: "SIGTERM" }, at(3)),
      ...startLines(at(5, -secondMs)),
    ];
    const back = [...journal, begin(6)];
    for (const slot of [1, 2, 3, 4])
      assert.equal(causeAt(slot, back), "not-running", `slot ${slot}`);
    // A start may take until just after the slot.
    assert.equal(causeAt(5, back), "not-running");
    assert.equal(causeAt(7, [...back, begin(8)]), "unknown");
  });

  test("is that nothing ran, where the daemon never came back", () => {
    assert.equal(causeAt(5, [begin(0), end(0, "ok")]), "not-running");
  });

  test("is not that nothing ran, while other functions were fired", () => {
    const other = line({ ...begin(5), function: "discover", run: "d1" }, at(5, 3));
    assert.equal(causeAt(3, [begin(0), end(0, "ok"), other]), "unknown");
  });

  test("does not take a run by hand for a sign of life", () => {
    const byHand = begin(5, "h1", { trigger: "hand", scheduled: null });
    assert.equal(causeAt(3, [begin(0), end(0, "ok"), byHand]), "not-running");
  });

  test("comes from the slot's own run before anything said of its time", () => {
    const span = {
      kind: "missed",
      function: "snapshot-poll",
      from: iso(at(0)),
      to: iso(at(4)),
      count: 5,
      cause: "clock",
    };
    const journal = [line(span, at(4)), begin(2), end(2, "failed", "DISK_FULL")];
    assert.equal(causeAt(2, journal), "disk");
    assert.equal(causeAt(3, journal), "clock");
  });

  test("is not taken from another function's slots", () => {
    const span = {
      kind: "missed",
      function: "discover",
      from: iso(at(0)),
      to: iso(at(4)),
      count: 5,
      cause: "clock",
    };
    assert.equal(causeAt(2, [begin(0), end(0, "ok"), line(span, at(4)), begin(5)]), "unknown");
  });

  test("is the hole in the books for a poll without a book, which was on record", () => {
    const books: BooksEvidence = {
      polls: [poll(100_002, 4)],
      lost: [{ kind: "lost", after: 100_000, before: 100_002 }],
      lastWatch: "w1",
      slots: new Map(),
      written: new Map(),
    };
    assert.equal(causeAt(3, [begin(3), end(3, "failed", "NO_BOOKS"), begin(9)], books), "damaged");
  });

  test("is the hole in the books for a run that ended well, and only there", () => {
    const books: BooksEvidence = {
      polls: [poll(100_001, 0), poll(100_002, 1), poll(100_004, 5)],
      lost: [{ kind: "lost", after: 100_002, before: 100_004 }],
      lastWatch: "w1",
      slots: new Map(),
      written: new Map(),
    };
    const journal = [3, 4, 7].flatMap((slot) => [
      begin(slot),
      end(slot, slot === 4 ? "aborted" : "ok"),
    ]);
    assert.equal(causeAt(3, [...journal, begin(9)], books), "damaged");
    assert.equal(causeAt(4, [...journal, begin(9)], books), "not-running");
    assert.equal(causeAt(7, [...journal, begin(9)], books), "unknown");
  });
});
