/**
 * `npm run status -- --why NAME`: what happened to each slot, in words, from the journal alone.
 *
 * Method: runtimes on a virtual clock and a disk in memory live through everything that can happen to a slot;
 * the command is called as a person does, and its text compared.
 */
import assert from "node:assert/strict";
import { type TestContext, suite, test } from "node:test";
import { sleep } from "../../runtime/doors/clock.ts";
import { OperatorError } from "../../runtime/errors.ts";
import type { Run } from "../../runtime/function.ts";
import { minuteMs, secondMs } from "../../runtime/time.ts";
import { MemoryDisk } from "../support/memory-files.ts";
import { type House, aHouse } from "../support/runtime.ts";
import { sayStatus } from "../support/say-status.ts";

const everyTen = { poll: { cron: "*/10 * * * * *" } };

function inMemory(
  t: TestContext,
  poll: (run: Run) => Promise<object>,
  schedule: Parameters<typeof aHouse>[1]["schedule"] = everyTen,
): House {
  const files = new MemoryDisk().process().files;
  const functions = { poll, other: async () => ({}) };
  return aHouse(t, { start: "2026-11-22T15:00:05Z", functions, schedule, files });
}

/** What the command prints, without run ids and pids. */
async function why(house: House, ...args: string[]): Promise<string[]> {
  const { exit, out, error } = await sayStatus(house, ["--why", "poll", ...args]);
  assert.equal(exit, 0, error);
  return out
    .replaceAll(String(process.pid), "PID")
    .replaceAll(/\d{8}T\d{9}-\w{6}/g, "RUN")
    .split("\n");
}

const slots = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith("  ")).map((line) => line.trim());

