/**
 * Starting and stopping: one daemon on a data folder, nothing lost between two of them, and an end that is
 * quick, clean, and on record.
 *
 * Method: whole runtimes, one after the other or two at once, on one folder and one virtual clock.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { suite, test } from "node:test";
import { sleep } from "../../runtime/doors/clock.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import type { Run } from "../../runtime/function.ts";
import { minuteMs, secondMs } from "../../runtime/time.ts";
import { aHouse, slotsOf } from "../support/runtime.ts";

const done = async (): Promise<object> => ({});
const everyTenSeconds = { cron: "*/10 * * * * *", timeoutMs: minuteMs };
const takes =
  (seconds: number) =>
  (run: Run): Promise<object> =>
    sleep(run.clock, seconds * secondMs, run.signal).then(() => ({}));

suite("a start", () => {
  test("writes what is in force and who began, before anything is fired", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:00Z",
      functions: { poll: done },
      schedule: { poll: { ...everyTenSeconds, input: { batch: 500 } } },
    });
    await house.start();

    const [schedule, start] = await house.journal();
    assert.deepEqual(schedule, {
      kind: "schedule",
      at: "2026-11-22T15:00:00.000Z",
      revision: "0123456789ab",
      by: "daemon",
      functions: {
        poll: {
          cron: "*/10 * * * * *",
          timezone: "UTC",
          timeoutMs: minuteMs,
          enabled: true,
          atStart: false,
          input: { batch: 500 },
        },
      },
    });
    assert.deepEqual(start, {
      kind: "start",
      at: "2026-11-22T15:00:00.000Z",
      pid: process.pid,
      version: "1.2.3",
      node: process.version,
      collector: "test",
    });
  });

  test("is refused while another daemon records into the folder", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:00Z",
      functions: { poll: done },
      schedule: {},
    });
    const first = await house.start();

    await assert.rejects(house.start(), {
      code: "DAEMON_RUNNING",
      exit: "locked",
      message: `another Hourbook is recording into ${house.dataFolder}`,
      details: [`pid ${process.pid}, since 2026-11-22T15:00:00.000Z`],
    });
    await house.stop(first);
    await house.stop(await house.start());
  });

  test("is refused where nothing can be written, with what to type", async (t) => {
    const house = aHouse(t, { start: "2026-11-22T15:00:00Z", functions: {}, schedule: {} });
    await systemFiles.makeFolder(dirname(house.dataFolder));
    writeFileSync(house.dataFolder, "a file in the folder's place");

    await assert.rejects(house.start(), {
      code: "DATA_FOLDER",
      exit: "configuration",
      safe: "Nothing was started.",
      next: `sudo install -d -o "$USER" ${house.dataFolder}, or set HOURBOOK_DATA to a folder of yours`,
    });
  });

  test("is refused where no folder can be made at all", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:00Z",
      functions: {},
      schedule: {},
      dataFolder: "/proc/none",
    });

    await assert.rejects(house.start(), { code: "DATA_FOLDER", exit: "configuration" });
  });

  test("is refused in a folder that is new on a full disk, and may be tried again", async (t) => {
    const makeFolder = (path: string): Promise<void> =>
      path.includes("state") ? refuse() : systemFiles.makeFolder(path);
    const house = aHouse(t, {
      start: "2026-11-22T15:00:00Z",
      functions: {},
      schedule: {},
      files: { ...systemFiles, makeFolder },
    });

    await assert.rejects(house.start(), {
      code: "DATA_FOLDER",
      exit: "failed",
      next: "make room on its disk",
    });
  });

  test("goes on where the disk is full: pruning can make room", async (t) => {
    let isFull = true;
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: done },
      schedule: { poll: everyTenSeconds },
      files: {
        ...systemFiles,
        open: (path, mode) => (isFull && mode !== "read" ? refuse() : systemFiles.open(path, mode)),
      },
    });
    await house.start();
    await house.until("15:00:25");
    isFull = false;
    await house.until("15:00:31");

    const kinds = (await house.journal()).map((line) => line.kind);
    assert.deepEqual(kinds, ["schedule", "start", "begin", "end", "begin", "end", "begin", "end"]);
    assert.ok(house.log.messages.includes("the journal cannot be written; its lines are kept"));
    assert.ok(house.log.messages.includes("the journal is written again"));
  });

  test("records runs that an earlier process left unfinished as interrupted, once", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: takes(30) },
      schedule: { poll: everyTenSeconds },
    });
    const first = await house.start();
    await house.until("15:00:15");
    // As after kill -9: what is on the disk, without the end.
    const [began] = await house.lines("begin");
    const left = await house.journal();
    await house.stop(first);
    const second = aHouse(t, {
      start: "2026-11-22T16:10:00Z",
      functions: { poll: done },
      schedule: {},
    });
    await replay(second.dataFolder, left);
    await second.stop(await second.start());
    await second.stop(await second.start());

    const interrupted = await second.lines("interrupted");
    assert.equal(interrupted.length, 1);
    assert.equal(interrupted[0]?.run, began?.run);
    assert.equal(interrupted[0]?.scheduled, "2026-11-22T15:00:10.000Z");
    assert.equal(interrupted[0]?.began, began?.at);
  });
});

