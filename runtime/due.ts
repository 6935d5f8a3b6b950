/** Which slots have come up: the newest is run, those before it are counted. */
import { type Clock, sleep } from "./doors/clock.ts";
import { type CronEntry, nextSlot, slotsBetween } from "./cron.ts";
import { secondMs } from "./time.ts";

/** The newest slot up to `now`; `firstDue` is one of them. */
export function newestDue(entry: CronEntry, firstDue: number, now: number): number {
  let newest = firstDue;
  // After a long step forward there may be millions since `firstDue`: look back from now, ever further.
  for (let back = secondMs; now - back > firstDue; back *= 2) {
    const slot = nextSlot(entry, now - back);
    if (slot === undefined || slot > now) continue;
    newest = slot;
    break;
  }
  for (
    let next = nextSlot(entry, newest);
    next !== undefined && next <= now;
    next = nextSlot(entry, newest)
  ) {
    newest = next;
  }
  return newest;
}

export interface Missed {
  count: number;
  /** There were more than were counted. */
  isAtLeast: boolean;
}

// A week of a 10 s cadence. A clock that steps further was never set, and the exact count says nothing.
const countedMax = 60_480;
// About 5 ms of arithmetic: what is due meanwhile must not wait for the counting.
const countedAtOnce = 500;

/** How many slots lie in a span, `from` inclusive, `to` exclusive. */
export async function countSlots(clock: Clock, entry: CronEntry, from: number, to: number): Promise<Missed> {
  const slots = slotsBetween(entry, from, to);
  for (let count = 0; ; count += 1) {
    if (slots.next().done === true) return { count, isAtLeast: false };
    if (count === countedMax) return { count, isAtLeast: true };
    if (count % countedAtOnce === countedAtOnce - 1) await sleep(clock, 0);
  }
}
