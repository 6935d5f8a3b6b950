/**
 * `npm start`: the daemon. Whatever is wrong with its configuration is said before anything is fired; with `--check`
 * that is all it does, which is how an upgrade asks new code about an old machine's configuration.
 */
import { startRuntime } from "./app.ts";
import { readConfiguration, readEnvironment } from "./configuration.ts";
import { systemMachine } from "./doors/machine.ts";
import { isJournal } from "./doors/service-manager.ts";
import { OperatorError, describeError, exitCodes } from "./errors.ts";
import { refuseForeignRoot } from "./folders.ts";
import { loadFunctions } from "./load.ts";
import { tailed } from "./log-tail.ts";
import { createLog } from "./logs.ts";
import { createPings } from "./pings.ts";
import { runProcess } from "./process.ts";
import type { Schedules } from "./schedules.ts";
import type { Settings } from "./settings.ts";
import { systemdObserver } from "./systemd.ts";
import { userAgent, version } from "./version.ts";

process.exit(await main());

async function main(): Promise<number> {
  const machine = systemMachine(userAgent);
  try {
    const isCheck = asksForCheck(process.argv.slice(2));
    const env = await readEnvironment(machine.files);
    const functions = await loadFunctions();
    const { settings, schedules } = await readConfiguration(machine.files, env, functions);
    if (isCheck) {
      process.stdout.write(checked(settings, schedules, functions.size));
      return exitCodes.ok;
    }
    await refuseForeignRoot(machine, settings.core.dataFolder);
    const now = (): number => machine.clock.now();
    const { log, tail } = tailed(
      createLog({
        level: settings.logLevel,
        file: settings.logFile,
        now,
        pretty: process.stderr.isTTY,
        isJournal: isJournal(),
      }),
      now,
    );
    const { schedulesFile, healthcheckUrl: url, core } = settings;
    const name = `${userAgent} on ${core.collector}`;
    const pings = url && createPings({ machine, random: machine.random, url, log, tail, name });
    const systemd = systemdObserver(env, { clock: machine.clock, log });
    const observers = [pings, systemd].filter((observer) => typeof observer === "object");
    const options = {
      machine,
      settings,
      functions,
      schedules,
      schedulesFile,
      log,
      version,
      observers,
    };
    return await runProcess(log, () => startRuntime(options));
  } catch (error) {
    process.stderr.write(`${describeError("hourbook", error)}\n`);
    return exitCodes[error instanceof OperatorError ? error.exit : "failed"];
  }
}

/** It takes no other, and someone who gives one expects something else than a daemon. */
function asksForCheck(given: readonly string[]): boolean {
  if (given.length === 0) return false;
  if (given.length === 1 && given[0] === "--check") return true;
  throw new OperatorError("BAD_FLAGS", {
    message: `npm start takes no arguments but --check, and was given ${given.join(" ")}`,
    exit: "usage",
    safe: "Nothing was started.",
    next: "npm start, with settings from the environment; npm run fn -- --help for functions by hand",
  });
}

function checked({ schedulesFile }: Settings, { entries }: Schedules, functions: number): string {
  const onSchedule = [...entries.values()].filter(
    ({ enabled, cron }) => enabled && cron !== undefined,
  );
  return `The settings and ${schedulesFile} are right: ${onSchedule.length} of ${functions} functions are on a schedule.\n`;
}
