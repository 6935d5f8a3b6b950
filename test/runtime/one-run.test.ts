/**
 * Never two runs of one function, whoever starts them and however they end; and between two daemons no slot is lost.
 *
 * Method: a real daemon and real processes by hand want the same function all the time, and are killed at any moment.
 * Each run leaves word when it begins and ends.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { systemFiles } from "../../runtime/doors/files.ts";
import { functionLock } from "../../runtime/locks.ts";
import { secondMs } from "../../runtime/time.ts";
import { unit } from "../venue/random.ts";
import { journalOf, startDaemon } from "../support/daemons.ts";
import { temporaryFolder } from "../support/folder.ts";
import { isLong, rotatingSeed } from "../support/seed.ts";
import { linesIn, witnessed } from "../support/witness.ts";

const guard = join(import.meta.dirname, "../../runtime/guard.js");
const contender = join(import.meta.dirname, "../support/contender.ts");

suite("one run of a function at a time", { concurrency: true }, () => {
  test("holds among a daemon and runs by hand that are killed at any moment", async (t) => {
    const seed = rotatingSeed(t);
    const folder = temporaryFolder(t);
    const daemon = startDaemon(t, folder, "witness=* * * * * *");
    const byHand = [contend(folder), contend(folder)];
    const killed = new Set<number>();
    try {
      while (linesIn(folder).length < 10) await setTimeout(20);
      for (let count = 1; count <= (isLong ? 200 : 6); count += 1) {
        await setTimeout(unit(seed, count) * secondMs);
        const index = count % byHand.length;
        const victim = byHand[index] as ChildProcess;
        killed.add(victim.pid ?? 0);
        await kill(victim);
        byHand[index] = contend(folder);
      }
      // Whoever came last gets its turn, too.
      const last = ` ${byHand[0]?.pid}`;
      while (!linesIn(folder).some((line) => line.endsWith(last))) await setTimeout(20);
    } finally {
      await Promise.all([...byHand, daemon.process].map(kill));
    }
    const { runs, overlaps } = witnessed(folder, killed);
    t.diagnostic(`${runs} runs, ${killed.size} kills`);
    assert.deepEqual(overlaps, []);
  });

  test("leaves the lock free the moment that its holder is killed", async (t) => {
    const folder = temporaryFolder(t);
    const daemon = startDaemon(t, folder, "long");
    const { lock } = functionLock(folder, "long");
    while (!(await journalOf(folder)).some(({ kind }) => kind === "begin")) await setTimeout(5);
    assert.equal(await systemFiles.lock(lock), undefined);
    daemon.process.kill("SIGKILL");
    await daemon.exitCode();

    const taken = await systemFiles.lock(lock);
    assert.ok(taken);
    await taken.release();
  });

  test("and a restart between two slots of a 5 s beat loses none", async (t) => {
    for (let tries = 1; ; tries += 1) {
      const { slots, wasDown } = await restartedOnce(t);
      // A machine this busy was down at a slot: nothing to be seen here.
      if (tries < 3 && wasDown(Number(slots[0]) + 5 * secondMs)) continue;
      assert.equal(slots.length, 2);
      assert.equal(Number(slots[1]) - Number(slots[0]), 5 * secondMs);
      return;
    }
  });
});

async function restartedOnce(t: TestContext): Promise<Restarted> {
  const folder = temporaryFolder(t);
  const tick = "tick=*/5 * * * * *";
  for (let start = 1; start <= 2; start += 1) {
    const daemon = startDaemon(t, folder, tick);
    await daemon.says(/tick ok/);
    daemon.process.kill("SIGTERM");
    assert.equal(await daemon.exitCode(), 0);
  }
  const lines = await journalOf(folder);
  const timeOf = (kind: string, nth: number): number =>
    Date.parse(lines.filter((line) => line.kind === kind).at(nth)?.at ?? "");
  const begun = lines.filter((line) => line.kind === "begin");
  return {
    slots: begun.map((line) => Date.parse(line.scheduled ?? "")),
    wasDown: (slot) => timeOf("stopping", 0) <= slot && slot <= timeOf("start", 1),
  };
}

interface Restarted {
  slots: number[];
  wasDown(slot: number): boolean;
}

function contend(folder: string): ChildProcess {
  // Without coverage and with compiled code at hand, they come back sooner.
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const args = ["--import", guard, contender, folder];
  return spawn(process.execPath, args, { stdio: "ignore", env });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
