/** What a run is handed: why now, until when, its settings, and its doors behind a gate. */
import { type Gate, gate } from "./doors/gate.ts";
import type { Machine } from "./doors/machine.ts";
import { OperatorError } from "./errors.ts";
import type { AnyFunction, CoreSettings, Log, Run, Trigger } from "./function.ts";
import type { Journal } from "./journal.ts";
import { secondMs } from "./time.ts";

export interface RunnerSettings {
  core: CoreSettings;
  of(name: string): Record<string, unknown>;
}

export interface RunRequest {
  name: string;
  definition: AnyFunction;
  /** Checked by the function's schema. */
  input: unknown;
  timeoutMs: number;
  trigger: Trigger;
  scheduledAt?: number | undefined;
  nextSlotAt?: number | undefined;
  /** The slot had come up already, before the clock was set back. */
  isRepeat?: boolean;
  asOf?: number | undefined;
  configuration?: Run["configuration"];
}

export interface ContextOptions {
  machine: Machine;
  settings: RunnerSettings;
  request: RunRequest;
  run: string;
  startedAt: number;
  log: Log;
  journal: Pick<Journal, "write">;
  onProgress: Run["progress"] | undefined;
  output: Run["output"];
}

export interface Context {
  gated: Gate;
  run: Omit<Run, "signal">;
}

export function createContext(options: ContextOptions): Context {
  const { machine, settings, request, startedAt, log } = options;
  const { name, definition, trigger, scheduledAt, nextSlotAt, timeoutMs, asOf } = request;
  const own = settings.of(name);
  const gated = gate({
    clock: machine.clock,
    files: machine.files,
    http: machine.http(definition.endpoints?.(own) ?? []),
    sockets: machine.sockets(definition.channels?.(own) ?? []),
    children: machine.children(definition.programs ?? []),
    random: () => machine.random(),
  });
  const run = {
    ...gated.doors,
    id: options.run,
    trigger,
    scheduledAt,
    startedAt,
    deadlineAt: startedAt + timeoutMs,
    nextSlotAt,
    asOf: asOf ?? startedAt,
    log,
    journal: (event: string, about: object) =>
      options.journal.write({ kind: "note", run: options.run, function: name, event, about }),
    progress: options.onProgress ?? progressToLog(log, machine.clock),
    output: options.output,
    configuration: request.configuration,
    settings: { ...settings.core, ...own },
  };
  return { gated, run };
}

/** Closes what a run left open; never in the way of the next. */
export async function warnOfLeftovers({ gated }: Context, log: Log): Promise<void> {
  const left = await gated.takeBack();
  if (left > 0)
    log.warn({ left }, "the run left files open or locks taken: they are closed and released now");
}

export function doorsShut(name: string, what: string): OperatorError {
  return new OperatorError("DOORS_SHUT", {
    message: `this run of ${name} ${what}: its doors are shut`,
    safe: "What it had done before stays; from then on it could change nothing.",
    next: "mend the function: it must end soon after `run.signal` is aborted, and wait for all that it began",
  });
}

const progressEveryMs = 10 * secondMs;

function progressToLog(log: Log, clock: Machine["clock"]): Run["progress"] {
  let loggedAt = clock.monotonic();
  return (done, total, unit) => {
    if (clock.monotonic() - loggedAt < progressEveryMs) return;
    loggedAt = clock.monotonic();
    log.info({ done, total }, `${done} of ${total} ${unit}`);
  };
}
