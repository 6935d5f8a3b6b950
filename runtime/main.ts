/** `npm start`: the daemon. Whatever is wrong with its configuration is said before anything is fired. */
import { startRuntime } from "./app.ts";
import { readConfiguration, readEnvironment } from "./configuration.ts";
import { systemMachine } from "./doors/machine.ts";
import { OperatorError, describeError, exitCodes } from "./errors.ts";
import { loadFunctions } from "./load.ts";
import { createLog } from "./logs.ts";
import { runProcess } from "./process.ts";
import { userAgent, version } from "./version.ts";

process.exit(await main());

async function main(): Promise<number> {
  const machine = systemMachine(userAgent);
  try {
    const env = await readEnvironment(machine.files);
    const functions = await loadFunctions();
    const { settings, schedules } = await readConfiguration(machine.files, env, functions);
    const log = createLog({
      level: settings.logLevel,
      file: settings.logFile,
      now: () => machine.clock.now(),
      pretty: process.stderr.isTTY,
    });
    const options = { machine, settings, functions, schedules, log, version };
    return await runProcess(log, () => startRuntime(options));
  } catch (error) {
    process.stderr.write(`${describeError("hourbook", error)}\n`);
    return exitCodes[error instanceof OperatorError ? error.exit : "failed"];
  }
}
