/** A clock that stands still but where a test steps it, or a run waits: what that waits for has passed at once. */
import type { Clock } from "../../runtime/doors/clock.ts";

export interface HastyClock extends Clock {
  step(ms: number): void;
}

// A turn or two for what goes on meanwhile, so that whoever waits again and again does not spin.
const waitMs = 5;

export function hastyClock(start: number): HastyClock {
  let elapsed = 0;
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after(ms, callback) {
      const timer = setTimeout(
        () => {
          elapsed += ms;
          callback();
        },
        Math.min(ms, waitMs),
      );
      return () => clearTimeout(timer);
    },
    step(ms) {
      elapsed += ms;
    },
  };
}
