/** A real daemon for tests about processes: `node test/support/daemon.ts FOLDER [function at start…]`. */
import { startRuntime } from "../../runtime/app.ts";
import { sleep, systemClock } from "../../runtime/doors/clock.ts";
import { systemMachine } from "../../runtime/doors/machine.ts";
import { OperatorError, exitCodes } from "../../runtime/errors.ts";
import type { Run } from "../../runtime/function.ts";
import { createLog } from "../../runtime/logs.ts";
import { runProcess } from "../../runtime/process.ts";
import { minuteMs } from "../../runtime/time.ts";
import { aFunction, schedules } from "./runtime.ts";

const [dataFolder = "", ...atStart] = process.argv.slice(2);

const work: Record<string, (run: Run) => Promise<object>> = {
  long: (run) => sleep(run.clock, minuteMs, run.signal).then(() => ({})),
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

const entries = atStart.map((name) => [name, { atStart: true }] as const);
const log = createLog({ level: "info", now: Date.now });
try {
  const options = {
    machine: systemMachine("hourbook-test"),
    settings: { core: { dataFolder, collector: "test" }, of: () => ({}) },
    functions: new Map(Object.entries(work).map(([name, run]) => [name, aFunction(run)])),
    schedules: schedules(Object.fromEntries(entries)),
    log,
    version: "1.2.3",
  };
  process.exit(await runProcess(log, () => startRuntime(options)));
} catch (error) {
  process.exit(error instanceof OperatorError ? exitCodes[error.exit] : exitCodes.failed);
}
