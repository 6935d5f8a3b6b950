/**
 * What systemd is told, and that its watchdog starves where the runtime no longer does its work.
 *
 * Method: on a virtual clock what is said is listed; then a real daemon talks through the real `systemd-notify` to a
 * real socket.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { sleep } from "../../runtime/doors/clock.ts";
import { OperatorError } from "../../runtime/errors.ts";
import type { Observer, Vitals } from "../../runtime/observer.ts";
import type { RunReport } from "../../runtime/run-report.ts";
import { createSystemd, systemdObserver } from "../../runtime/systemd.ts";
import { minuteMs, secondMs } from "../../runtime/time.ts";
import { startDaemonIn } from "../support/daemons.ts";
import { temporaryFolder } from "../support/folder.ts";
import { hasSystemdNotify, openNotifySocket } from "../support/notify-socket.ts";
import { type TestLog, aHouse, testLog } from "../support/runtime.ts";
import { type VirtualClock, virtualClock } from "../support/virtual-clock.ts";

interface Told {
  clock: VirtualClock;
  systemd: Observer;
  said: string[];
  log: TestLog;
  vitals: Vitals;
  /** Lets time pass. */
  pass(seconds: number): Promise<void>;
}

function aService(notifies: (said: string[]) => Promise<void> = async () => {}): Told {
  const clock = virtualClock({ start: Date.parse("2026-11-22T15:00:00Z") });
  const said: string[] = [];
  const log = testLog();
  const notify = (assignments: readonly string[]): Promise<void> => {
    said.push(`${(clock.now() % minuteMs) / secondMs} ${assignments.join(" ")}`);
    return notifies(said);
  };
  const vitals: Vitals = {
    functions: 7,
    next: () => ({ name: "snapshot-poll", at: clock.now() + 3 * secondMs }),
    trouble: () => undefined,
  };
  const systemd = createSystemd({ clock, log, notify, watchdogMs: 20 * secondMs });
  const pass = (seconds: number): Promise<void> => clock.run(clock.now() + seconds * secondMs);
  return { clock, systemd, said, log, vitals, pass };
}

suite("systemd is told", () => {
  test("that it is ready, with a status line, and at half of the watchdog's time that it is alive", async () => {
    const { systemd, said, vitals, pass } = aService();
    systemd.started(vitals);
    await pass(21);

    assert.deepEqual(said, [
      "0 READY=1 STATUS=7 functions, next snapshot-poll 15:00:03 UTC, last failure none",
      "10 WATCHDOG=1 STATUS=7 functions, next snapshot-poll 15:00:13 UTC, last failure none",
      "20 WATCHDOG=1 STATUS=7 functions, next snapshot-poll 15:00:23 UTC, last failure none",
    ]);
  });

  test("what failed last", async () => {
    const { clock, systemd, said, vitals, pass } = aService();
    systemd.started(vitals);
    const error = new OperatorError("UNAVAILABLE", { message: "the remote does not answer" });
    const report = {
      function: "offload",
      outcome: "failed",
      startedAt: clock.now(),
      tookMs: 5_000,
      error,
    };
    systemd.ended(report as RunReport);
    await pass(11);

    assert.match(said.at(-1) ?? "", /, last failure offload 15:00:05 UTC \(UNAVAILABLE\)$/);
  });

  test("nothing where there is no progress, but for the reason, once more when it goes on", async () => {
    const { systemd, said, log, vitals, pass } = aService();
    let trouble: string | undefined;
    systemd.started({ ...vitals, trouble: () => trouble });
    await pass(1);
    trouble = "nothing was fired for 15 s";
    await pass(20);
    trouble = undefined;
    await pass(10);

    assert.deepEqual(said.slice(1, 3), [
      "10 STATUS=no progress: nothing was fired for 15 s",
      "20 STATUS=no progress: nothing was fired for 15 s",
    ]);
    assert.match(said[3] ?? "", /^30 WATCHDOG=1/);
    assert.deepEqual(log.messages, [
      "no progress: nothing was fired for 15 s; systemd's watchdog is not fed",
    ]);
  });

  test("that it reloads, until it is ready again", async () => {
    const { clock, systemd, said, vitals, pass } = aService();
    systemd.started(vitals);
    systemd.reloading?.(sleep(clock, 200));
    await pass(1);

    assert.equal(said[1], "0 RELOADING=1");
    assert.match(said[2] ?? "", /^0.2 READY=1 STATUS=7 functions/);
  });

  test("that it stops; a stop that hangs starves the watchdog", async () => {
    const { systemd, said, vitals, pass } = aService();
    systemd.started(vitals);
    systemd.stopping?.("SIGTERM");
    await pass(59);

    assert.deepEqual(said.slice(1), [
      "0 STOPPING=1 STATUS=stopping: SIGTERM",
      "10 WATCHDOG=1",
      "20 WATCHDOG=1",
      "30 WATCHDOG=1",
      "40 WATCHDOG=1",
    ]);
  });

  test("one thing after the other, and no more where it does not listen", async () => {
    const { systemd, said, vitals, pass } = aService(() => new Promise(() => {}));
    systemd.started(vitals);
    await pass(120);

    assert.equal(said.length, 1);
    await pass(1);
  });

  test("and if it cannot be, that is logged once", async () => {
    const missing = Object.assign(new Error("spawn systemd-notify ENOENT"), { code: "ENOENT" });
    const { systemd, log, vitals, pass } = aService(() => Promise.reject(missing));
    systemd.started(vitals);
    await pass(60);

    assert.deepEqual(log.messages, [
      "systemd cannot be told that this service is alive: systemd-notify is not installed",
    ]);
  });

  test("nothing where it does not listen at all", () => {
    const { clock, log } = aService();
    assert.equal(systemdObserver({}, { clock, log }), undefined);
  });
});

