/** A clock that stands still but where a test steps it, or a run waits: what that waits for has passed at once. */
import type { Clock } from "../../runtime/doors/clock.ts";

export interface HastyClock extends Clock {
  step(ms: number): void;
  /** What really goes on while a run waits `ms`; a turn or two, if not said. */
  passes: (ms: number) => Promise<unknown>;
}

export function hastyClock(start: number): HastyClock {
  let elapsed = 0;
  const clock: HastyClock = {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after(ms, callback) {
      let isCancelled = false;
      const pass = async (): Promise<void> => {
        await clock.passes(ms);
        if (isCancelled) return;
        elapsed += ms;
        callback();
      };
      void pass();
      return () => {
        isCancelled = true;
      };
    },
    step(ms) {
      elapsed += ms;
    },
    // Long enough that whoever waits again and again does not spin.
    passes: () => new Promise((resolve) => setTimeout(resolve, 5)),
  };
  return clock;
}
