/** `npm run status`: is it running, how did each function's last run end, when is its next. Reads only. */
import { parseArgs } from "node:util";
import { readEnvironment } from "./configuration.ts";
import { systemMachine } from "./doors/machine.ts";
import { OperatorError, describeError, exitCodes, messageOf } from "./errors.ts";
import { loadFunctions } from "./load.ts";
import { readSettings } from "./settings.ts";
import { readStatus } from "./status-report.ts";
import { statusTable } from "./status-table.ts";
import { iso } from "./time.ts";
import { userAgent } from "./version.ts";

const help = `npm run status -- [--json]

Is the runtime running, how did each function's last run end (up to 48 hours back), when is its next.

  --json   one line for a program; npm run -s status -- --json
  --help   this text

Exit codes: 0 said; 64 a wrong flag; 78 a wrong setting.
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { clock, files } = systemMachine(userAgent);
  try {
    const flags = readFlags();
    if (flags.help === true) {
      process.stdout.write(help);
      return exitCodes.ok;
    }
    const { dataFolder } = readSettings(await readEnvironment(files), await loadFunctions()).core;
    const now = clock.now();
    const report = await readStatus(files, dataFolder, now).catch((error: unknown) => {
      throw unreadable(dataFolder, error);
    });
    process.stdout.write(
      flags.json === true ? `${JSON.stringify(report, toIso)}\n` : statusTable(report, now),
    );
    return exitCodes.ok;
  } catch (error) {
    process.stderr.write(`${describeError("status", error)}\n`);
    return exitCodes[error instanceof OperatorError ? error.exit : "failed"];
  }
}

function readFlags(): { json?: boolean; help?: boolean } {
  try {
    return parseArgs({ options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } })
      .values;
  } catch (error) {
    throw new OperatorError("BAD_FLAG", {
      message: messageOf(error),
      exit: "usage",
      next: "npm run status -- --help",
    });
  }
}

function unreadable(dataFolder: string, error: unknown): OperatorError {
  return new OperatorError("STATUS_UNREADABLE", {
    message: `cannot read the journal in ${dataFolder}: ${messageOf(error)}`,
    exit: "unavailable",
    safe: "The runtime, if there is one, is not touched.",
    next: "run it as the user that records, such as sudo -u hourbook npm run status",
    cause: error,
  });
}

function toIso(key: string, value: unknown): unknown {
  return key === "next" && typeof value === "number" ? iso(value) : value;
}
