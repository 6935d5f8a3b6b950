/**
 * The slots of a function up to a time, and from it on, each with what became of it. Slots in a row to which the
 * same happened are one row, and so is a downtime, however many slots it took.
 */
import { type CronEntry, slotsBetween } from "./cron.ts";
import { iso, minuteMs } from "./time.ts";
import type { Downtime, Evidence } from "./why-evidence.ts";
import { type SlotJudge, type Verdict, downtimeVerdict } from "./why-verdict.ts";

export interface WhyRow extends Verdict {
  /** The slot, or the run's begin where it has none. */
  at: string;
  /** Without a slot: why it ran. */
  trigger?: "start" | "hand";
  /** The last of several slots. */
  until?: string;
  slots: number;
  /** There were more than were counted. */
  atLeast?: true;
}

/** Slots that are judged one by one to fill the rows, and that are counted in a downtime. */
const slotsMax = 2_000;

/** The newest rows up to `to`, inclusive, oldest first; some more than `rows`. */
export function rowsBefore(
  evidence: Evidence,
  judge: SlotJudge,
  { to, rows }: { to: number; rows: number },
): WhyRow[] {
  const found: WhyRow[] = [];
  let slots = 0;
  for (const { from, to: end, entry, downtime } of pieces(evidence, to).toReversed()) {
    if (downtime !== undefined) found.unshift(...downtimeRow(entry, { from, to: end }, downtime));
    // Windows that double: one slot a second and one a day are both few steps away.
    let windowEnd = downtime === undefined ? end : from;
    for (let size = minuteMs; windowEnd > from && slots < slotsMax; size *= 2) {
      const start = Math.max(from, windowEnd - size);
      const some = [...slotsBetween(entry, start, windowEnd)];
      slots += some.length;
      found.unshift(...some.flatMap((slot) => slotRows(judge, slot)));
      windowEnd = start;
      if (joined(found).length > rows) break;
    }
    if (joined(found).length > rows || slots >= slotsMax) break;
  }
  return found;
}

/** The oldest rows after `from`, up to `to`. */
export function rowsAfter(
  evidence: Evidence,
  judge: SlotJudge,
  { from, to, rows }: { from: number; to: number; rows: number },
): WhyRow[] {
  const found: WhyRow[] = [];
  let slots = 0;
  for (const piece of pieces(evidence, to)) {
    const { entry, downtime } = piece;
    const span = { from: Math.max(piece.from, from + 1), to: piece.to };
    if (downtime !== undefined) found.push(...downtimeRow(entry, span, downtime));
    else {
      for (const slot of slotsBetween(entry, span.from, span.to)) {
        found.push(...slotRows(judge, slot));
        slots += 1;
        if (slots >= slotsMax || joined(found).length > rows) return found;
      }
    }
    if (joined(found).length > rows) break;
  }
  return found;
}

/** By time; neighbours to which the very same happened, and no run among them, are one row. */
export function joined(single: readonly WhyRow[]): WhyRow[] {
  const rows: WhyRow[] = [];
  for (const row of single.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
    const last = rows.at(-1);
    const isRun = last?.run !== undefined || row.run !== undefined;
    if (last === undefined || isRun || last.text !== row.text) rows.push({ ...row });
    else {
      last.until = row.until ?? row.at;
      last.slots += row.slots;
      if (row.atLeast) last.atLeast = true;
    }
  }
  return rows;
}

interface Piece {
  /** Inclusive. */
  from: number;
  /** Exclusive. */
  to: number;
  entry: CronEntry;
  downtime?: Downtime;
}

/** The times that one cron line counted for, disabled ones too, cut where the runtime went and came. */
function pieces({ entries, downtimes, oldest = Infinity }: Evidence, to: number): Piece[] {
  return entries.flatMap(({ from, entry }, position) => {
    if (entry === undefined || entry.cron === null) return [];
    const next = entries[position + 1];
    // The first known entry counts for what came before it, as far as there are lines.
    const begin = position === 0 ? Math.min(from, oldest) : from + 1;
    const end = Math.min(to, next === undefined ? Infinity : next.from) + 1;
    return cut({ from: begin, to: end, entry: entry as CronEntry }, downtimes);
  });
}

function cut(period: Piece, downtimes: readonly Downtime[]): Piece[] {
  const found: Piece[] = [];
  let { from } = period;
  for (const downtime of downtimes) {
    const start = Math.max(from, downtime.from + 1);
    // The slot of the very moment of the start may have been fired: it is judged by itself.
    const end = Math.min(period.to, downtime.to);
    if (start >= end) continue;
    if (start > from) found.push({ ...period, from, to: start });
    found.push({ ...period, from: start, to: end, downtime });
    from = end;
  }
  if (from < period.to) found.push({ ...period, from });
  return found;
}

function slotRows(judge: SlotJudge, slot: number): WhyRow[] {
  return judge(slot).map((verdict) => Object.assign({ at: iso(slot), slots: 1 }, verdict));
}

/** None, if no slot lies in it. */
function downtimeRow(
  entry: CronEntry,
  { from, to }: { from: number; to: number },
  downtime: Downtime,
): WhyRow[] {
  let slots = 0;
  let first: number | undefined;
  let last = 0;
  for (const slot of slotsBetween(entry, from, to)) {
    first ??= slot;
    last = slot;
    slots += 1;
    if (slots === slotsMax) break;
  }
  if (first === undefined) return [];
  const isCut = slots === slotsMax;
  return [
    {
      at: iso(first),
      ...(slots > 1 && !isCut ? { until: iso(last) } : {}),
      slots,
      ...(isCut ? { atLeast: true as const } : {}),
      ...downtimeVerdict(downtime),
    },
  ];
}