suite("why", () => {
  test("says how each run ended, and what comes next", async (t) => {
    let runs = 0;
    const house = inMemory(t, async (run) => {
      runs += 1;
      if (runs === 2) throw new OperatorError("NO_BOOKS", { message: "not one of 12 books came" });
      await sleep(run.clock, 1_500, run.signal);
      return { books: 12 };
    });
    await house.start();
    await house.until("15:00:40.500");

    assert.deepEqual(await why(house), [
      "poll, around 2026-11-22T15:00:40Z: every 10 s",
      "",
      '  2026-11-22T15:00:10Z  ok in 1.5 s: {"books":12}',
      "  2026-11-22T15:00:20Z  failed [NO_BOOKS] after 0 ms: not one of 12 books came",
      '  2026-11-22T15:00:30Z  ok in 1.5 s: {"books":12}',
      "  2026-11-22T15:00:40Z  running",
      "",
      "The journal was read back to 2026-11-22T15:00:05Z.",
      "Next: 2026-11-22T15:00:50Z, in 9.5 s.",
      "",
    ]);
  });

  test("names who held the function when a slot was skipped", async (t) => {
    const house = inMemory(t, (run) => sleep(run.clock, 12 * secondMs).then(() => ({})));
    await house.start();
    await house.until("15:00:25");

    assert.equal(
      slots(await why(house))[1],
      "2026-11-22T15:00:20Z  skipped: held by the daemon (pid PID, run RUN) since 2026-11-22T15:00:10.000Z",
    );
  });

  test("tells a stop from a death, and counts the slots between as one", async (t) => {
    const disk = new MemoryDisk();
    const options = {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: (run: Run) => sleep(run.clock, 2 * secondMs).then(() => ({})) },
      schedule: everyTen,
    };
    const first = disk.process();
    const house = aHouse(t, { ...options, files: first.files });
    const { dataFolder, clock } = house;
    await house.stop(await house.start());
    clock.step(minuteMs);
    await house.start();
    await house.until("15:01:21");
    first.kill();

    const start = new Date(clock.now() + minuteMs).toISOString();
    const after = aHouse(t, { ...options, start, dataFolder, files: disk.process().files });
    await after.start();
    await after.until("15:02:31");

    assert.deepEqual(slots(await why(after)), [
      "2026-11-22T15:00:10Z to 15:01:00Z  6 slots missed: the runtime was not running (stopped at 2026-11-22T15:00:05Z (SIGTERM), started at 2026-11-22T15:01:05Z)",
      "2026-11-22T15:01:10Z               ok in 2 s: {}",
      "2026-11-22T15:01:20Z               interrupted: the process died under it",
      "2026-11-22T15:01:30Z to 15:02:20Z  6 slots missed: the runtime was not running (died after 2026-11-22T15:01:20Z, started at 2026-11-22T15:02:21Z)",
      "2026-11-22T15:02:30Z               running",
    ]);
  });

  test("tells a clock set forward from a loop that was blocked", async (t) => {
    const house = inMemory(t, async () => ({}));
    await house.start();
    await house.until("15:00:15");
    house.clock.step(30 * secondMs);
    await house.until("15:00:51");
    house.clock.block(25 * secondMs);
    await house.until("15:01:21");

    assert.deepEqual(slots(await why(house)), [
      "2026-11-22T15:00:10Z               ok in 0 ms: {}",
      "2026-11-22T15:00:20Z to 15:00:40Z  3 slots missed: the clock was set forward over it, or the machine was suspended",
      "2026-11-22T15:00:50Z               ok in 0 ms: {}",
      "2026-11-22T15:01:00Z               missed: the runtime was too busy to fire in time",
      "2026-11-22T15:01:10Z               ok in 0 ms: {}; began 6 s late",
      "2026-11-22T15:01:20Z               ok in 0 ms: {}",
    ]);
  });

  test("knows disabled slots, runs by hand, and where there is no cron any more", async (t) => {
    const house = inMemory(t, async () => ({}));
    const runtime = await house.start();
    await house.until("15:00:15");
    runtime.apply(house.schedules({ poll: { ...everyTen.poll, enabled: false } }));
    await house.until("15:00:45");
    await house.byHand("poll");

    const lines = await why(house);
    assert.equal(lines[0], "poll, around 2026-11-22T15:00:45Z: every 10 s, disabled");
    assert.deepEqual(
      slots(lines).map((row) => row.replaceAll(/ +/g, " ")),
      [
        "2026-11-22T15:00:10Z ok in 0 ms: {}",
        "2026-11-22T15:00:20Z to 15:00:40Z 3 slots not fired: disabled in schedules.json",
        "2026-11-22T15:00:45Z by hand ok in 0 ms: {}",
      ],
    );
    assert.equal(lines.at(-2), "Next: none, it is disabled.");
    runtime.apply(house.schedules({ other: {} }));
    await house.until("15:01:30");
    assert.match((await why(house))[0] ?? "", /no entry in the schedule in force$/);
  });

  test("looks around another time, however long ago, and stays short", async (t) => {
    const house = inMemory(t, async () => ({}));
    const runtime = await house.start();
    await house.until("15:20:00");
    await house.stop(runtime);
    house.clock.step(40 * 24 * 60 * minuteMs);

    const lines = slots(await why(house, "--at", "2026-11-22T15:10"));
    assert.equal(lines.length, 16);
    assert.match(lines[11] ?? "", /^2026-11-22T15:10:00Z/);
    const late = slots(await why(house));
    assert.match(
      late.at(-1) ?? "",
      /^from 2026-11-22T15:20:10Z +over 2,000 slots missed: the runtime was not/,
    );
    assert.match(late.at(-2) ?? "", /^2026-11-22T15:20:00Z/);
  });

  test("gives a program all of it", async (t) => {
    const house = inMemory(t, async () => ({}));
    await house.start();
    await house.until("15:00:15");
    const { out } = await sayStatus(house, ["--why", "poll", "--json"]);

    const { rows, next, entry } = JSON.parse(out) as {
      rows: object[];
      next: string;
      entry: object;
    };
    assert.equal(next, "2026-11-22T15:00:20.000Z");
    assert.deepEqual(entry, { cron: "*/10 * * * * *", timezone: "UTC", enabled: true });
    assert.partialDeepStrictEqual(rows, [
      { at: "2026-11-22T15:00:10.000Z", slots: 1, what: "ok", text: "ok in 0 ms: {}" },
    ]);
  });

  test("of what nobody knows is refused, with what was meant", async (t) => {
    const house = inMemory(t, async () => ({}));
    const { exit, error } = await sayStatus(house, ["--why", "great"]);
    assert.equal(exit, 64);
    assert.match(
      error,
      /there is no function great, and the journal knows of none; did you mean "greet"\?/,
    );
  });
});
