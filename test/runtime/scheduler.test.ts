/**
 * The scheduler's promises about slots: each is run, skipped or counted as missed, once, whatever the clock
 * does.
 *
 * Method: a whole runtime on a virtual clock that can step, or pass without a timer firing, as under a blocked
 * event loop. What happened is read from the journal.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { sleep } from "../../runtime/doors/clock.ts";
import type { Run } from "../../runtime/function.ts";
import { minuteMs, secondMs } from "../../runtime/time.ts";
import { aHouse, slotsOf } from "../support/runtime.ts";

const done = async (): Promise<object> => ({});
const takes8s = (run: Run): Promise<object> => sleep(run.clock, 8 * secondMs).then(() => ({}));
const everyTenSeconds = { poll: { cron: "*/10 * * * * *", timeoutMs: 8_000 } };

suite("a schedule", () => {
  test("fires on the grid of the wall clock, not on the time since the start", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:03.217Z",
      functions: { poll: done },
      schedule: everyTenSeconds,
    });
    await house.start();
    await house.until("15:00:35");

    const began = await house.lines("begin");
    assert.deepEqual(slotsOf(began), ["15:00:10", "15:00:20", "15:00:30"]);
    assert.deepEqual(
      began.map((line) => line.at.slice(17)),
      ["10.000Z", "20.000Z", "30.000Z"],
    );
  });

  test("tells each run its slot, its start, its deadline and its next slot", async (t) => {
    const seen: Partial<Run>[] = [];
    const house = aHouse(t, {
      start: "2026-11-22T15:00:03Z",
      functions: { poll: async (run) => (seen.push(run), {}) },
      schedule: everyTenSeconds,
    });
    await house.start();
    await house.until("15:00:09");
    house.clock.block(3_500);
    await house.until("15:00:13");

    const [run] = seen;
    const slot = Date.parse("2026-11-22T15:00:10Z");
    assert.equal(run?.trigger, "schedule");
    assert.equal(run?.scheduledAt, slot);
    assert.equal(run?.startedAt, slot + 2_500);
    assert.equal(run?.deadlineAt, slot + 2_500 + 8_000);
    assert.equal(run?.nextSlotAt, slot + 10_000);
    const [began] = await house.lines("begin");
    assert.equal(began?.latenessMs, 2_500);
  });

  test("never runs a function twice at once: a slot in between is skipped, with who held it", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: (run) => sleep(run.clock, 25 * secondMs).then(() => ({})) },
      schedule: { poll: { cron: "*/10 * * * * *", timeoutMs: minuteMs } },
    });
    await house.start();
    await house.until("15:00:45");

    const began = await house.lines("begin");
    assert.deepEqual(slotsOf(began), ["15:00:10", "15:00:40"]);
    const skipped = await house.lines("skip");
    assert.deepEqual(slotsOf(skipped), ["15:00:20", "15:00:30"]);
    assert.equal(skipped[0]?.holder?.run, began[0]?.run);
    assert.equal(skipped[0]?.holder?.pid, process.pid);
    assert.equal(skipped[0]?.holder?.trigger, "schedule");
  });

  test("does not fire what is disabled or has no cron", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { off: done, hand: done },
      schedule: { off: { cron: "* * * * * *", enabled: false }, hand: { atStart: false } },
    });
    await house.start();
    await house.until("15:00:10");

    assert.deepEqual(await house.lines("begin"), []);
  });

  test("runs what asks for it once at start, one after the other, without delaying a slot", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { seal: takes8s, offload: takes8s, poll: done },
      schedule: { seal: { atStart: true }, offload: { atStart: true }, ...everyTenSeconds },
    });
    await house.start();
    await house.until("15:00:25");

    const began = (await house.lines("begin")).map(
      (line) => `${line.function} ${line.trigger} ${line.at.slice(14, 19)}`,
    );
    assert.deepEqual(began, [
      "seal start 00:05",
      "poll schedule 00:10",
      "offload start 00:13",
      "poll schedule 00:20",
    ]);
  });

  test("is swapped function by function, and a run keeps its old entry", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: {
        poll: done,
        discover: (run) => sleep(run.clock, 12 * secondMs).then(() => ({})),
      },
      schedule: { ...everyTenSeconds, discover: { cron: "10 * * * * *", timeoutMs: 20_000 } },
    });
    const runtime = await house.start();
    await house.until("15:00:15");
    runtime.apply(
      house.schedules({
        ...everyTenSeconds,
        discover: { cron: "*/30 * * * * *", timeoutMs: 1_000 },
      }),
    );
    await house.until("15:00:31");

    const began = (await house.lines("begin")).map(
      (line) => `${line.function} ${line.scheduled?.slice(14, 19)}`,
    );
    assert.deepEqual(began.sort(), [
      "discover 00:10",
      "discover 00:30",
      "poll 00:10",
      "poll 00:20",
      "poll 00:30",
    ]);
    const [first] = await house
      .lines("end")
      .then((lines) => lines.filter((line) => line.function === "discover"));
    assert.equal(first?.outcome, "ok");
    assert.equal((await house.lines("schedule")).length, 2);
  });
});

