/**
 * Runs functions: one run of each at a time, each under its deadline, behind its own gated doors, recorded
 * when it begins and when it ends. Whatever a function does, nothing of it escapes from here.
 */
import type { Machine } from "./doors/machine.ts";
import { type OperatorError, messageOf } from "./errors.ts";
import type { AnyFunction, Log, Run } from "./function.ts";
import type { Journal } from "./journal.ts";
import { assertJson } from "./json-value.ts";
import { type Claim, LockedError, claim, functionLock, nothingClaimed } from "./locks.ts";
import {
  type Context,
  type RunRequest,
  type RunnerSettings,
  createContext,
  doorsShut,
  warnOfLeftovers,
} from "./run-context.ts";
import { newRunId } from "./run-id.ts";
import {
  type Begun,
  type RunReport,
  beginLine,
  endLine,
  logEnd,
  reportOf,
  summaryOf,
} from "./run-report.ts";
import { type Supervised, graceMs, supervise } from "./supervise.ts";
import { formatDuration, iso, minuteMs, secondMs } from "./time.ts";

export interface RunnerOptions {
  machine: Machine;
  settings: RunnerSettings;
  journal: Pick<Journal, "write">;
  log: RuntimeLog;
  /** A run that was given up has still not settled: only a new process is free of it. */
  onStuck?(name: string): void;
  /** Shows progress as it comes; without it, it is logged now and then. */
  onProgress?: Run["progress"] | undefined;
  /** Where functions print data; nowhere under a daemon. */
  output?: Run["output"];
}

export interface RuntimeLog extends Log {
  child(fields: object): Log;
}

export interface Runner {
  /** Rejects only with `LOCKED` (the function is running already) and, after `drain`, with its reason. */
  run(request: RunRequest): Promise<RunReport>;
  /** Asks every run to stop, those that drain after their bound; settles when none is left to wait for. */
  drain(reason: OperatorError, atOnce?: boolean): Promise<void>;
  /** Functions with a run that was given up and goes on regardless. */
  givenUp(): string[];
  /** A function whose run should long have been given up, or have ended the process, and has not. */
  overdue(): string | undefined;
}

/** Longer than a poll's own deadline; with the grace well under the 90 s after which systemd kills. */
const drainMs = 20 * secondMs;
/** A run that was given up keeps its lock, so its function stands still until the process ends. */
export const stuckAfterMs = 5 * minuteMs;

// What a busy machine makes of a timer.
const overdueAfterMs = 5 * secondMs;

interface UnderWay {
  name: string;
  definition: AnyFunction;
  /** By then it was given up, or the process has ended; on the monotonic clock. */
  overAt: number;
}

export function createRunner(options: RunnerOptions): Runner {
  return new FunctionRunner(options);
}

class FunctionRunner implements Runner {
  #options: RunnerOptions;
  /** Everything that `drain` waits for, from before the lock is taken. */
  #attempts = new Set<Promise<RunReport>>();
  #underWay = new Map<Supervised, UnderWay>();
  #givenUp = new Map<Supervised, UnderWay>();
  #stopping: OperatorError | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  async run(request: RunRequest): Promise<RunReport> {
    if (this.#stopping !== undefined) throw this.#stopping;
    const attempt = this.#attempt(request);
    this.#attempts.add(attempt);
    try {
      return await attempt;
    } finally {
      this.#attempts.delete(attempt);
    }
  }