suite("each journal hour", () => {
  test("opens with the schedule in force", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:59:35Z",
      functions: { poll: done },
      schedule: { poll: { cron: "*/5 * * * *" } },
    });
    await house.start();
    await house.until("17:00:15");

    for (const hour of ["15", "16", "17"]) {
      const first = (await house.journal()).find((line) =>
        line.at.startsWith(`2026-11-22T${hour}`),
      );
      assert.equal(first?.kind, "schedule", `hour ${hour}`);
    }
  });

  test("has the daemon's schedule also where a run by hand came first", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:59:55Z",
      functions: { poll: done, seal: done },
      schedule: { poll: { cron: "10 * * * * *", timeoutMs: minuteMs } },
    });
    await house.start();
    await house.until("16:00:05");
    await house.byHand("seal");
    await house.until("16:00:15");

    const lines = (await house.journal()).filter((line) => line.at >= "2026-11-22T16");
    assert.deepEqual(
      lines.map((line) => (line.kind === "schedule" ? `schedule by ${line.by}` : line.kind)),
      ["schedule by hand", "begin", "end", "schedule by daemon", "begin", "end"],
    );
  });
});

suite("a stop", () => {
  test("with nothing running is over at once, with exit 0", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: done },
      schedule: { poll: everyTenSeconds },
    });
    const runtime = await house.start();
    const before = house.clock.now();

    assert.equal(await house.stop(runtime), 0);
    assert.equal(house.clock.now(), before);
    assert.equal((await house.lines("stop"))[0]?.reason, "SIGTERM");
    await house.until("15:01:00");
    assert.deepEqual(await house.lines("begin"), []);
  });

  test("lets a poll finish, aborts the others at once, and fires nothing meanwhile", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: { run: takes(15), drain: true }, offload: takes(15), quick: done },
      schedule: {
        poll: { cron: "10 * * * * *" },
        offload: { cron: "10 * * * * *" },
        quick: everyTenSeconds,
      },
    });
    const runtime = await house.start();
    await house.until("15:00:12");

    assert.equal(await house.stop(runtime), 0);
    const ends = (await house.lines("end")).map(
      (line) => `${line.at.slice(14, 19)} ${line.function} ${line.outcome}`,
    );
    assert.deepEqual(ends, ["00:10 quick ok", "00:12 offload aborted", "00:25 poll ok"]);
    assert.equal((await house.journal()).at(-1)?.kind, "stop");
    assert.deepEqual(
      slotsOf((await house.lines("begin")).filter((line) => line.function === "quick")),
      ["15:00:10"],
    );
  });

  test("waits for a poll no longer than 20 s", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: { run: takes(50), drain: true } },
      schedule: { poll: everyTenSeconds },
    });
    const runtime = await house.start();
    await house.until("15:00:12");

    assert.equal(await house.stop(runtime), 0);
    const [end] = await house.lines("end");
    assert.equal(`${end?.at.slice(14, 19)} ${end?.outcome}`, "00:32 aborted");
    assert.equal(end?.message, "the runtime is stopping: SIGTERM");
  });

  test("is not held up by a run that ignores it, and says so with exit 70", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { deaf: () => new Promise(() => {}) },
      schedule: { deaf: everyTenSeconds },
    });
    const runtime = await house.start();
    await house.until("15:00:12");

    assert.equal(await house.stop(runtime), 70);
    const [end] = await house.lines("end");
    assert.equal(`${end?.at.slice(14, 19)} ${end?.outcome}`, "00:17 abandoned");
  });
});

function refuse(): never {
  throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
}

async function replay(dataFolder: string, lines: readonly object[]): Promise<void> {
  const { hourLog } = await import("../../runtime/hours/hour-log.ts");
  const { systemClock } = await import("../../runtime/doors/clock.ts");
  const machine = { files: systemFiles, clock: systemClock };
  const hours = hourLog({ machine, dataFolder, stream: "journal" });
  await hours.append("2026-11-22T15", () =>
    lines.map((line) => Buffer.from(`${JSON.stringify(line)}\n`)),
  );
}
