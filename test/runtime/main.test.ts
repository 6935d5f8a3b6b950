/** `npm start` itself: what it refuses before anything is started. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { temporaryFolder } from "../support/folder.ts";

const root = join(import.meta.dirname, "../..");

function start(
  env: Record<string, string>,
  ...args: string[]
): { status: number; said: string; printed: string } {
  const options = { cwd: root, env: { PATH: process.env["PATH"] ?? "", ...env }, timeout: 20_000 };
  const ended = spawnSync(process.execPath, ["runtime/main.ts", ...args], options);
  return {
    status: ended.status ?? -1,
    said: ended.stderr.toString(),
    printed: ended.stdout.toString(),
  };
}

suite("npm start", () => {
  test("refuses arguments, which it does not take", (t) => {
    const data = join(temporaryFolder(t), "data");
    const { status, said } = start({ HOURBOOK_DATA: data }, "--hepl");
    assert.equal(status, 64);
    assert.match(said, /takes no arguments but --check, and was given --hepl/);
    assert.ok(!existsSync(data));
  });

  test("refuses a setting that it does not know, by name", (t) => {
    const { status, said } = start({ HOURBOOK_DATTA: temporaryFolder(t) });
    assert.equal(status, 78);
    assert.match(said, /HOURBOOK_DATTA.*did you mean "?HOURBOOK_DATA/);
  });

  test("checks the configuration and starts nothing when asked to", (t) => {
    const data = join(temporaryFolder(t), "data");
    const { status, printed } = start({ HOURBOOK_DATA: data }, "--check");
    assert.equal(status, 0);
    assert.match(printed, /^The settings and .*schedules\.json are right: \d+ of \d+ functions/);
    assert.ok(!existsSync(data));
  });

  test("says all that is wrong with the schedules when asked to check", (t) => {
    const file = join(temporaryFolder(t), "schedules.json");
    writeFileSync(file, '{ "discover": { "cron": "61 * * * *" }, "prunne": {} }');
    const { status, said } = start({ HOURBOOK_SCHEDULES: file }, "--check");
    assert.equal(status, 78);
    assert.match(said, /2 problems[\s\S]*discover\.cron[\s\S]*prunne/);
  });

  test("keeps what it compiled in the folder that systemd gives it", (t) => {
    const folder = temporaryFolder(t);
    // Left out, it would be handed on all the same.
    const env = { ...process.env, NODE_V8_COVERAGE: "" };
    const args = ["--import", "./runtime/guard.js", "runtime/main.ts", "--hepl"];
    spawnSync(process.execPath, args, { cwd: root, env: { ...env, CACHE_DIRECTORY: folder } });

    assert.equal(readdirSync(folder).length, 1);
  });

  test("refuses a data folder that cannot be made", () => {
    const { status, said } = start({ HOURBOOK_DATA: "/proc/hourbook/data" });
    assert.equal(status, 78);
    assert.match(said, /DATA_FOLDER/);
  });
});
