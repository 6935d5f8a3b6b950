/**
 * What only real processes can show: signals, kill -9, and locks that the kernel drops.
 *
 * Method: real daemons with functions made for the purpose, on real time; each waits for what the daemon
 * logs, not for a while.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { runByHand } from "../../runtime/by-hand.ts";
import { systemMachine } from "../../runtime/doors/machine.ts";
import { journalOf, startDaemon } from "../support/daemons.ts";
import { temporaryFolder } from "../support/folder.ts";
import { aFunction, testLog } from "../support/runtime.ts";

async function untilBegun(dataFolder: string): Promise<void> {
  while (!(await journalOf(dataFolder)).some((line) => line.kind === "begin")) await setTimeout(5);
}

suite("the daemon's process", () => {
  test("with nothing running ends within 200 ms of SIGTERM, with exit 0", async (t) => {
    const folder = temporaryFolder(t);
    const daemon = startDaemon(t, folder);
    await daemon.says(/"msg":"ready"/);
    const before = performance.now();
    daemon.process.kill("SIGTERM");

    assert.equal(await daemon.exitCode(), 0);
    assert.ok(performance.now() - before < 200, `took ${performance.now() - before} ms`);
    assert.equal((await journalOf(folder)).at(-1)?.kind, "stop");
  });

  test("asked to end in the middle of its start does so when it is through, with exit 0", async (t) => {
    const daemon = startDaemon(t, temporaryFolder(t));
    await daemon.says(/"msg":"starting"/);
    daemon.process.kill("SIGTERM");

    assert.equal(await daemon.exitCode(), 0);
  });

  test("killed in a run leaves its locks free at once, and the run on record as interrupted", async (t) => {
    const folder = temporaryFolder(t);
    const first = startDaemon(t, folder, "long");
    await first.says(/"msg":"ready"/);
    await untilBegun(folder);
    first.process.kill("SIGKILL");
    await first.exitCode();

    const second = startDaemon(t, folder);
    await second.says(/"msg":"ready"/);
    const lines = await journalOf(folder);
    const began = lines.find((line) => line.kind === "begin");
    const interrupted = lines.find((line) => line.kind === "interrupted");
    assert.equal(interrupted?.run, began?.run);
    assert.equal(interrupted?.function, "long");
  });

  test("is the only one on its folder, also of two started at once", async (t) => {
    const folder = temporaryFolder(t);
    const daemons = [startDaemon(t, folder), startDaemon(t, folder)];
    const loser = await Promise.race(
      daemons.map(async (daemon) => ({ daemon, code: await daemon.exitCode() })),
    );
    const winner = daemons.find((daemon) => daemon !== loser.daemon);

    assert.equal(loser.code, 75);
    await winner?.says(/"msg":"ready"/);
    assert.equal((await journalOf(folder)).filter((line) => line.kind === "start").length, 1);
  });

  test("keeps a run by hand off the function that it runs", async (t) => {
    const folder = temporaryFolder(t);
    const daemon = startDaemon(t, folder, "long");
    await untilBegun(folder);

    const byHand = runByHand({
      machine: systemMachine("hourbook-test"),
      settings: { core: { dataFolder: folder, collector: "test" }, of: () => ({}) },
      log: testLog(),
      name: "long",
      definition: aFunction(async () => ({})),
      input: {},
      timeoutMs: 1_000,
    });
    await assert.rejects(byHand, (error: Error & { code: string; details: string[] }) => {
      assert.equal(error.code, "LOCKED");
      assert.match(
        error.details[0] ?? "",
        new RegExp(`held by the daemon \\(pid ${daemon.process.pid}, run .*\\) since 20`),
      );
      return true;
    });
  });

  test("survives a promise that a function left to reject", async (t) => {
    const folder = temporaryFolder(t);
    const daemon = startDaemon(t, folder, "reject-later");
    await daemon.says(/nobody waits for this/);
    daemon.process.kill("SIGTERM");

    assert.equal(await daemon.exitCode(), 0);
  });

  test("ends with 70 when something throws outside of any run, and says so in the journal", async (t) => {
    const folder = temporaryFolder(t);
    const daemon = startDaemon(t, folder, "throw-later");

    assert.equal(await daemon.exitCode(), 70);
    const stop = (await journalOf(folder)).at(-1);
    assert.equal(stop?.kind === "stop" && stop.reason, "crashed: nobody catches this");
  });
});
