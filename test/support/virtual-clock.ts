/**
 * Time that passes only when nothing real is under way. Whoever touches the outside (a disk call, a request)
 * holds the clock meanwhile, so that no deadline is cut short by a slow test machine, and hours pass in
 * seconds. A hold may be parked by someone who waits for this clock on purpose, as a simulated venue that
 * hangs does: time goes on if every hold is parked.
 */
import type { Clock } from "../../runtime/doors/clock.ts";
import { type Timers, createTimers } from "./timers.ts";

export interface VirtualClock extends Clock {
  /** Keeps time from passing until it is released; `label` says why, should it never be. */
  hold(label: string): Hold;
  /** Lets time pass although this hold is not released, until `unpark`. */
  park(id: string): void;
  unpark(id: string): void;
  /** Lets time pass up to this wall-clock time, or forever; rejects if a hold is not released in real seconds. */
  run(until: number): Promise<void>;
  /** Lets time pass until the promise settles, and settles as it does. */
  runUntil<T>(settled: Promise<T>): Promise<T>;
  /** The wall clock jumps, forward or back; the monotonic one does not. */
  step(ms: number): void;
  /** Time passes, but no timer fires until it is run again: the event loop was blocked. */
  block(ms: number): void;
}

export interface Hold {
  id: string;
  release(): void;
}

// Real time. Nothing that a test or the demo does outside takes this long.
const stuckAfterMs = 30_000;
const nothing = (): void => {};
// Turns of the event loop in which what follows from a call's end can take its next hold.
const quietTurns = 3;

export function virtualClock({ start }: { start: number }): VirtualClock {
  const timers: Timers = createTimers();
  const holds = new Map<string, string>();
  const parked = new Set<string>();
  let elapsed = 0;
  let wallOffset = start;
  let lastId = 0;
  let onChange = nothing;

  const now = (): number => Math.floor(wallOffset + elapsed);

  async function untilQuiet(): Promise<void> {
    for (let turn = 0; turn < quietTurns; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (holds.size > parked.size) {
        await nextChange();
        turn = -1;
      }
    }
  }

  async function nextChange(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    onChange = resolve;
    const timer = setTimeout(() => {
      const labels = [...holds].filter(([id]) => !parked.has(id)).map(([, label]) => label);
      reject(
        new Error(
          `time stands still: ${labels.join(", ")} did not end within ${stuckAfterMs / 1_000} s`,
        ),
      );
    }, stuckAfterMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Fires the next timer if it is due by then; otherwise time passes up to then, and it says so. */
  function advance(until: number): boolean {
    const next = timers.next();
    const left = until - now();
    if (next === undefined || next.due - elapsed > left) {
      elapsed += Math.max(0, left);
      return false;
    }
    elapsed = Math.max(elapsed, next.due);
    timers.remove(next);
    next.callback();
    return true;
  }

  return {
    now,
    monotonic: () => elapsed,
    after(ms, callback) {
      const timer = timers.add(elapsed + Math.max(0, ms), callback);
      return () => timers.remove(timer);
    },
    hold(label) {
      lastId += 1;
      const id = String(lastId);
      holds.set(id, label);
      return {
        id,
        release() {
          holds.delete(id);
          parked.delete(id);
          onChange();
        },
      };
    },
    park(id) {
      if (holds.has(id)) parked.add(id);
      onChange();
    },
    unpark(id) {
      parked.delete(id);
    },
    async run(until) {
      for (;;) {
        await untilQuiet();
        if (!advance(until)) break;
      }
      await untilQuiet();
    },
    async runUntil(settled) {
      let isSettled = false;
      const watch = (): void => {
        isSettled = true;
        onChange();
      };
      settled.then(watch, watch);
      for (;;) {
        await untilQuiet();
        if (isSettled) return settled;
        if (timers.next() === undefined) {
          throw new Error("time stands still: nothing is waited for and nothing is under way");
        }
        advance(Infinity);
      }
    },
    step(ms) {
      wallOffset += ms;
    },
    block(ms) {
      elapsed += ms;
    },
  };
}
