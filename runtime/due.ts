/** Which slots have come up: the newest is run, those before it are counted. */
import { type Clock, sleep } from "./doors/clock.ts";
import { type CronEntry, nextSlot, slotsBetween } from "./cron.ts";
import type { Log } from "./function.ts";
import type { Journal } from "./journal.ts";
import type { JournalLineOf } from "./journal-lines.ts";
import { iso, secondMs } from "./time.ts";

export interface Due {
  /** The newest slot that has come up. */
  slot: number;
  /** The first that has not; `undefined` if there is none. */
  next: number | undefined;
}

/** What of `firstDue` and the slots after it has come up by `now`; `firstDue` has. */
export function newestDue(entry: CronEntry, firstDue: number, now: number): Due {
  let slot = firstDue;
  // After a long step forward there may be millions since `firstDue`: look back from now, ever further.
  for (let back = secondMs; now - back > firstDue; back *= 2) {
    const found = nextSlot(entry, now - back);
    if (found === undefined || found > now) continue;
    slot = found;
    break;
  }
  let next = nextSlot(entry, slot);
  while (next !== undefined && next <= now) {
    slot = next;
    next = nextSlot(entry, slot);
  }
  return { slot, next };
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
export async function countSlots(
  clock: Clock,
  entry: CronEntry,
  from: number,
  to: number,
): Promise<Missed> {
  const slots = slotsBetween(entry, from, to);
  for (let count = 0; ; count += 1) {
    if (slots.next().done === true) return { count, isAtLeast: false };
    if (count === countedMax) return { count, isAtLeast: true };
    if (count % countedAtOnce === countedAtOnce - 1) await sleep(clock, 0);
  }
}

export interface Lost {
  entry: CronEntry & { name: string };
  from: number;
  to: number;
  cause: JournalLineOf<"missed">["cause"];
}

interface Book {
  clock: Clock;
  log: Log;
  journal: Pick<Journal, "write">;
}

/** Counts the slots of a span that nothing will be run for, and says so. */
export async function recordMissed({ clock, log, journal }: Book, lost: Lost): Promise<void> {
  const { entry, from, to, cause } = lost;
  const { name } = entry;
  const { count, isAtLeast } = await countSlots(clock, entry, from, to);
  log.warn({ function: name, count, cause }, `${name} missed ${count} slots from ${iso(from)}`);
  const span = { from: iso(from), to: iso(to) };
  const atLeast = isAtLeast ? { atLeast: true as const } : {};
  await journal.write({ kind: "missed", function: name, ...span, count, cause, ...atLeast });
}
