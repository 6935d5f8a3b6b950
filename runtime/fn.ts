/** `npm run fn -- NAME [flags]`: one function, once, now. */
import { runByHand } from "./by-hand.ts";
import { judgeConfiguration, readConfiguration, readEnvironment } from "./configuration.ts";
import { type Machine, systemMachine } from "./doors/machine.ts";
import { type ExitName, OperatorError, describeError, exitCodes } from "./errors.ts";
import { refuseForeignRoot } from "./folders.ts";
import type { AnyFunction, JudgedConfiguration } from "./function.ts";
import { readHandInput } from "./hand-input.ts";
import { functionHelp, generalHelp, list } from "./help.ts";
import { headlineOf, listFunctions, loadFunctions } from "./load.ts";
import { type LineSink, createLog } from "./logs.ts";
import { createProgress } from "./progress.ts";
import { exitOf, resultLine } from "./result-line.ts";
import { type OpenOutput, type OutputSink, createOutput, noOutput } from "./output.ts";
import type { RunReport } from "./run-report.ts";
import { defaultEntry } from "./schedule-entry.ts";
import type { Schedules } from "./schedules.ts";
import type { Environment, Settings } from "./settings.ts";
import { didYouMean, nearest } from "./suggest.ts";
import { userAgent } from "./version.ts";

export interface Invocation {
  args: readonly string[];
  env: Environment;
  machine: Machine;
  stdout: OutputSink & { isTTY?: boolean };
  stderr: LineSink & { isTTY?: boolean };
  /** Stops the run; its reason is an `OperatorError`, which names the exit code. */
  signal: AbortSignal;
  functionsFolder?: string;
}

/** Does what the arguments say; returns the exit code. */
export async function fn(invocation: Invocation): Promise<number> {
  const { args, stdout, stderr } = invocation;
  const [name = "", ...rest] = args;
  const isJson = rest.includes("--json");
  try {
    if (name === "" || name.startsWith("-")) return await withoutName(invocation, name);
    if (rest.includes("--help") || rest.includes("-h")) return await help(invocation, name);
    const output = isJson ? noOutput : createOutput(stdout);
    const { report, definition } = await runNamed(invocation, name, rest, output);
    await output.end();
    if (isJson) stdout.write(resultLine(report));
    // Data on stdout must not end with a line that is none.
    else if (report.outcome === "ok")
      (definition.output === true ? stderr : stdout).write(`${report.summary || "done"}\n`);
    else stderr.write(`${describeError(name, report.error)}\n`);
    return exitCodes[report.exit];
  } catch (error) {
    if (isJson) stdout.write(resultLine({ function: name, outcome: "failed", error }));
    else stderr.write(`${describeError(/^(-|$)/.test(name) ? "fn" : name, error)}\n`);
    return exitCodes[exitOf(error)];
  }
}

async function withoutName(invocation: Invocation, flag: string): Promise<number> {
  const { stdout, stderr, functionsFolder } = invocation;
  if (flag === "--list") {
    stdout.write(await listAll(invocation));
    return exitCodes.ok;
  }
  const text = generalHelp(await listFunctions(functionsFolder));
  if (flag === "--help" || flag === "-h") {
    stdout.write(text);
    return exitCodes.ok;
  }
  if (flag !== "") {
    const hint = didYouMean(flag, ["--list", "--help"]) || "; a function's name comes first";
    throw new OperatorError("BAD_FLAGS", {
      message: `${flag} is not known${hint}`,
      exit: "usage",
      safe: "Nothing was run.",
      next: "npm run fn -- --help",
    });
  }
  stderr.write(text);
  return exitCodes.usage;
}

async function listAll({ machine, env, functionsFolder }: Invocation): Promise<string> {
  const functions = await loadFunctions(functionsFolder);
  const { schedules } = await readConfiguration(machine.files, env, functions);
  const listed = [...functions.keys()].map(async (name) => ({
    name,
    headline: await headlineOf(name, functionsFolder),
    entry: schedules.entries.get(name) ?? defaultEntry(name),
  }));
  return list(await Promise.all(listed));
}

