/**
 * Isolation: whatever a function does, the others and the runtime go on, and the journal says what it did.
 *
 * Method: badly behaved functions beside a good one, in a whole runtime on a virtual clock.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { sleep } from "../../runtime/doors/clock.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { prepareFolders } from "../../runtime/folders.ts";
import type { Run } from "../../runtime/function.ts";
import { createRunner } from "../../runtime/runner.ts";
import { secondMs } from "../../runtime/time.ts";
import { temporaryFolder } from "../support/folder.ts";
import { virtualMachine } from "../support/machine.ts";
import { type House, aFunction, aHouse, slotsOf, testLog } from "../support/runtime.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const everyTenSeconds = { cron: "*/10 * * * * *", timeoutMs: 4_000 };
const forever = (): Promise<object> => new Promise(() => {});

async function endsOf(house: House, name: string): Promise<string[]> {
  const ends = (await house.lines("end")).filter((line) => line.function === name);
  return ends.map((line) => `${line.outcome} ${line.code ?? ""}: ${line.message ?? line.result}`);
}

suite("a function that", () => {
  for (const [what, run, expected] of [
    [
      "throws at once",
      () => {
        throw new TypeError("x is not a function");
      },
      "failed TypeError: x is not a function",
    ],
    ["rejects with no error", () => Promise.reject("just text"), "failed ERROR: just text"],
    [
      "says what is wrong",
      () =>
        Promise.reject(
          new OperatorError("REMOTE_DIFFERS", { message: "2 hours differ", exit: "findings" }),
        ),
      "failed REMOTE_DIFFERS: 2 hours differ",
    ],
    [
      "meets a system error",
      () => Promise.reject(Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" })),
      "failed ENOSPC: ENOSPC: no space",
    ],
    [
      "returns what is not JSON",
      () => Promise.resolve({ books: [1, { at: new Date(0) }] }),
      "failed RESULT_NOT_JSON: not JSON: result.books[1].at is a Date",
    ],
    [
      "returns nothing",
      () => Promise.resolve(undefined as unknown as object),
      "failed RESULT_NOT_JSON: not JSON: result is missing",
    ],
  ] as [string, () => Promise<object>, string][]) {
    test(`${what} is recorded and delays no other`, async (t) => {
      const house = aHouse(t, {
        start: "2026-11-22T15:00:05Z",
        functions: { bad: run, good: async () => ({ books: 412 }) },
        schedule: { bad: everyTenSeconds, good: everyTenSeconds },
      });
      await house.start();
      await house.until("15:00:25");

      assert.deepEqual(await endsOf(house, "bad"), [expected, expected]);
      assert.deepEqual(await endsOf(house, "good"), ['ok : {"books":412}', 'ok : {"books":412}']);
      assert.ok((await house.lines("begin")).every((line) => line.latenessMs === 0));
    });
  }

  test("declares endpoints that cannot be made fails as a run, and frees its lock", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: {
        bad: {
          run: async () => ({}),
          endpoints: () => {
            throw new Error("no such venue");
          },
        },
      },
      schedule: { bad: everyTenSeconds },
    });
    await house.start();
    await house.until("15:00:25");

    assert.deepEqual(await endsOf(house, "bad"), [
      "failed Error: no such venue",
      "failed Error: no such venue",
    ]);
  });

  test("cannot sum up its result has still done its work", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: {
        poll: {
          run: async () => ({}),
          summary: () => {
            throw new Error("no words");
          },
        },
      },
      schedule: { poll: everyTenSeconds },
    });
    await house.start();
    await house.until("15:00:15");

    assert.deepEqual(await endsOf(house, "poll"), ["ok : undefined"]);
  });

  test("works past its timeout is told through its signal, and may tidy up", async (t) => {
    let isTidy = false;
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: {
        slow: async (run) => {
          try {
            await sleep(run.clock, 60 * secondMs, run.signal);
          } finally {
            await sleep(run.clock, 2 * secondMs);
            await run.files.makeFolder(run.settings.dataFolder);
            isTidy = true;
          }
          return {};
        },
      },
      schedule: { slow: everyTenSeconds },
    });
    await house.start();
    await house.until("15:00:19");

    const [end] = await house.lines("end");
    assert.deepEqual(await endsOf(house, "slow"), [
      "timeout TIMEOUT: slow did not finish within 4 s",
    ]);
    assert.equal(end?.tookMs, 6_000);
    assert.ok(isTidy);
  });

  test("leaves work behind when it ends cannot touch anything with it", async (t) => {
    const late: unknown[] = [];
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: {
        hasty: async (run) => {
          void sleep(run.clock, secondMs)
            .then(() => run.files.makeFolder(join(run.settings.dataFolder, "late")))
            .catch((error: unknown) => late.push(error));
          return {};
        },
      },
      schedule: { hasty: everyTenSeconds },
    });
    await house.start();
    await house.until("15:00:15");

    assert.match(String(late[0]), /this run of hasty has ended: its doors are shut/);
  });
});

