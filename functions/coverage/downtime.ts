/** When the daemon was not running, or not firing any more: what its own journal lines leave open. */
import type { JournalLine } from "../../runtime/journal-lines.ts";
import { secondMs } from "../../runtime/time.ts";

/** `from` exclusive, `to` inclusive: epoch ms. */
export interface Downtime {
  from: number;
  to: number;
}

// From the line that says "start" to the first slot that can be fired: as long as a slow disk may take.
const startingMsMax = 10 * secondMs;

interface Mark {
  at: number;
  kind: "start" | "fired";
}

/**
 * A daemon is known to fire from its first firing to its last. Between the last one and the next start it was
 * draining, stopped or killed, which makes no difference to a slot; after the last of all it never came back.
 */
export function findDowntimes(journal: readonly JournalLine[]): Downtime[] {
  const marks = journal
    .map(markOf)
    .filter((mark) => mark !== undefined)
    // A clock that was set back leaves lines out of order.
    .sort((a, b) => a.at - b.at);
  if (marks.length === 0) return [];
  const downtimes: Downtime[] = [];
  let lastSeen = -Infinity;
  for (const [position, { at, kind }] of marks.entries()) {
    if (kind === "start") {
      const next = marks[position + 1];
      const firstFired = next?.kind === "fired" ? next.at : Infinity;
      downtimes.push({ from: lastSeen, to: Math.min(firstFired, at + startingMsMax) });
    }
    lastSeen = at;
  }
  downtimes.push({ from: lastSeen, to: Infinity });
  return downtimes;
}

function markOf(line: JournalLine): Mark | undefined {
  const at = Date.parse(line.at);
  if (line.kind === "start") return { at, kind: "start" };
  const isFired =
    (line.kind === "begin" && line.trigger !== "hand") ||
    (line.kind === "skip" && line.scheduled !== null) ||
    line.kind === "missed";
  return isFired ? { at, kind: "fired" } : undefined;
}
