/** Time, and the only place that may ask the machine for it. */
export interface Clock {
  /** Wall clock: epoch milliseconds. It can step. */
  now(): number;
  /** Milliseconds that never step; the zero is arbitrary. */
  monotonic(): number;
  /** Calls back once after `ms`; returns what cancels it. */
  after(ms: number, callback: () => void): () => void;
}

// setTimeout takes 32 signed bits: a longer wait would fire at once.
const timerMaxMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), timerMaxMs));
    return () => clearTimeout(timer);
  },
};

/** Waits `ms`; rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    function onAbort(): void {
      cancel();
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

export interface Deadline {
  signal: AbortSignal;
  /** Must be called when the work is done, or the timer holds on to it. */
  clear(): void;
}

/** A signal that aborts with `reason` after `ms`, and with `parent` if that aborts first. */
export function deadline(clock: Clock, ms: number, reason: Error, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const cancel = clock.after(ms, () => controller.abort(reason));
  const onParent = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) onParent();
  parent?.addEventListener("abort", onParent, { once: true });
  return {
    signal: controller.signal,
    clear() {
      cancel();
      parent?.removeEventListener("abort", onParent);
    },
  };
}
