/** `npm run status`: is it running, what ran last, what comes next, what happened to a slot. Reads only. */
import { readEnvironment, readSchedulesFile } from "./configuration.ts";
import { type Machine, systemMachine } from "./doors/machine.ts";
import { OperatorError, describeError, exitCodes, messageOf } from "./errors.ts";
import type { AnyFunction } from "./function.ts";
import { scheduleInForce } from "./journal.ts";
import type { ScheduledFunctions } from "./journal-lines.ts";
import { loadFunctions } from "./load.ts";
import type { LineSink } from "./logs.ts";
import { type Environment, type Settings, readSettings } from "./settings.ts";
import { type StandingReport, readStandings } from "./standings.ts";
import { checkAge } from "./status-age.ts";
import { type StatusFlags, readStatusFlags, statusHelp } from "./status-flags.ts";
import { type StatusReport, readStatus } from "./status-report.ts";
import { slotsTable, statusTable } from "./status-table.ts";
import { didYouMean } from "./suggest.ts";
import { userAgent } from "./version.ts";
import { readWhy } from "./why.ts";
import { whyText } from "./why-text.ts";

export interface StatusCall {
  args: readonly string[];
  env: Environment;
  machine: Machine;
  stdout: LineSink;
  stderr: LineSink;
  functionsFolder?: string;
}

/** Says what was asked for; returns the exit code. */
export async function status(call: StatusCall): Promise<number> {
  try {
    const flags = readStatusFlags(call.args);
    if (flags.isHelp) {
      call.stdout.write(statusHelp);
      return exitCodes.ok;
    }
    const functions = await loadFunctions(call.functionsFolder);
    const asked = { ...call, flags, functions, settings: readSettings(call.env, functions) };
    await (flags.why === undefined ? sayStatus(asked) : sayWhy(asked, flags.why));
    return exitCodes.ok;
  } catch (error) {
    call.stderr.write(`${describeError("status", error)}\n`);
    return exitCodes[error instanceof OperatorError ? error.exit : "failed"];
  }
}

interface Asked extends StatusCall {
  flags: StatusFlags;
  functions: ReadonlyMap<string, AnyFunction>;
  settings: Settings;
}

async function sayStatus(asked: Asked): Promise<void> {
  const { flags, machine, functions, settings, stdout } = asked;
  const report = await readReport(asked);
  const isOfSlots = flags.slots !== undefined && !flags.isJson;
  const standings = isOfSlots ? [] : await readStandings(machine, settings, functions);
  if (flags.isJson) stdout.write(`${JSON.stringify(jsonOf(report, standings))}\n`);
  // Of an alert's timer, what is wrong is the whole message.
  const isFresh =
    flags.maxAgeMs === undefined ? undefined : checkAge(flags.maxAgeMs, report, standings);
  if (flags.isJson) return;
  if (isFresh !== undefined) stdout.write(isFresh);
  else stdout.write(isOfSlots ? slotsTable(report) : statusTable(report, standings));
}

function readReport(asked: Asked): Promise<StatusReport> {
  const { flags, machine, settings } = asked;
  const { clock, files } = machine;
  return unlessUnreadable(
    settings,
    readStatus({
      files,
      place: settings.core,
      now: clock.now(),
      ...(flags.slots === undefined
        ? {}
        : { slots: flags.slots, inFile: () => functionsInFile(asked) }),
    }),
  );
}

async function functionsInFile({
  machine,
  settings,
  functions,
}: Asked): Promise<ScheduledFunctions> {
  const read = readSchedulesFile(machine.files, settings.schedulesFile, functions);
  return scheduleInForce(await read).functions;
}

async function sayWhy(asked: Asked, name: string): Promise<void> {
  const { flags, machine, functions, settings, stdout } = asked;
  const now = machine.clock.now();
  const { files } = machine;
  const options = { files, place: settings.core, name, at: flags.at ?? now, now };
  const why = await unlessUnreadable(settings, readWhy(options));
  if (why.rows.length === 0 && why.entry === undefined && !functions.has(name)) {
    throw new OperatorError("UNKNOWN_FUNCTION", {
      message: `there is no function ${name}, and the journal knows of none${didYouMean(name, functions.keys())}`,
      exit: "usage",
      safe: "Nothing was changed.",
      next: "npm run fn -- --list",
    });
  }
  stdout.write(flags.isJson ? `${JSON.stringify(why)}\n` : whyText(why, now));
}

function jsonOf(report: StatusReport, standings: readonly StandingReport[]): object {
  return {
    ...report,
    standings: Object.fromEntries(standings.map(({ function: name, ...rest }) => [name, rest])),
  };
}

async function unlessUnreadable<T>({ core }: Settings, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError("STATUS_UNREADABLE", {
      message: `cannot read the journal in ${core.dataFolder}: ${messageOf(error)}`,
      exit: "unavailable",
      safe: "The runtime, if there is one, is not touched.",
      next: "run it as the user that records, such as sudo -u hourbook npm run status",
      cause: error,
    });
  }
}

if (import.meta.main) {
  const machine = systemMachine(userAgent);
  const { stdout, stderr } = process;
  const args = process.argv.slice(2);
  const env = await readEnvironment(machine.files);
  process.exitCode = await status({ args, env, machine, stdout, stderr });
}