suite("the runtime's own word on its progress", () => {
  async function troubleOf(
    t: Parameters<typeof aHouse>[0],
    afterMs: number,
  ): Promise<string | undefined> {
    let vitals: Vitals | undefined;
    const observer: Observer = {
      started: (given) => void (vitals = given),
      reloaded: () => {},
      ended: () => {},
      stopped: async () => {},
    };
    const house = aHouse(t, {
      start: "2026-11-22T15:00:05Z",
      functions: { poll: () => new Promise(() => {}) },
      schedule: { poll: { cron: "10 0 * * * *", timeoutMs: 4_000 } },
      observe: () => observer,
    });
    await house.start();
    await house.until("15:00:08");
    if (afterMs > 0) house.clock.block(afterMs);
    return vitals?.trouble();
  }

  test("is good while timers fire, and bad while a timer is overdue", async (t) => {
    assert.equal(await troubleOf(t, 0), undefined);
    assert.equal(await troubleOf(t, 6_000), undefined, "a busy machine");
    assert.equal(await troubleOf(t, 20_000), "nothing was fired for 18 s");
  });
});

suite("a real daemon under a real socket", () => {
  test("is ready, alive, reloads, stops; and a blocked loop starves the watchdog", async (t) => {
    if (!hasSystemdNotify(t)) return;
    const folder = temporaryFolder(t);
    const socket = await openNotifySocket(t, folder);
    const watchdog = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: "400000" };
    const daemon = startDaemonIn(
      t,
      { ...process.env, ...watchdog },
      `${folder}/data`,
      "block=*/3 * * * * *",
    );
    await socket.hears(/^READY=1\|STATUS=\d+ functions, next block \d\d:\d\d:\d\d UTC/);
    await socket.hears(/^WATCHDOG=1/);
    await daemon.says(/"msg":"ready"/);
    daemon.process.kill("SIGHUP");
    await socket.hears(/^RELOADING=1/);

    await daemon.says(/block ok/);
    const fedBefore = socket.heard.filter(({ text }) => text.startsWith("WATCHDOG=1")).length;
    await socket.hears(/^WATCHDOG=1/, fedBefore + 1);
    daemon.process.kill("SIGTERM");
    await socket.hears(/^STOPPING=1\|STATUS=stopping: SIGTERM/);
    assert.equal(await daemon.exitCode(), 0);

    const order = socket.heard.map(({ text }) => text.split(/[=|]/, 1)[0]);
    assert.deepEqual(
      order.filter((name) => name !== "WATCHDOG" && name !== "STATUS"),
      ["READY", "RELOADING", "READY", "STOPPING"],
    );
    const fed = socket.heard
      .filter(({ text }) => text.startsWith("WATCHDOG=1"))
      .map(({ at }) => at);
    const longest = Math.max(...fed.slice(1).map((at, index) => at - (fed[index] ?? at)));
    assert.ok(longest > 1_200, `blocked for 1.5 s, and fed after ${Math.round(longest)} ms`);
  });
});