async function help(
  { machine, env, functionsFolder, stdout }: Invocation,
  name: string,
): Promise<number> {
  const functions = await loadFunctions(functionsFolder);
  const definition = known(name, functions);
  // Help is most wanted where something is wrong: a bad schedule costs it one line.
  const configuration = await readConfiguration(machine.files, env, functions).catch(
    () => undefined,
  );
  const entry = configuration && (configuration.schedules.entries.get(name) ?? defaultEntry(name));
  stdout.write(
    functionHelp({ name, headline: await headlineOf(name, functionsFolder), definition, entry }),
  );
  return exitCodes.ok;
}

async function runNamed(
  invocation: Invocation,
  name: string,
  args: readonly string[],
  output: OpenOutput,
): Promise<{ report: RunReport; definition: AnyFunction }> {
  const { machine, env, stdout, stderr, signal, functionsFolder } = invocation;
  const functions = await loadFunctions(functionsFolder);
  const definition = known(name, functions);
  const { settings, schedules, judged } = await configurationFor(invocation, definition, functions);
  const entry = schedules?.entries.get(name) ?? defaultEntry(name);
  const { input, asOf } = readHandInput({ name, definition, entry, args });
  await refuseForeignRoot(machine, settings.core.dataFolder);
  const isTerminal = stderr.isTTY === true;
  // A bar would be torn by data that scrolls through the same terminal.
  const hasBar = isTerminal && !(definition.output === true && stdout.isTTY === true);
  const progress = hasBar ? createProgress(name, stderr, machine.clock) : undefined;
  const log = createLog({
    // A person who waits is told by the bar and the summary what info would say.
    level: isTerminal && env["HOURBOOK_LOG_LEVEL"] === undefined ? "warn" : settings.logLevel,
    file: settings.logFile,
    now: () => machine.clock.now(),
    pretty: isTerminal,
    stream: progress ?? stderr,
  });
  try {
    const report = await runByHand({
      machine,
      settings,
      log,
      name,
      definition,
      input,
      asOf,
      schedules,
      configuration: judged,
      signal,
      timeoutMs: entry.timeoutMs,
      onProgress: progress?.update,
      output: definition.output === true ? output : undefined,
    });
    return { report, definition };
  } finally {
    progress?.clear();
  }
}

async function configurationFor(
  { machine, env }: Invocation,
  { diagnoses }: AnyFunction,
  functions: ReadonlyMap<string, AnyFunction>,
): Promise<{
  settings: Settings;
  schedules?: Schedules | undefined;
  judged?: JudgedConfiguration;
}> {
  if (diagnoses !== true) return readConfiguration(machine.files, env, functions);
  const { settings, judged } = await judgeConfiguration(machine.files, env, functions);
  return { settings, schedules: judged.schedules, judged };
}

function known(name: string, functions: ReadonlyMap<string, AnyFunction>): AnyFunction {
  const definition = functions.get(name);
  if (definition !== undefined) return definition;
  const meant = nearest(name, functions.keys());
  throw new OperatorError("UNKNOWN_FUNCTION", {
    message:
      meant === undefined
        ? "there is no such function"
        : `there is no such function; did you mean "${meant}"?`,
    exit: "usage",
    safe: "Nothing was run.",
    next: meant === undefined ? "npm run fn -- --list" : `npm run fn -- ${meant}`,
  });
}

if (import.meta.main) process.exit(await main());

async function main(): Promise<number> {
  const controller = new AbortController();
  const stop = (exit: ExitName, message: string) => (): void => {
    controller.abort(new OperatorError("STOPPED", { message, exit }));
  };
  // Once: who asks twice is not kept waiting.
  process.once("SIGINT", stop("interrupted", "stopped by Ctrl-C"));
  process.once("SIGTERM", stop("terminated", "stopped by SIGTERM"));
  // A reader that went away, such as `| head`, is no error of the run.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const machine = systemMachine(userAgent);
  const env = await readEnvironment(machine.files);
  const { stdout, stderr } = process;
  return fn({
    args: process.argv.slice(2),
    env,
    machine,
    stdout,
    stderr,
    signal: controller.signal,
  });
}
