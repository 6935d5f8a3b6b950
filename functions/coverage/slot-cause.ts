/** Why a slot has no poll: what the journal says of it, and what lies behind a hole in the books. */
import type { JournalLine, JournalLineOf } from "../../runtime/journal-lines.ts";
import type { Cause } from "../archive/lines.ts";
import { findDowntimes } from "./downtime.ts";
import type { BooksEvidence } from "./evidence.ts";
import { pollFunction } from "./slots.ts";

interface Span {
  from: number;
  to: number;
  cause: Cause;
}

/**
 * What was said of the slot itself comes first, then what was said of its time. A run that ended with its poll on record and
 * left none behind has lost it: only a hole in the books can tell where.
 */
export function slotCauses(
  journal: readonly JournalLine[],
  books: BooksEvidence | undefined,
): (slot: number) => Cause {
  const runs = new Map(runCauses(journal));
  const skipped = new Set(journal.map(skippedSlot));
  const spans = [...missedSpans(journal), ...unwrittenSpans(journal)];
  const downtimes = findDowntimes(journal);
  const holes = books === undefined ? [] : findHoles(books);

  return (slot) => {
    const run = runs.get(slot);
    if (run !== undefined) return run;
    if (skipped.has(slot)) return "skipped";
    const span = spans.find(({ from, to }) => from <= slot && slot <= to);
    if (span !== undefined) return span.cause;
    if (downtimes.some(({ from, to }) => from < slot && slot <= to)) return "not-running";
    if (holes.some(({ from, to }) => from <= slot && slot <= to)) return "damaged";
    return "unknown";
  };
}

type End = JournalLineOf<"end">;

/** What was said last of a slot counts. */
function* runCauses(journal: readonly JournalLine[]): Generator<[slot: number, cause: Cause]> {
  const ends = new Map(journal.filter((line) => line.kind === "end").map((end) => [end.run, end]));
  for (const [position, line] of journal.entries()) {
    if (line.kind !== "begin" || line.function !== pollFunction || line.scheduled === null)
      continue;
    const end = ends.get(line.run);
    const cause = end === undefined ? endlessCause(journal, position) : causeOfEnd(end);
    if (cause !== undefined) yield [Date.parse(line.scheduled), cause];
  }
  for (const line of journal) {
    if (line.kind !== "interrupted" || line.function !== pollFunction || line.scheduled === null)
      continue;
    yield [Date.parse(line.scheduled), "not-running"];
  }
}

/** A run without an end died with its daemon, unless that went on and ran the same function again. */
function endlessCause(journal: readonly JournalLine[], position: number): Cause {
  for (const line of journal.slice(position + 1)) {
    if (line.kind === "start") return "not-running";
    if (line.kind === "begin" && line.function === pollFunction && line.trigger === "schedule")
      return "unknown";
  }
  return "not-running";
}

// A run that failed while it was writing says so in its code; any other failure is no cause in itself.
const diskCodes = new Set(["DISK_FULL", "DISK_ERROR", "DISK_LOW"]);

function causeOfEnd({ outcome, code }: End): Cause | undefined {
  // A poll without a book is on record as well.
  if (outcome === "ok" || code === "NO_BOOKS") return undefined;
  if (outcome === "aborted") return "not-running";
  if (outcome === "timeout" || outcome === "abandoned") return "late";
  return code !== undefined && diskCodes.has(code) ? "disk" : "unknown";
}

function skippedSlot(line: JournalLine): number | undefined {
  if (line.kind !== "skip" || line.function !== pollFunction || line.scheduled === null)
    return undefined;
  return Date.parse(line.scheduled);
}

function missedSpans(journal: readonly JournalLine[]): Span[] {
  return journal
    .filter((line) => line.kind === "missed")
    .filter((line) => line.function === pollFunction)
    .map(({ from, to, cause }) => ({ from: Date.parse(from), to: Date.parse(to), cause }));
}

/** Lines that the disk did not take: what they said is gone, but not why. */
function unwrittenSpans(journal: readonly JournalLine[]): Span[] {
  return journal
    .filter((line) => line.kind === "unwritten")
    .map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to), cause: "disk" }));
}

/** The times between the polls on either side of a hole. */
function findHoles({ polls, lost }: BooksEvidence): { from: number; to: number }[] {
  return lost.map(({ after, before }) => {
    const last = polls.findLast(({ number }) => number <= after);
    const next = polls.find(({ number }) => number >= before);
    return {
      from: last === undefined ? -Infinity : (last.slot ?? last.started),
      to: next === undefined ? Infinity : (next.slot ?? next.started),
    };
  });
}
