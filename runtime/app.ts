/**
 * The runtime put together: one daemon on one data folder. The real process, the accelerated demo and the
 * tests start the same thing; they differ in the machine that it is given.
 */
import type { Machine } from "./doors/machine.ts";
import { OperatorError, exitCodes, messageOf } from "./errors.ts";
import { type DaemonClaim, claimDaemon } from "./daemon-lock.ts";
import { prepareFolders } from "./folders.ts";
import type { AnyFunction, Log } from "./function.ts";
import { type HourLog, hourLog } from "./hours/hour-log.ts";
import { type Journal, type Refusal, createJournal, scheduleInForce } from "./journal.ts";
import { functionLock, isHeld } from "./locks.ts";
import type { Observer } from "./observer.ts";
import { type Past, readPast } from "./past.ts";
import { type Reload, followSchedules } from "./reload.ts";
import type { RunnerSettings } from "./run-context.ts";
import { type Runner, type RuntimeLog, createRunner, stuckAfterMs } from "./runner.ts";
import { type Scheduler, createScheduler } from "./scheduler.ts";
import type { Schedules } from "./schedules.ts";
import { formatDuration, hourMs, secondMs } from "./time.ts";

export interface RuntimeOptions {
  machine: Machine;
  settings: RunnerSettings;
  functions: ReadonlyMap<string, AnyFunction>;
  schedules: Schedules;
  /** Where the schedules came from: saving it there puts another one in force. */
  schedulesFile?: string | undefined;
  log: RuntimeLog;
  version: string;
  observers?: readonly Observer[];
}

export interface Runtime {
  /** Puts another schedule in force, without a restart. */
  apply(schedules: Schedules): void;
  /** Looks at the schedules' file now; what is wrong with it is logged and recorded. */
  reload(): Promise<void>;
  /** Fires nothing more, lets runs end or asks them to, and settles when the process may go. */
  stop(reason: string, how?: StopOptions): Promise<void>;
  /** The exit code, once it has stopped for whatever reason. */
  done: Promise<number>;
}

interface StopOptions {
  exit?: number;
  /** Asks all runs to stop, also those that drain. */
  atOnce?: boolean;
}

