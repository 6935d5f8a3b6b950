/**
 * The journal's promises: lines in order, together where they come together, kept where the disk takes none,
 * and never in the way of what they tell of.
 *
 * Method: a stream of hours in memory whose appends the test lets succeed, fail or take their time.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Compose, Tail } from "../../runtime/hours/hour-log.ts";
import { type Journal, createJournal } from "../../runtime/journal.ts";
import { type NewLine, parseJournalLine } from "../../runtime/journal-lines.ts";
import { secondMs } from "../../runtime/time.ts";
import { testLog } from "../support/runtime.ts";
import { type VirtualClock, virtualClock } from "../support/virtual-clock.ts";

interface Disk {
  clock: VirtualClock;
  journal: Journal;
  /** What each append wrote, as `kind` or `kind name`. */
  members: string[][];
  /** Whether appends fail from now on. */
  isFull: boolean;
  /** Lets the appends under way go on. */
  release(): void;
  isSlow: boolean;
  /** Someone else opened the hour. */
  isOpened: boolean;
}

function aDisk(by: "daemon" | "hand" = "daemon"): Disk {
  const clock = virtualClock({ start: Date.parse("2026-11-22T15:00:00Z") });
  let waiting: (() => void)[] = [];
  const hours = new Set<string>();
  const disk: Omit<Disk, "journal"> = {
    clock,
    members: [],
    isFull: false,
    isSlow: false,
    isOpened: false,
    release() {
      for (const resolve of waiting) resolve();
      waiting = [];
    },
  };
  async function append(hour: string, compose: Compose) {
    const lines = [
      ...(await compose({ hour, isFirst: !hours.has(hour) && !disk.isOpened } as Tail)),
    ];
    if (disk.isSlow) await new Promise<void>((resolve) => waiting.push(resolve));
    if (disk.isFull) throw new Error("no space left");
    hours.add(hour);
    disk.members.push(
      lines.map((bytes) => {
        const line = parseJournalLine(bytes);
        assert.ok(line, bytes.toString());
        return "function" in line ? `${line.kind} ${line.function}` : line.kind;
      }),
    );
    return { hour } as Awaited<ReturnType<Parameters<typeof createJournal>[0]["hours"]["append"]>>;
  }
  return Object.assign(disk, {
    journal: createJournal({ clock, hours: { append }, log: testLog(), by }),
  });
}

function begin(name: string): NewLine {
  return {
    kind: "begin",
    run: `run-${name}`,
    function: name,
    trigger: "schedule",
    scheduled: null,
    latenessMs: 0,
  };
}

const schedule = { revision: "0123456789ab", functions: {} };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

suite("the journal", () => {
  test("writes lines that come while the disk is at work together, in order", async () => {
    const disk = aDisk();
    disk.isSlow = true;
    void disk.journal.write(begin("a"));
    await settle();
    void disk.journal.write(begin("b"));
    void disk.journal.write(begin("c"));
    disk.release();
    await settle();
    disk.release();
    await settle();

    assert.deepEqual(disk.members, [["begin a"], ["begin b", "begin c"]]);
  });

  test("says that a line is durable only when it is", async () => {
    const disk = aDisk();
    disk.isSlow = true;
    let isDurable: boolean | undefined;
    void disk.journal.write(begin("a")).then((said) => (isDurable = said));
    await settle();
    assert.equal(isDurable, undefined);
    disk.release();
    await settle();
    assert.equal(isDurable, true);
  });

  test("keeps lines that the disk does not take, says so, and writes them when it does", async () => {
    const disk = aDisk();
    disk.isFull = true;
    assert.equal(await disk.journal.write(begin("a")), false);
    assert.equal(await disk.journal.write(begin("b")), false);
    disk.isFull = false;
    await disk.clock.run(disk.clock.now() + 5 * secondMs);

    assert.deepEqual(disk.members, [["begin a", "begin b"]]);
  });

  test("keeps so many and no more, and says how many are lost", async () => {
    const disk = aDisk();
    disk.isFull = true;
    for (let count = 0; count < 10_003; count += 1) void disk.journal.write(begin(String(count)));
    await settle();
    disk.isFull = false;
    await disk.clock.run(disk.clock.now() + 5 * secondMs);

    assert.deepEqual(disk.members[0]?.slice(0, 2), ["unwritten", "begin 3"]);
    assert.equal(disk.members.flat().length, 10_001);
  });

  test("opens each hour with the schedule in force, once", async () => {
    const disk = aDisk();
    await disk.journal.inForce(schedule, true);
    await disk.journal.write(begin("a"));
    await disk.clock.run(Date.parse("2026-11-22T16:00:00Z"));
    await disk.journal.write(begin("b"));
    await disk.journal.write(begin("c"));

    assert.deepEqual(disk.members, [
      ["schedule"],
      ["begin a"],
      ["schedule", "begin b"],
      ["begin c"],
    ]);
  });

  test("of a run by hand leaves an hour that is open as it is", async () => {
    const disk = aDisk("hand");
    disk.isOpened = true;
    await disk.journal.inForce(schedule, false);
    await disk.journal.write(begin("a"));

    assert.deepEqual(disk.members, [["begin a"]]);
  });

  test("puts lines of two hours into two hours", async () => {
    const disk = aDisk();
    disk.isFull = true;
    await disk.journal.write(begin("a"));
    await disk.clock.run(Date.parse("2026-11-22T16:00:00Z"));
    disk.isFull = false;
    await disk.journal.write(begin("b"));

    assert.deepEqual(disk.members, [["begin a"], ["begin b"]]);
  });

  test("ends with what it can write, and waits for a hanging disk no longer than 5 s", async () => {
    const disk = aDisk();
    disk.isSlow = true;
    void disk.journal.write(begin("a"));
    const before = disk.clock.now();
    await disk.clock.runUntil(disk.journal.close());
    assert.equal(disk.clock.now() - before, 5 * secondMs);
  });
});
