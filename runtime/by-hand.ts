/** One run by hand, with or without a daemon beside it: the same locks, deadline, doors and journal. */
import type { Machine } from "./doors/machine.ts";
import type { OperatorError } from "./errors.ts";
import { prepareFolders } from "./folders.ts";
import type { AnyFunction, Run } from "./function.ts";
import { hourLog } from "./hours/hour-log.ts";
import { createJournal, scheduleInForce } from "./journal.ts";
import type { RunReport } from "./run-report.ts";
import type { RunnerSettings } from "./run-context.ts";
import { type RuntimeLog, createRunner } from "./runner.ts";
import type { Schedules } from "./schedules.ts";

export interface HandRunOptions {
  machine: Machine;
  settings: RunnerSettings;
  log: RuntimeLog;
  name: string;
  definition: AnyFunction;
  /** Checked by the function's schema. */
  input: unknown;
  timeoutMs: number;
  asOf?: number | undefined;
  /** Written where this run is the first to open a journal hour; without it, the daemon will write it. */
  schedules?: Schedules | undefined;
  /** For a function that `diagnoses`. */
  configuration?: Run["configuration"];
  onProgress?: Run["progress"] | undefined;
  output?: Run["output"];
  /** Ctrl-C: its reason, an `OperatorError`, decides the exit code. */
  signal?: AbortSignal | undefined;
}

/** Throws `LOCKED` if the function is running already; how the run ended is in the report. */
export async function runByHand(options: HandRunOptions): Promise<RunReport> {
  const { machine, settings, log, name, definition, input, timeoutMs, asOf, signal } = options;
  const { dataFolder } = settings.core;
  await prepareFolders(machine.files, dataFolder);
  const hours = hourLog({ machine, dataFolder, stream: "journal", mayUseReserve: true, log });
  const journal = createJournal({ clock: machine.clock, hours, log, by: "hand" });
  if (options.schedules !== undefined)
    await journal.inForce(scheduleInForce(options.schedules), false);
  const { onProgress, output, configuration } = options;
  const runner = createRunner({ machine, settings, journal, log, onProgress, output });
  const onAbort = (): void => void runner.drain(signal?.reason as OperatorError, true);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    const given = { input, timeoutMs, asOf, configuration };
    return await runner.run({ name, definition, trigger: "hand", ...given });
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await journal.close();
  }
}
