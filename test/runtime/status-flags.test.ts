/**
 * What `npm run status` says when it is asked for more: the coming slots, a refused schedule, how old the data
 * is, and all of it for a program.
 *
 * Method: runtimes on a virtual clock and a disk in memory; the command is called as a person does.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { sleep } from "../../runtime/doors/clock.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { readStandings } from "../../runtime/standings.ts";
import { checkAge } from "../../runtime/status-age.ts";
import { type StatusReport, readStatus } from "../../runtime/status-report.ts";
import { statusTable } from "../../runtime/status-table.ts";
import { secondMs } from "../../runtime/time.ts";
import { MemoryDisk } from "../support/memory-files.ts";
import { type House, aFunction, aHouse } from "../support/runtime.ts";
import { sayStatus } from "../support/say-status.ts";

function inMemory(t: TestContext): House {
  let runs = 0;
  return aHouse(t, {
    start: "2026-11-22T12:00:05Z",
    functions: {
      poll: async (run) => {
        runs += 1;
        if (runs > 3) throw new OperatorError("NO_BOOKS", { message: "no book" });
        await sleep(run.clock, 15 * secondMs);
        return {};
      },
      prune: async () => ({}),
    },
    schedule: {
      poll: { cron: "*/10 * * * * *" },
      prune: { cron: "50 3 * * *", timezone: "Europe/Berlin" },
      read: {},
      audit: { cron: "0 * * * *", enabled: false },
    },
    files: new MemoryDisk().process().files,
  });
}

const written = JSON.stringify({ greet: { cron: "*/20 * * * * *", input: { name: "Ada" } } });

async function write(house: House, text: string): Promise<string> {
  const path = join(house.dataFolder, "..", "schedules.json");
  await house.machine.files.makeFolder(join(house.dataFolder, ".."));
  const file = await house.machine.files.open(path, "append");
  await file.truncate(0);
  await file.write(Buffer.from(text));
  await file.close();
  return path;
}

async function reportOf(house: House): Promise<StatusReport> {
  const { machine, dataFolder, clock } = house;
  const place = { dataFolder, collector: "test" };
  return readStatus({ files: machine.files, place, now: clock.now() });
}

suite("--next", () => {
  test("shows the coming slots of the schedule in force", async (t) => {
    const house = inMemory(t);
    await house.start();
    await house.until("12:00:07");

    const { out } = await sayStatus(house, ["--next", "3"]);
    assert.deepEqual(out.split("\n"), [
      "Coming slots (UTC), by the schedule in force",
      "",
      "audit  disabled",
      "poll   12:00:10        12:00:20     12:00:30",
      "prune  tomorrow 02:50  11-24 02:50  11-25 02:50  (cron in Europe/Berlin)",
      "read   by hand",
      "",
    ]);
  });

  test("goes by schedules.json where nothing runs, and says so", async (t) => {
    const house = inMemory(t);
    const HOURBOOK_SCHEDULES = await write(house, written);

    const { out } = await sayStatus(house, ["--next", "2"], { HOURBOOK_SCHEDULES });
    assert.deepEqual(out.split("\n"), [
      "Coming slots (UTC) by schedules.json, if it were started now: the runtime is not running",
      "",
      "greet  12:00:20  12:00:40",
      "",
    ]);
    await write(house, "{");
    const bad = await sayStatus(house, ["--next", "2"], { HOURBOOK_SCHEDULES });
    assert.equal(bad.exit, 78);
    assert.match(bad.error, /\[BAD_SCHEDULES\]/);
  });
});

suite("a refused schedule", () => {
  test("is shown with every problem until a good one comes", async (t) => {
    const house = inMemory(t);
    const runtime = await house.start();
    const hours = hourLog({ ...house, stream: "journal" });
    const at = "2026-11-22T12:00:05.000Z";
    const problems = ["line 3  poll.cron  minute must be 0-59"];
    const line = { kind: "refused", at, since: at, revision: null, problems };
    await house.clock.runUntil(
      hours.append("2026-11-22T12", () => [Buffer.from(`${JSON.stringify(line)}\n`)]),
    );
    const lines = (await sayStatus(house, [])).out.split("\n");
    assert.deepEqual(lines.slice(1, 3), [
      "schedules.json is refused since 2026-11-22T12:00:05.000Z, with 1 problem; what was in force goes on:",
      "  line 3  poll.cron  minute must be 0-59",
    ]);

    runtime.apply(house.schedules({}));
    await house.until("12:00:08");
    assert.equal((await reportOf(house)).refused, undefined);
  });
});

