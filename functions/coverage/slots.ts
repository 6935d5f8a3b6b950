/** The slots that polls were due in, as the schedule in the journal says. */
import { slotsBetween } from "../../runtime/cron.ts";
import type { JournalLine, JournalLineOf } from "../../runtime/journal-lines.ts";

export const pollFunction = "snapshot-poll";

export interface Expected {
  slots: number[];
  /** Whether the journal says what was in force when the hour began, or first came into force in it. */
  isKnown: boolean;
}

interface Entry {
  cron: string;
  timezone: string;
  timeoutMs: number;
}

/**
 * A schedule is in force from its line until the next one; while the daemon is down, its last one goes on. A
 * slot that falls on the very moment of a change belongs to the schedule before it, under which it was due.
 */
export function expectedSlots(
  journal: readonly JournalLine[],
  hour: { from: number; to: number; asOf: number },
): Expected {
  const schedules = journal
    .filter((line) => line.kind === "schedule")
    .filter(({ by }) => by === "daemon")
    .map((line) => ({ at: Date.parse(line.at), entry: entryOf(line) }))
    // A clock that was set back leaves lines out of order.
    .sort((a, b) => a.at - b.at);
  const slots = new Set<number>();
  let isKnown = false;
  for (const [position, { at, entry }] of schedules.entries()) {
    const from = Math.max(at + 1, hour.from);
    const to = Math.min((schedules[position + 1]?.at ?? Infinity) + 1, hour.to);
    if (from >= to) continue;
    isKnown = true;
    if (entry === undefined) continue;
    for (const slot of slotsBetween(entry, from, to)) {
      if (slot + entry.timeoutMs <= hour.asOf) slots.add(slot);
    }
  }
  return { slots: [...slots].sort((a, b) => a - b), isKnown };
}

/** `undefined` where polls are not on the schedule. */
function entryOf(line: JournalLineOf<"schedule">): Entry | undefined {
  const entry = line.functions[pollFunction];
  if (entry === undefined || !entry.enabled || entry.cron === null) return undefined;
  const { cron, timezone, timeoutMs } = entry;
  return { cron, timezone, timeoutMs };
}