suite("a clock that is set", () => {
  test("back by 30 s is waited out: no slot comes up twice", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: done },
      schedule: everyTenSeconds,
    });
    await house.start();
    await house.until("15:00:55");
    house.clock.step(-30 * secondMs);
    await house.until("15:01:15");

    const slots = slotsOf(await house.lines("begin"));
    assert.deepEqual(slots, [
      "15:00:10",
      "15:00:20",
      "15:00:30",
      "15:00:40",
      "15:00:50",
      "15:01:00",
      "15:01:10",
    ]);
  });

  test("back by 2 h fires its slots again, marked repeat, until it is where it was", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: done },
      schedule: { poll: { cron: "*/30 * * * *", timeoutMs: 8_000 } },
    });
    await house.start();
    await house.until("15:31:00");
    house.clock.step(-120 * minuteMs);
    await house.until("16:01:00");

    // An hour lived twice has one file, so the lines come by hour.
    assert.deepEqual(slotsOf(await house.lines("begin")), [
      "14:00:00 repeat",
      "14:30:00 repeat",
      "15:30:00",
      "15:00:00 repeat",
      "15:30:00 repeat",
      "16:00:00",
    ]);
    assert.ok(house.log.messages.includes("the clock stepped back by 2h"));
  });

  test("forward by 2 h runs the newest slot and counts the others, cause clock", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: done },
      schedule: everyTenSeconds,
    });
    await house.start();
    await house.until("15:00:15");
    house.clock.step(120 * minuteMs);
    await house.until("17:00:31");

    const began = await house.lines("begin");
    assert.deepEqual(slotsOf(began), ["15:00:10", "17:00:20", "17:00:30"]);
    const [{ at: _, ...missed } = { at: "" }] = await house.lines("missed");
    assert.deepEqual(missed, {
      kind: "missed",
      function: "poll",
      from: "2026-11-22T15:00:20.000Z",
      to: "2026-11-22T17:00:20.000Z",
      count: 720,
      cause: "clock",
    });
  });

  test("forward by years does not hang on the counting", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: done },
      schedule: { poll: { cron: "* * * * * *" } },
    });
    await house.start();
    await house.until("15:00:07");
    house.clock.step(3_000 * 24 * 60 * minuteMs);
    await house.clock.run(house.clock.now() + 2_500);

    const [missed] = await house.lines("missed");
    assert.equal(missed?.atLeast, true);
    assert.equal(slotsOf(await house.lines("begin")).at(-1), "15:00:09");
  });
});

suite("an event loop that was blocked", () => {
  test("runs the newest slot with its lateness and counts the others, cause late", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: done },
      schedule: everyTenSeconds,
    });
    await house.start();
    await house.until("15:00:15");
    house.clock.block(28 * secondMs);
    await house.until("15:00:51");

    const began = await house.lines("begin");
    assert.deepEqual(slotsOf(began), ["15:00:10", "15:00:40", "15:00:50"]);
    assert.equal(began[1]?.latenessMs, 3_000);
    const [missed] = await house.lines("missed");
    assert.equal(missed?.cause, "late");
    assert.equal(missed?.count, 2);
  });
});

suite("a restart", () => {
  test("between two slots loses none and fires none again", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: done },
      schedule: everyTenSeconds,
    });
    const first = await house.start();
    await house.until("15:00:20.100");
    await house.stop(first);
    house.clock.step(-400);
    await house.start();
    await house.until("15:00:45");

    assert.deepEqual(slotsOf(await house.lines("begin")), [
      "15:00:10",
      "15:00:20",
      "15:00:30",
      "15:00:40",
    ]);
  });

  test("after the clock was set back by 2 h marks what it fires again", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: done },
      schedule: { poll: { cron: "0 * * * *" } },
    });
    const first = await house.start();
    await house.until("16:30:00");
    await house.stop(first);
    house.clock.step(-120 * minuteMs);
    await house.start();
    await house.until("17:30:00");

    const slots = slotsOf(await house.lines("begin"));
    // 15:00 too: the clock had been past it, though nothing was running then.
    assert.deepEqual(slots.sort(), ["15:00:00 repeat", "16:00:00", "16:00:00 repeat", "17:00:00"]);
  });
});