suite("a run that notes what it is about to do", () => {
  test("has it in the journal, under its own id, before it goes on", async (t) => {
    const read: unknown[] = [];
    const house: House = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: {
        eraser: async (run) => {
          const isDurable = await run.journal("delete", { hour: "2026-11-19T10" });
          read.push(isDurable, ...(await house.lines("note")));
          return {};
        },
      },
      schedule: { eraser: {} },
    });
    const { run } = await house.byHand("eraser");

    const about = { event: "delete", about: { hour: "2026-11-19T10" } };
    const at = "2026-11-22T15:00:05.000Z";
    assert.deepEqual(read, [true, { kind: "note", at, run, function: "eraser", ...about }]);
  });
});

suite("a timer that a function sets", () => {
  const bug = (): never => {
    throw new TypeError("x is not a function");
  };

  test("fails its run, and nothing else, with what it throws", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: {
        good: async () => ({}),
        wild: (run) => (run.clock.after(secondMs, bug), forever()),
      },
      schedule: { wild: everyTenSeconds, good: everyTenSeconds },
    });
    await house.start();
    await house.until("15:00:25");

    const failed = "failed TypeError: x is not a function";
    assert.deepEqual(await endsOf(house, "wild"), [failed, failed]);
    assert.deepEqual((await endsOf(house, "good")).length, 2);
  });

  test("can throw after its run has ended, and nobody is hurt", async (t) => {
    let fired = 0;
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: {
        leaky: async (run) => {
          const again = (): void => {
            fired += 1;
            run.clock.after(secondMs, again);
          };
          run.clock.after(secondMs, again);
          return {};
        },
      },
      schedule: { leaky: everyTenSeconds },
    });
    await house.start();
    await house.until("15:00:25");

    assert.deepEqual(await endsOf(house, "leaky"), ["ok : {}", "ok : {}"]);
    assert.equal(fired, 2);
  });
});

suite("a run that leaves a file open and a lock taken", () => {
  test("has them closed and released, and is told of", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: {
        careless: async (run) => {
          await run.files.open(join(run.settings.dataFolder, "mine"), "append");
          const lock = await run.files.lock(join(run.settings.dataFolder, "mine.lock"));
          return { isLocked: lock !== undefined };
        },
      },
      schedule: { careless: everyTenSeconds },
    });
    await house.start();
    await house.until("15:00:25");

    assert.deepEqual(await endsOf(house, "careless"), [
      'ok : {"isLocked":true}',
      'ok : {"isLocked":true}',
    ]);
    assert.ok(house.log.messages.some((message) => message.startsWith("the run left files open")));
  });
});

suite("a run that ignores its signal", () => {
  test("is given up after 5 s: its doors throw, also those handed out, and it keeps its lock", async (t) => {
    const refused: string[] = [];
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: {
        deaf: async (run) => {
          const file = await run.files.open(join(run.settings.dataFolder, "mine"), "append");
          await sleep(run.clock, 12 * secondMs);
          const calls = [
            () => file.write(Buffer.from("x")),
            () => run.files.list("/"),
            async () => run.clock.now(),
            async () => run.random(),
          ];
          for (const call of calls)
            await call().catch((error: OperatorError) => refused.push(error.code));
          await file.close();
          return {};
        },
      },
      schedule: { deaf: everyTenSeconds },
    });
    await house.start();
    await house.until("15:00:45");

    assert.deepEqual(refused.slice(0, 4), ["DOORS_SHUT", "DOORS_SHUT", "DOORS_SHUT", "DOORS_SHUT"]);
    const [end] = await endsOf(house, "deaf");
    assert.equal(end, "abandoned TIMEOUT: deaf did not finish within 4 s");
    const began = await house.lines("begin");
    assert.deepEqual(
      slotsOf(began),
      ["15:00:10", "15:00:30"],
      "once it has ended, its slots fire again",
    );
    const [skipped] = await house.lines("skip");
    assert.equal(skipped?.scheduled, "2026-11-22T15:00:20.000Z");
    assert.equal(skipped?.holder?.run, began[0]?.run);
  });

  test("ends the process with 70 after 5 minutes, for a new one to take over", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { deaf: forever, poll: async () => ({}) },
      schedule: { deaf: { cron: "10 0 * * * *", timeoutMs: 4_000 }, poll: everyTenSeconds },
    });
    const runtime = await house.start();
    await house.until("15:05:18");
    assert.equal((await house.lines("stop")).length, 0);
    await house.until("15:05:25");

    assert.equal(await runtime.done, 70);
    const [stop] = await house.lines("stop");
    assert.equal(stop?.reason, "stuck: deaf does not end");
    assert.equal(
      slotsOf((await house.lines("begin")).filter((line) => line.function === "poll")).length,
      31,
    );
  });
});