/** Throws `OperatorError` where it cannot start: `DATA_FOLDER`, `DAEMON_RUNNING`. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { machine, settings, log } = options;
  const { dataFolder } = settings.core;
  log.info({ version: options.version, dataFolder }, "starting");
  await prepareFolders(machine.files, dataFolder);
  const daemon = await claimDaemon(machine, dataFolder);
  try {
    const hours = hourLog({
      machine,
      dataFolder,
      stream: "journal",
      mayUseReserve: true,
      isHeldOpen: true,
      log,
    });
    const past = await lookBack(options);
    const journal = createJournal({ clock: machine.clock, hours, log, by: "daemon" });
    await openJournal(options, journal, past);
    return run(options, { hours, journal, past, daemon });
  } catch (error) {
    await daemon.release();
    throw error;
  }
}

interface Parts {
  hours: HourLog;
  journal: Journal;
  past: Past;
  daemon: DaemonClaim;
}

function run(options: RuntimeOptions, { hours, journal, past, daemon }: Parts): Runtime {
  const { machine, settings, functions, log, observers = [] } = options;
  const { promise: done, resolve: finish } = Promise.withResolvers<number>();
  let stopping: Promise<void> | undefined;

  const runner = createRunner({
    machine,
    settings,
    journal,
    log,
    onStuck: (name) => void stop(`stuck: ${name} does not end`, { exit: exitCodes.failed }),
  });
  const scheduler = createScheduler({
    clock: machine.clock,
    runner: observed(runner, observers),
    journal,
    log,
    functions,
    past,
  });

  function stop(reason: string, how: StopOptions = {}): Promise<void> {
    stopping ??= windDown(reason, how);
    return stopping;
  }

  async function windDown(
    reason: string,
    { exit = exitCodes.ok, atOnce = false }: StopOptions,
  ): Promise<void> {
    reload?.stop();
    const counted = scheduler.stop();
    log.info({ reason }, "stopping");
    void journal.write({ kind: "stopping", reason });
    for (const observer of observers) observer.stopping?.(reason);
    await Promise.all([runner.drain(stopError(reason), atOnce), counted]);
    void journal.write({ kind: "stop", reason });
    await Promise.allSettled([journal.close(), repairing]);
    await hours.letGo();
    await letGo(daemon, log);
    const code = exit === exitCodes.ok && runner.givenUp().length > 0 ? exitCodes.failed : exit;
    await Promise.allSettled(observers.map((observer) => observer.stopped(reason, code)));
    finish(code);
  }

  function apply(schedules: Schedules): void {
    if (stopping !== undefined) return;
    scheduler.apply(schedules);
    void journal.inForce(scheduleInForce(schedules), true);
    for (const observer of observers) observer.reloaded(schedules);
  }

  void daemon.lost.then(({ message }) => stop(message, { exit: exitCodes.locked }));
  scheduler.apply(options.schedules);
  void scheduler.runAtStart();
  const repairing = repairOldHours(hours, log);
  const reload = follow(options, apply, journal);
  log.info({ functions: functions.size }, "ready");
  const next = scheduler.next.bind(scheduler);
  const trouble = (): string | undefined => troubleOf(scheduler, runner);
  for (const observer of observers) observer.started({ functions: functions.size, next, trouble });

  async function reloadNow(): Promise<void> {
    const isOver = reload?.now() ?? Promise.resolve();
    for (const observer of observers) observer.reloading?.(isOver);
    await isOver;
  }

  return { done, stop, apply, reload: reloadNow };
}

async function letGo(daemon: DaemonClaim, log: RuntimeLog): Promise<void> {
  try {
    await daemon.release();
  } catch (error) {
    log.error({ error: messageOf(error) }, "unclean end");
  }
}

// Above what a busy machine makes of a timer; a loop that is blocked for longer cannot tell of it anyway.
const overdueMsMax = 5 * secondMs;

function troubleOf(scheduler: Scheduler, runner: Runner): string | undefined {
  const overdueMs = scheduler.overdueMs();
  if (overdueMs > overdueMsMax) return `nothing was fired for ${formatDuration(overdueMs)}`;
  const overdue = runner.overdue();
  return overdue === undefined ? undefined : `${overdue} is past its last deadline`;
}

function observed(runner: Runner, observers: readonly Observer[]): Pick<Runner, "run"> {
  return {
    async run(request) {
      const report = await runner.run(request);
      for (const observer of observers) observer.ended(report);
      return report;
    },
  };
}

function follow(
  options: RuntimeOptions,
  apply: Runtime["apply"],
  journal: Journal,
): Reload | undefined {
  const { schedulesFile: file, schedules: inForce } = options;
  const refuse = (refusal: Refusal): void => void journal.refused(refusal);
  return file === undefined
    ? undefined
    : followSchedules({ ...options, file, inForce, apply, refuse });
}

// The hour that is written to is repaired by the first line written to it; the others can wait for the polls.
async function repairOldHours(hours: HourLog, log: Log): Promise<void> {
  try {
    for (const repair of await hours.repair()) log.warn(repair, "repaired the journal");
  } catch (error) {
    log.error({ error: messageOf(error) }, "the journal of earlier hours cannot be repaired");
  }
}

// Recording goes before history: a journal that cannot be read is no reason not to start.
async function lookBack({ machine, settings, schedules, log }: RuntimeOptions): Promise<Past> {
  try {
    return await readPast(machine.files, settings.core, hoursToLookBack(schedules));
  } catch (error) {
    log.error({ error: messageOf(error) }, "the journal of earlier runs cannot be used");
    return { newestAt: undefined, newestSlots: new Map(), unfinished: [] };
  }
}

async function openJournal(options: RuntimeOptions, journal: Journal, past: Past): Promise<void> {
  const { machine, settings, version } = options;
  const { dataFolder, collector } = settings.core;
  const opened = [journal.inForce(scheduleInForce(options.schedules), true)];
  opened.push(
    journal.write({ kind: "start", pid: process.pid, version, node: process.version, collector }),
  );
  for (const begun of past.unfinished) {
    // Of this data folder's daemon none is left; a run by hand may still be under way.
    if (await isHeld(machine.files, functionLock(dataFolder, begun.function))) continue;
    const { run: id, function: name, at, scheduled } = begun;
    opened.push(
      journal.write({ kind: "interrupted", run: id, function: name, began: at, scheduled }),
    );
  }
  await Promise.all(opened);
}

// A run begins at most its timeout, and what a run that is given up may take, before the last line.
function hoursToLookBack({ entries }: Schedules): number {
  const longestMs = Math.max(0, ...[...entries.values()].map((entry) => entry.timeoutMs));
  return Math.min(hoursToLookBackMax, 1 + Math.ceil((longestMs + stuckAfterMs) / hourMs));
}
const hoursToLookBackMax = 24;

function stopError(reason: string): OperatorError {
  return new OperatorError("STOPPING", {
    message: `the runtime is stopping: ${reason}`,
    exit: "terminated",
  });
}