  async drain(reason: OperatorError, atOnce = false): Promise<void> {
    const { clock } = this.#options.machine;
    this.#stopping = reason;
    const cancels: (() => void)[] = [];
    for (const [supervised, { definition }] of this.#underWay) {
      if (definition.drain === true && !atOnce)
        cancels.push(clock.after(drainMs, () => supervised.abort(reason)));
      else supervised.abort(reason);
    }
    await Promise.allSettled(this.#attempts);
    for (const cancel of cancels) cancel();
  }

  givenUp(): string[] {
    return [...this.#givenUp.values()].map(({ name }) => name);
  }

  overdue(): string | undefined {
    const now = this.#options.machine.clock.monotonic();
    const all = [...this.#underWay.values(), ...this.#givenUp.values()];
    return all.find(({ overAt }) => overAt < now)?.name;
  }

  async #attempt(request: RunRequest): Promise<RunReport> {
    const { machine, journal } = this.#options;
    const { name, trigger, scheduledAt, definition } = request;
    const run = newRunId(machine);
    const log = this.#options.log.child({ function: name, run });
    const claimed = await this.#takeLock(request, run);
    if (this.#stopping !== undefined) {
      await claimed.release();
      throw this.#stopping;
    }
    const begun: Begun = {
      run,
      function: name,
      trigger,
      scheduledAt,
      startedAt: machine.clock.now(),
    };
    void journal.write(beginLine(begun, request.isRepeat === true));
    const startedMonotonic = machine.clock.monotonic();
    const supervised = this.#start(request, begun, claimed.failure, log);
    claimed.note();
    const overAt = startedMonotonic + request.timeoutMs + graceMs + overdueAfterMs;
    this.#underWay.set(supervised, { name, definition, overAt });
    const ended = await supervised.ended;
    this.#underWay.delete(supervised);

    const report = reportOf(begun, ended, machine.clock.monotonic() - startedMonotonic);
    report.summary = summaryOf(definition, report.result, log);
    const written = journal.write(endLine(report));
    // A starting daemon takes a run whose lock is free and whose end is missing for an interrupted one. The
    // daemon's own can be free at once, so that a slow disk does not cost its function the next slot.
    if (trigger === "hand") await written;
    logEnd(report, log);
    if (ended.outcome === "abandoned") this.#keepGivenUp(supervised, request, claimed, log);
    else await giveBack(claimed, log);
    await written;
    return report;
  }

  async #takeLock(
    { name, trigger, definition }: RunRequest,
    run: string,
  ): Promise<Claim & { failure?: unknown }> {
    // Who prints data only reads, and two of them may be piped at the same time.
    if (definition.output === true) return nothingClaimed;
    const { machine, settings } = this.#options;
    const holder = { pid: process.pid, since: iso(machine.clock.now()), run, trigger };
    let claimed: Awaited<ReturnType<typeof claim>>;
    try {
      claimed = await claim(machine.files, functionLock(settings.core.dataFolder, name), holder);
    } catch (failure) {
      // A lock file that cannot be made is a failed run, and on record as one.
      return { ...nothingClaimed, failure };
    }
    if ("heldBy" in claimed) throw new LockedError(name, claimed.heldBy);
    return claimed.claim;
  }

  #start(request: RunRequest, { run, startedAt }: Begun, failure: unknown, log: Log): Supervised {
    const { machine, settings, journal, onProgress, output } = this.#options;
    const { name, timeoutMs } = request;
    let context: Context | undefined;
    return supervise({
      clock: machine.clock,
      name,
      timeoutMs,
      async work(signal) {
        if (failure !== undefined) throw failure;
        context = createContext({
          machine,
          settings,
          request,
          run,
          startedAt,
          log,
          journal,
          onProgress,
          output,
        });
        try {
          const handed = { ...context.run, signal };
          const running: Promise<unknown> = request.definition.run(request.input as never, handed);
          const result = await Promise.race([running, context.gated.broken]);
          assertJson(result);
          return result;
        } finally {
          // What it left behind, unawaited, must not go on working in its name.
          context.gated.shut(() => doorsShut(name, "has ended"));
          void warnOfLeftovers(context, log);
        }
      },
      onGivenUp: () => context?.gated.shut(() => doorsShut(name, "was given up")),
    });
  }

  // It keeps its lock, so that no second run works beside it.
  #keepGivenUp(
    supervised: Supervised,
    { name, definition }: RunRequest,
    claimed: Claim,
    log: Log,
  ): void {
    const { clock } = this.#options.machine;
    const overAt = clock.monotonic() + stuckAfterMs + drainMs + graceMs + overdueAfterMs;
    this.#givenUp.set(supervised, { name, definition, overAt });
    const cancel = clock.after(stuckAfterMs, () => this.#options.onStuck?.(name));
    log.error(
      {},
      `${name} did not stop within ${formatDuration(graceMs)}: given up, its doors are shut`,
    );
    void supervised.settled.then(() => {
      cancel();
      this.#givenUp.delete(supervised);
      log.warn({}, `${name} ended after it was given up`);
      return giveBack(claimed, log);
    });
  }
}

async function giveBack(claimed: Claim, log: Log): Promise<void> {
  try {
    await claimed.release();
  } catch (error) {
    log.error({ error: messageOf(error) }, "the function's lock could not be given back");
  }
}
