/**
 * One piece of work under a deadline. It is asked to stop through its signal; if it does not, it is given up
 * after a grace, and the rest of the runtime goes on as if it had ended.
 */
import type { Clock } from "./doors/clock.ts";
import { OperatorError } from "./errors.ts";
import type { Outcome } from "./journal-lines.ts";
import { formatDuration, secondMs } from "./time.ts";

export interface Ended {
  outcome: Outcome;
  result?: unknown;
  error?: unknown;
}

export interface Supervised {
  /** Settles with the work, or when it is given up; never rejects. */
  ended: Promise<Ended>;
  /** Settles with the work itself, however late; never rejects. */
  settled: Promise<Ended>;
  /** Asks the work to stop, once. */
  abort(reason: OperatorError): void;
}

export interface SuperviseOptions {
  clock: Clock;
  /** How the work is called in messages. */
  name: string;
  timeoutMs: number;
  work(signal: AbortSignal): Promise<unknown>;
  onGivenUp(): void;
}

/** Aborted work may still tidy up for this long. */
export const graceMs = 5 * secondMs;

export function supervise(options: SuperviseOptions): Supervised {
  const { clock, name, timeoutMs } = options;
  const controller = new AbortController();
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<Ended>();
  let cancelTimer = clock.after(timeoutMs, () => abort(timeoutError(name, timeoutMs)));

  function abort(reason: OperatorError): void {
    if (controller.signal.aborted) return;
    cancelTimer();
    cancelTimer = clock.after(graceMs, () => {
      options.onGivenUp();
      giveUp({ outcome: "abandoned", error: reason });
    });
    controller.abort(reason);
  }

  const settled = start(options, controller.signal).finally(() => cancelTimer());
  return { ended: Promise.race([settled, givenUp]), settled, abort };
}

async function start(options: SuperviseOptions, signal: AbortSignal): Promise<Ended> {
  try {
    return { outcome: "ok", result: await options.work(signal) };
  } catch (error) {
    if (!signal.aborted) return { outcome: "failed", error };
    // Whatever it threw on its way out, this is why.
    return { outcome: isTimeout(signal.reason) ? "timeout" : "aborted", error: signal.reason };
  }
}

function timeoutError(name: string, timeoutMs: number): OperatorError {
  return new OperatorError("TIMEOUT", {
    message: `${name} did not finish within ${formatDuration(timeoutMs)}`,
    exit: "timeout",
    safe: "What it had done stays; the next run takes up the rest.",
    next: "raise its timeout in schedules.json if it needs longer",
  });
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof OperatorError && reason.code === "TIMEOUT";
}
