/** `npm start`: the daemon. Whatever is wrong with its configuration is said before anything is fired. */
import { startRuntime } from "./app.ts";
import { readConfiguration, readEnvironment } from "./configuration.ts";
import { systemMachine } from "./doors/machine.ts";
import { OperatorError, describeError, exitCodes } from "./errors.ts";
import { loadFunctions } from "./load.ts";
import { tailed } from "./log-tail.ts";
import { createLog } from "./logs.ts";
import { createPings } from "./pings.ts";
import { runProcess } from "./process.ts";
import { systemdObserver } from "./systemd.ts";
import { userAgent, version } from "./version.ts";

process.exit(await main());

async function main(): Promise<number> {
  const machine = systemMachine(userAgent);
  try {
    refuseArguments(process.argv.slice(2));
    const env = await readEnvironment(machine.files);
    const functions = await loadFunctions();
    const { settings, schedules } = await readConfiguration(machine.files, env, functions);
    const now = (): number => machine.clock.now();
    const { log, tail } = tailed(
      createLog({
        level: settings.logLevel,
        file: settings.logFile,
        now,
        pretty: process.stderr.isTTY,
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

/** It takes none, and someone who gives one expects something else than a daemon. */
function refuseArguments(given: readonly string[]): void {
  if (given.length === 0) return;
  throw new OperatorError("BAD_FLAGS", {
    message: `npm start takes no arguments, and was given ${given.join(" ")}`,
    exit: "usage",
    safe: "Nothing was started.",
    next: "npm start, with settings from the environment; npm run fn -- --help for functions by hand",
  });
}
