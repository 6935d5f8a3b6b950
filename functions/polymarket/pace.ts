/**
 * When the next request may go out, shared by all requests of one run to one host: a gap between any two, and
 * a stop for everyone where the venue asked for one.
 */
import type { Clock } from "../../runtime/doors/clock.ts";

/**
 * At most 5 requests a second, 50 in 10 s. The published limits are 500 in 10 s for /books and 300 in 10 s for
 * Gamma's /markets (docs.polymarket.com/api-reference/rate-limits): a tenth and a sixth of them, and a run
 * that needs fewer asks fewer.
 */
export const requestGapMs = 200;

export interface Pace {
  /** Takes the next free moment: how long to wait for it, in milliseconds. */
  take(): number;
  /** Nobody asks before `ms` have passed. */
  hold(ms: number): void;
}

export function pace(clock: Clock, gapMs: number = requestGapMs): Pace {
  let freeAt = Number.NEGATIVE_INFINITY;
  return {
    take() {
      const now = clock.monotonic();
      const turn = Math.max(now, freeAt);
      freeAt = turn + gapMs;
      return turn - now;
    },
    hold(ms) {
      freeAt = Math.max(freeAt, clock.monotonic() + ms);
    },
  };
}
