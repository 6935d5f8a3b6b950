/** A clock of one process: what it waits for never comes once it is gone. */
import type { Clock } from "../../runtime/doors/clock.ts";

export function mortal(clock: Clock, life: { isOver: boolean }): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, callback) =>
      clock.after(ms, () => {
        if (!life.isOver) callback();
      }),
  };
}
