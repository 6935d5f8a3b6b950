/**
 * The folders of a new data folder, on a disk that forgets what was not synced; and whose an old one is, on a real disk,
 * asked of the commands themselves.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { systemMachine } from "../../runtime/doors/machine.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { prepareFolders, refuseForeignRoot } from "../../runtime/folders.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { temporaryFolder } from "../support/folder.ts";
import { MemoryDisk } from "../support/memory-files.ts";
import { isRoot, strangerUid } from "../support/root.ts";
import { virtualClock } from "../support/virtual-clock.ts";

suite("a new data folder", () => {
  test("outlives a power cut with everything that was recorded in it", async () => {
    const disk = new MemoryDisk();
    const { files } = disk.process();
    await prepareFolders(files, "/srv/hourbook/data");
    const machine = { files, clock: virtualClock({ start: 0 }) };
    const log = hourLog({ machine, dataFolder: "/srv/hourbook/data", stream: "a.books" });
    await log.append("2026-11-22T15", () => [Buffer.from("{}\n")]);
    disk.powerCut();

    const names = await disk.process().files.list("/srv/hourbook/data/open");
    assert.deepEqual(
      names.map(({ name }) => name),
      ["a.books.2026-11-22T15.part1.jsonl.gz"],
    );
  });
});

suite("a data folder on a disk that fails", () => {
  test("is tried again by the service, as nothing that a person must mend first", async () => {
    const disk = new MemoryDisk();
    const { files } = disk.process();
    await prepareFolders(files, "/srv/data");
    disk.fault = (method, path) =>
      method === "syncFolder" && path === "/srv/data" ? "EIO" : undefined;
    const failed: unknown = await prepareFolders(files, "/srv/data").catch(
      (error: unknown) => error,
    );
    assert.ok(failed instanceof OperatorError);
    assert.deepEqual([failed.code, failed.exit], ["DATA_FOLDER", "failed"]);
    assert.match(failed.next ?? "", /dmesg/);
  });
});

suite("root, in the data folder of another user,", () => {
  const commands: [string, string[]][] = [
    ["npm run fn -- verify", ["runtime/fn.ts", "verify"]],
    ["npm start", ["runtime/main.ts"]],
  ];
  for (const [typed, args] of commands) {
    test(`is refused by ${typed}, and told what to type`, (t) => {
      if (!isRoot(t)) return;
      const { data, log, run } = dataOf(t, strangerUid);

      const { status, stderr } = run(args, { HOURBOOK_LOG_FILE: log });

      assert.equal(status, 78);
      assert.match(
        stderr,
        /\[DATA_OWNER\]: the data folder .*\/data belongs to uid 4321, and this/,
      );
      assert.match(stderr, /Nothing was started, nothing was written\.\n {2}Next: sudo -u '#4321'/);
      assert.deepEqual([readdirSync(data), readdirSync(join(data, ".."))], [[], ["data"]]);
    });
  }

  test("is told the user's name where there is one", async (t) => {
    if (!isRoot(t)) return;
    // `bin` is 2 and `daemon` is 1 wherever there are users at all.
    const { data } = dataOf(t, 1);

    await assert.rejects(refuseForeignRoot(systemMachine("hourbook-test"), data), {
      code: "DATA_OWNER",
      next: /^sudo -u daemon and the same command/,
    });
  });

  test("may look: npm run status and npm start -- --check write nothing", (t) => {
    if (!isRoot(t)) return;
    const { data, run } = dataOf(t, strangerUid);

    assert.equal(run(["runtime/status.ts"]).status, 0);
    assert.equal(run(["runtime/main.ts", "--check"]).status, 0);
    assert.deepEqual(readdirSync(data), []);
  });
});

suite("a data folder that is no trap", () => {
  test("is root's own, another user's for that user, or not there yet", async (t) => {
    const { data } = dataOf(t, process.getuid?.() ?? 0);
    const machine = systemMachine("hourbook-test");

    await refuseForeignRoot(machine, data);
    await refuseForeignRoot({ ...machine, uid: strangerUid }, data);
    await refuseForeignRoot({ ...machine, uid: 0 }, join(data, "not-there"));
  });
});

function dataOf(t: TestContext, owner: number) {
  const folder = temporaryFolder(t);
  const data = join(folder, "data");
  mkdirSync(data);
  chownSync(data, owner, owner);
  const log = join(folder, "hourbook.log");
  const run = (args: string[], more: Record<string, string> = {}) =>
    spawnSync(process.execPath, args, {
      cwd: join(import.meta.dirname, "../.."),
      env: { PATH: process.env["PATH"], HOURBOOK_DATA: data, ...more },
      encoding: "utf8",
      timeout: 20_000,
    });
  return { data, log, run };
}
