/**
 * A real daemon for tests about processes: `node test/support/daemon.ts FOLDER [NAME | NAME=CRON]…` runs these at
 * start or on schedule.
 */
import { startRuntime } from "../../runtime/app.ts";
import { sleep, systemClock } from "../../runtime/doors/clock.ts";
import { systemMachine } from "../../runtime/doors/machine.ts";
import { OperatorError, exitCodes } from "../../runtime/errors.ts";
import type { Run } from "../../runtime/function.ts";
import { createLog } from "../../runtime/logs.ts";
import { runProcess } from "../../runtime/process.ts";
import { systemdObserver } from "../../runtime/systemd.ts";
import { minuteMs } from "../../runtime/time.ts";
import { aFunction, schedules } from "./runtime.ts";
import { witness } from "./witness.ts";

const [dataFolder = "", ...wanted] = process.argv.slice(2);

const work: Record<string, (run: Run) => Promise<object>> = {
  tick: async () => ({}),
  witness,
  long: (run) => sleep(run.clock, minuteMs, run.signal).then(() => ({})),
  block: async () => {
    const until = performance.now() + 1_500;
    while (performance.now() < until);
    return {};
  },
  "throw-later": async () => {
    systemClock.after(10, () => {
      throw new Error("nobody catches this");
    });
    return {};
  },
  "reject-later": async () => {
    void sleep(systemClock, 10).then(() => Promise.reject(new Error("nobody waits for this")));
    return {};
  },
};

const entries = wanted.map((each) => {
  const [name = "", cron] = each.split("=");
  return [name, cron === undefined ? { atStart: true } : { cron }] as const;
});
const log = createLog({ level: "info", now: Date.now });
const systemd = systemdObserver(process.env, { clock: systemClock, log });
try {
  const options = {
    machine: systemMachine("hourbook-test"),
    settings: { core: { dataFolder, collector: "test" }, of: () => ({}) },
    functions: new Map(Object.entries(work).map(([name, run]) => [name, aFunction(run)])),
    schedules: schedules(Object.fromEntries(entries)),
    log,
    version: "1.2.3",
    observers: systemd === undefined ? [] : [systemd],
  };
  process.exit(await runProcess(log, () => startRuntime(options)));
} catch (error) {
  process.exit(error instanceof OperatorError ? exitCodes[error.exit] : exitCodes.failed);
}
