/**
 * One daemon on a data folder, also after its `state/` was deleted under it.
 *
 * Method: the claim is this process's, on a virtual clock; the other daemon is a process that takes the lock.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { claimDaemon } from "../../runtime/daemon-lock.ts";
import type { OperatorError } from "../../runtime/errors.ts";
import { daemonLock } from "../../runtime/locks.ts";
import { secondMs } from "../../runtime/time.ts";
import { temporaryFolder } from "../support/folder.ts";
import { virtualMachine } from "../support/machine.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const door = join(import.meta.dirname, "../../runtime/doors/file-lock.ts");

/** Tries in another process, which keeps what it gets to the test's end. */
async function takeElsewhere(t: TestContext, path: string): Promise<string> {
  const program = `const { lockFile } = await import(${JSON.stringify(door)});
    globalThis.lock = lockFile(${JSON.stringify(path)});
    console.log(globalThis.lock ? "taken" : "held by another");
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
  t.after(() => child.kill("SIGKILL"));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return said.toString().trim();
}

async function claimed(t: TestContext) {
  const dataFolder = temporaryFolder(t);
  const { lock: path } = daemonLock(dataFolder);
  const clock = virtualClock({ start: Date.parse("2026-11-22T15:00:00Z") });
  const claim = await clock.runUntil(claimDaemon(virtualMachine({ clock }), dataFolder));
  const passes = (seconds: number): Promise<void> => clock.run(clock.now() + seconds * secondMs);
  return { path, clock, claim, passes };
}

suite("a daemon's claim on its data folder", () => {
  test("is made again when state/ was deleted", async (t) => {
    const { path, clock, claim, passes } = await claimed(t);
    rmSync(dirname(path), { recursive: true });
    await passes(11);

    assert.equal(await takeElsewhere(t, path), "held by another");
    await clock.runUntil(claim.release());
    assert.equal(await takeElsewhere(t, path), "taken");
  });

  test("is lost to another that took the folder meanwhile, and says so", async (t) => {
    const { path, clock, claim, passes } = await claimed(t);
    rmSync(dirname(path), { recursive: true });
    mkdirSync(dirname(path));
    assert.equal(await takeElsewhere(t, path), "taken");

    let lost: OperatorError | undefined;
    void claim.lost.then((error) => (lost = error));
    await passes(11);
    assert.equal(lost?.code, "DAEMON_RUNNING");
    await clock.runUntil(claim.release());
  });
});