const slow = (run: Run): Promise<object> =>
  sleep(run.clock, 20 * secondMs, run.signal).then(() => ({ hours: 2 }));

suite("a disk that hangs under the journal", () => {
  test("neither delays a run nor costs its function the next slot", async (t) => {
    const clock = virtualClock({ start: Date.parse("2026-11-22T15:00:00Z") });
    const began: number[] = [];
    const settings = {
      core: { dataFolder: temporaryFolder(t), collector: "test" },
      of: () => ({}),
    };
    await prepareFolders(systemFiles, settings.core.dataFolder);
    const runner = createRunner({
      machine: virtualMachine({ clock }),
      settings,
      journal: { write: () => new Promise(() => {}) },
      log: testLog(),
    });
    const definition = aFunction(async () => ({ began: began.push(clock.now()) }));
    const fire = (): void => {
      void runner.run({
        name: "poll",
        definition,
        input: {},
        timeoutMs: 8_000,
        trigger: "schedule",
      });
    };
    for (const seconds of [10, 20]) clock.after(seconds * secondMs, fire);
    await clock.run(clock.now() + 25 * secondMs);

    assert.deepEqual(
      began.map((ms) => new Date(ms).toISOString().slice(14, 19)),
      ["00:10", "00:20"],
    );
  });
});

suite("state/ deleted under a running daemon", () => {
  test("costs no slot", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:00Z",
      functions: { poll: async () => ({}) },
      schedule: { poll: everyTenSeconds },
    });
    const runtime = await house.start();
    await house.until("15:00:15");
    rmSync(join(house.dataFolder, "state"), { recursive: true });
    await house.until("15:00:25");
    await house.stop(runtime);

    const outcomes = (await house.lines("end")).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ["ok", "ok", "ok"]);
  });
});

suite("a run by hand", () => {
  test("takes the same path as a scheduled one, and is on record as by hand", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { seal: slow },
      schedule: {},
    });
    const report = await house.byHand("seal");

    assert.equal(report.outcome, "ok");
    assert.equal(report.exit, "ok");
    assert.deepEqual(report.result, { hours: 2 });
    assert.equal(report.summary, '{"hours":2}');
    const [began] = await house.lines("begin");
    assert.equal(began?.trigger, "hand");
    assert.equal(began?.scheduled, null);
    assert.equal((await house.lines("end"))[0]?.run, report.run);
  });

  test("is refused while the daemon runs the function, with who holds it since when", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { seal: slow },
      schedule: { seal: { cron: "*/30 * * * * *" } },
    });
    await house.start();
    await house.until("15:00:35");

    const [began] = await house.lines("begin");
    await assert.rejects(house.byHand("seal"), {
      code: "LOCKED",
      exit: "locked",
      message: "seal is running already",
      details: [
        `held by the daemon (pid ${process.pid}, run ${began?.run}) since 2026-11-22T15:00:30.000Z`,
      ],
    });
  });

  test("makes the daemon skip its slot, which says so", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:15Z",
      functions: { seal: slow },
      schedule: { seal: { cron: "*/30 * * * * *" } },
    });
    await house.start();
    await house.byHand("seal");

    const [skipped] = await house.lines("skip");
    assert.equal(skipped?.scheduled, "2026-11-22T15:00:30.000Z");
    assert.equal(skipped?.holder?.trigger, "hand");
  });

  test("stops at Ctrl-C, with the exit code of the signal", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { seal: slow },
      schedule: {},
    });
    const controller = new AbortController();
    const interrupted = new OperatorError("INTERRUPTED", {
      message: "interrupted",
      exit: "interrupted",
    });
    house.clock.after(3 * secondMs, () => controller.abort(interrupted));

    const report = await house.byHand("seal", controller.signal);
    assert.equal(report.outcome, "aborted");
    assert.equal(report.exit, "interrupted");
    assert.equal(report.tookMs, 3_000);
  });
});