suite("for a program", () => {
  test("there is what an alert needs: last success, runs by outcome, lateness, failures, disk", async (t) => {
    const house = inMemory(t);
    await house.start();
    await house.until("12:01:25");

    const { out } = await sayStatus(house, ["--json"]);
    const { functions, disk, daemon } = JSON.parse(out) as StatusReport;
    assert.equal(daemon.isRunning, true);
    assert.ok((disk?.freeBytes ?? 0) > 0);
    const poll = functions.find(({ name }) => name === "poll");
    assert.equal(poll?.lastSuccess, "2026-11-22T12:01:05.000Z");
    assert.equal(poll?.failuresInARow, 2);
    assert.deepEqual(poll?.day, {
      ok: 3,
      failed: 2,
      timeout: 0,
      abandoned: 0,
      aborted: 0,
      interrupted: 0,
      skipped: 3,
      missed: 0,
    });
    assert.deepEqual(poll?.latenessMs, { p50: 0, p99: 0 });
    assert.deepEqual(poll?.next, ["2026-11-22T12:01:30.000Z"]);
    assert.match((await sayStatus(house, [])).out, /failed \[NO_BOOKS\]: no book \(2 in a row\)/);
  });

  test("the newest hours count, however long ago they were", async (t) => {
    const house = inMemory(t);
    const runtime = await house.start();
    await house.until("12:00:30");
    await house.stop(runtime);
    house.clock.step(200 * 24 * 3_600 * secondMs);

    const { functions } = await reportOf(house);
    const poll = functions.find(({ name }) => name === "poll");
    assert.equal(poll?.lastSuccess, "2026-11-22T12:00:25.000Z");
    assert.equal(poll?.day.ok, 0);
  });
});

suite("how the work stands", () => {
  const settings = { core: { dataFolder: "/data", collector: "test" }, of: () => ({}) };
  const working = async (): Promise<object> => ({});

  test("is said by the functions that know, which can only look", async (t) => {
    const house = inMemory(t);
    const now = house.clock.now();
    const functions = new Map([
      ["other", aFunction(working)],
      [
        "poll",
        aFunction({
          run: working,
          standing: async ({ clock }) => ({
            text: "newest book 4 s old",
            newestAt: clock.now() - 4_000,
            figures: { books: 12 },
          }),
        }),
      ],
      [
        "tidy",
        aFunction({
          run: working,
          standing: async ({ files }) => {
            await files.remove("/data/open");
            return { text: "removed" };
          },
        }),
      ],
    ]);
    const standings = await readStandings(house.machine, settings, functions);
    const problem = "refused to remove /data/open: this only looks";
    assert.deepEqual(standings, [
      {
        function: "poll",
        text: "newest book 4 s old",
        newest: { at: new Date(now - 4_000).toISOString(), ageMs: 4_000 },
        figures: { books: 12 },
      },
      { function: "tidy", text: `not known: ${problem}`, error: problem },
    ]);
    const table = statusTable({ ...(await reportOf(house)), disk: undefined }, standings);
    assert.match(table, /\n\npoll {2}newest book 4 s old\ntidy {2}not known: refused/);
  });

  test("is an alert if the newest data is too old", async (t) => {
    const report = await reportOf(inMemory(t));
    const standing = {
      function: "poll",
      text: "newest book 4m old",
      newest: { at: "2026-11-22T11:56:05.000Z", ageMs: 240_000 },
    };
    assert.equal(
      checkAge(300_000, report, [standing]),
      "The newest data is 4m old, at most 5m is asked for.\n",
    );
    assert.throws(() => checkAge(60_000, report, [standing]), {
      code: "DATA_TOO_OLD",
      exit: "findings",
      message: "the newest data is 4m old, more than 1m",
      details: ["the runtime is not running", "poll: newest book 4m old"],
    });
    assert.throws(() => checkAge(60_000, report, []), { message: "no data is recorded" });
  });

  test("is asked with --max-age, which exits 65", async (t) => {
    const { exit, out, error } = await sayStatus(inMemory(t), ["--max-age", "5m"]);
    assert.deepEqual([exit, out], [65, ""]);
    assert.match(error, /^status failed \[DATA_TOO_OLD\]: no data is recorded\n/);
  });
});

suite("a wrong flag", () => {
  const wrong: [string[], RegExp][] = [
    [["--next", "0"], /--next "0": must be at least 1/],
    [["--next", "many"], /--next "many": write a number, such as 5/],
    [["--max-age", "5"], /--max-age "5": write a number and a unit/],
    [["--at", "15:00"], /--at goes with --why NAME/],
    [["--why", "poll", "--at", "15:00"], /--at "15:00": write a UTC time/],
    [["--why", "poll", "--next", "5"], /--next and --why do not go together/],
    [["--wy"], /Unknown option '--wy'/],
  ];
  for (const [args, message] of wrong) {
    test(`${args.join(" ")} is refused with its rule`, async (t) => {
      const { exit, error } = await sayStatus(inMemory(t), args);
      assert.equal(exit, 64);
      assert.match(error, message);
    });
  }
});
