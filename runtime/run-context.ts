/** What a run is handed: why now, until when, its settings, and its doors behind a gate. */
import { type Gate, gate } from "./doors/gate.ts";
import type { Machine } from "./doors/machine.ts";
import type { AnyFunction, CoreSettings, Log, Run, Trigger } from "./function.ts";
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
}

export interface ContextOptions {
  machine: Machine;
  settings: RunnerSettings;
  request: RunRequest;
  run: string;
  startedAt: number;
  log: Log;
  onProgress: Run["progress"] | undefined;
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
    progress: options.onProgress ?? progressToLog(log, machine.clock),
    settings: { ...settings.core, ...own },
  };
  return { gated, run };
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
