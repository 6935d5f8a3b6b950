/** All that the accounting of one hour rests on, as plain data. `gather.ts` reads it off the disk. */
import type { JournalLine } from "../../runtime/journal-lines.ts";
import type { Cause, LostLine, PollLine } from "../archive/lines.ts";
import { stateOf } from "./states.ts";
import type { TokenTable } from "./tokens.ts";

export interface HourEvidence {
  /** The hour, epoch ms, `to` exclusive. */
  from: number;
  to: number;
  /** What is not over by then is not expected yet; `Infinity` once the hour and the next are sealed. */
  asOf: number;
  /** The journal: from the last schedule known before the hour to the next hour with lines after it. */
  journal: readonly JournalLine[];
  tokens: TokenTable;
  /** The hour's own sealed books; `undefined` if it is silent. */
  books: BooksEvidence | undefined;
  /** The next hour's, for polls of this hour that came when it was closed already. */
  next: BooksEvidence | undefined;
  /** The watch list that was in force before the hour, where the hour itself names none. */
  watchBefore: string | undefined;
  /** The next hour's, where a line that named a list of this hour is lost. */
  watchAfter: string | undefined;
}

export interface BooksEvidence {
  /** In the order of writing. */
  polls: readonly Poll[];
  lost: readonly LostLine[];
  /** The last watch list that its lines name. */
  lastWatch: string | undefined;
  /** By token: in how many scheduled polls it was written. A token without any book in the file is absent. */
  slots: ReadonlyMap<string, number>;
  /** By token: the numbers of the polls that wrote it, ascending. Read only where counts are not enough. */
  written: ReadonlyMap<string, readonly number[]> | undefined;
}

/** A poll line without what the accounting has no need of: 5,000 missing tokens take 25 kB, not 500. */
export interface Poll {
  number: number;
  /** Epoch ms; `undefined` by hand. */
  slot: number | undefined;
  started: number;
  watch: string;
  missingRows: Uint32Array;
  /** States, in step with `missingRows`. */
  missingStates: Uint8Array;
}

export function pollOf(line: PollLine, tokens: TokenTable): Poll {
  return {
    number: line.poll,
    slot: line.scheduled === null ? undefined : Date.parse(line.scheduled),
    started: Date.parse(line.started),
    watch: line.watch,
    missingRows: Uint32Array.from(line.missing, ({ token }) => tokens.rowOf(token)),
    missingStates: Uint8Array.from(line.missing, ({ reason }: { reason: Cause }) =>
      stateOf(reason),
    ),
  };
}

/** Those whose list no line names: it is lost. */
export function unnamedPolls(tokens: TokenTable, polls: readonly Poll[]): Poll[] {
  return polls.filter(({ watch }) => tokens.list(watch) === undefined);
}

export function isInHour(
  slot: number | undefined,
  { from, to }: Pick<HourEvidence, "from" | "to">,
): slot is number {
  return slot !== undefined && slot >= from && slot < to;
}

/**
 * Whether the counts of the index leave open which poll wrote a token: behind a hole, where a slot was polled
 * twice, and where polls of another hour lie in the file.
 */
export function needsWritten(
  hour: Pick<HourEvidence, "from" | "to">,
  own: BooksEvidence,
  late: readonly Poll[],
): boolean {
  if (own.lost.length > 0) return true;
  const slots = [...own.polls, ...late]
    .map(({ slot }) => slot)
    .filter((slot) => slot !== undefined);
  return slots.some((slot) => !isInHour(slot, hour)) || new Set(slots).size < slots.length;
}
