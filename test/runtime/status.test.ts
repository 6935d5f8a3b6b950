/**
 * `npm run status`: how things stand, from the journal alone.
 *
 * Method: runtimes on a virtual clock make a history; the table is compared as a person sees it.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import { sleep } from "../../runtime/doors/clock.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import type { CoreSettings } from "../../runtime/function.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { readStatus } from "../../runtime/status-report.ts";
import { statusTable } from "../../runtime/status-table.ts";
import { minuteMs, secondMs } from "../../runtime/time.ts";
import { type House, aHouse } from "../support/runtime.ts";

function placeOf({ dataFolder }: House): CoreSettings {
  return { dataFolder, collector: "test" };
}

async function tableOf(house: House): Promise<string[]> {
  const now = house.clock.now();
  const report = await readStatus({ files: systemFiles, place: placeOf(house), now });
  const table = statusTable({ ...report, disk: undefined }, []);
  return table
    .replaceAll(house.dataFolder, "DATA")
    .replaceAll(String(process.pid), "PID")
    .split("\n");
}

function aBusyHouse(t: Parameters<typeof aHouse>[0]): House {
  return aHouse(t, {
    start: "2026-11-22T12:00:00Z",
    functions: {
      discover: {
        run: (run) => sleep(run.clock, 1_900).then(() => ({})),
        summary: () => "412 markets, 3 new",
      },
      "snapshot-poll": {
        run: (run) => sleep(run.clock, 800).then(() => ({})),
        summary: () => "412 books",
      },
      offload: () =>
        Promise.reject(new OperatorError("REMOTE_DIFFERS", { message: "2 hours differ" })),
      prune: async () => ({}),
      read: async () => ({}),
      seal: (run) => sleep(run.clock, 30 * minuteMs).then(() => ({})),
    },
    schedule: {
      discover: { cron: "4 0 * * * *" },
      "snapshot-poll": { cron: "*/10 * * * * *" },
      offload: { cron: "31 4 * * * *" },
      prune: { cron: "10 0 * * *" },
      read: {},
      seal: { cron: "0 6 * * * *", timeoutMs: 60 * minuteMs },
      "gap-report": { cron: "0 0 1 1 *", enabled: false },
    },
  });
}

suite("the status", () => {
  test("says how each function's last run ended and when the next is", async (t) => {
    const house = aBusyHouse(t);
    await house.start();
    await house.until("12:06:04");

    assert.deepEqual(await tableOf(house), [
      "Running since 2026-11-22T12:00:00.000Z (pid PID), recording into DATA",
      "",
      "function       last run   took    result                                   next",
      "discover       12:00:04Z  1.9 s   412 markets, 3 new                       13:00:04",
      "gap-report     -          -       never run                                disabled",
      "offload        12:04:31Z  0 ms    failed [REMOTE_DIFFERS]: 2 hours differ  13:04:31",
      "prune          -          -       never run                                tomorrow 00:10",
      "read           -          -       never run                                by hand",
      "seal           12:06:00Z  -       running                                  13:06",
      "snapshot-poll  12:06:00Z  800 ms  412 books                                12:06:10",
      "",
    ]);
  });

  test("of a daemon that was stopped says when and why", async (t) => {
    const house = aBusyHouse(t);
    const runtime = await house.start();
    await house.until("12:00:15");
    await house.stop(runtime);

    const [head] = await tableOf(house);
    assert.equal(
      head,
      "Not running since 2026-11-22T12:00:15.000Z (SIGTERM): nothing is recorded into DATA. Start it: npm start",
    );
  });

  test("finds last runs in closed and sealed hours up to 48 hours back", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T12:00:00Z",
      functions: { daily: async () => ({}), hourly: async () => ({}) },
      schedule: { daily: { cron: "0 13 * * *" }, hourly: { cron: "30 * * * *" } },
    });
    await house.start();
    await house.clock.run(Date.parse("2026-11-23T12:00:00Z"));
    const journal = hourLog({
      machine: house.machine,
      dataFolder: house.dataFolder,
      stream: "journal",
    });
    await house.clock.runUntil(journal.close("2026-11-22T13"));
    await house.clock.runUntil(journal.close("2026-11-22T14"));
    const sealed = join(
      house.dataFolder,
      "archive/venue=runtime/stream=journal/date=2026-11-22/hour=13",
    );
    mkdirSync(sealed, { recursive: true });
    renameSync(
      join(house.dataFolder, "open/journal.2026-11-22T13.part1.closed.jsonl.gz"),
      join(sealed, "test.jsonl.gz"),
    );
    // Another machine's, as in an archive that was restored: no business of this one's.
    const foreign = { kind: "begin", at: "2026-11-22T13:59:00.000Z", run: "z", function: "daily" };
    const line = { ...foreign, trigger: "hand", scheduled: null, latenessMs: 0 };
    writeFileSync(join(sealed, "other.jsonl.gz"), gzipSync(`${JSON.stringify(line)}\n`));

    const now = house.clock.now();
    const { functions } = await readStatus({ files: systemFiles, place: placeOf(house), now });
    assert.deepEqual(
      functions.map(({ name, last }) => `${name} ${last?.began}`),
      ["daily 2026-11-22T13:00:00.000Z", "hourly 2026-11-23T11:30:00.000Z"],
    );
    assert.equal(
      (await house.lines("begin")).filter((begun) => begun.function === "daily").length,
      1,
    );
  });

  test("where nothing was ever run says so, and makes nothing", async (t) => {
    const house = aHouse(t, { start: "2026-11-22T12:00:00Z", functions: {}, schedule: {} });

    assert.deepEqual(await tableOf(house), [
      "Not running: nothing is recorded into DATA. Start it: npm start",
      "Nothing was run there yet.",
      "",
    ]);
    assert.deepEqual(readdirSync(join(house.dataFolder, "..")), []);
  });

  test("takes no lock that a run wants", async (t) => {
    const house = aHouse(t, {
      start: "2026-11-22T12:00:00Z",
      functions: { poll: async () => ({}) },
      schedule: { poll: { cron: "* * * * * *" } },
    });
    await house.start();
    const asked: string[] = [];
    const files = {
      ...systemFiles,
      lock: (path: string) => (asked.push(path), systemFiles.lock(path)),
    };
    await house.clock.run(house.clock.now() + 2 * secondMs);
    await readStatus({ files, place: placeOf(house), now: house.clock.now() });

    assert.deepEqual(asked, [join(house.dataFolder, "state/locks/daemon.lock")]);
  });
});
