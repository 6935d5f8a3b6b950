/**
 * The accounting of one hour: for each watched token and each expected slot exactly one of recorded,
 * unchanged, or missing with one cause. Pure: the same evidence gives the same account.
 */
import { type HourEvidence, isInHour, needsWritten, type Poll, unnamedPolls } from "./evidence.ts";
import { type HeldPoll, fillStates } from "./fill.ts";
import { type AccountedToken, type Problem, settle } from "./settle.ts";
import { slotCauses } from "./slot-cause.ts";
import { expectedSlots } from "./slots.ts";
import type { Token } from "./tokens.ts";
import { judgeWritten } from "./written.ts";

export interface Account {
  from: number;
  to: number;
  /** Expected, ascending, epoch ms. */
  slots: number[];
  /** Whether the slot has a poll, in step with `slots`. */
  polled: boolean[];
  tokens: AccountedToken[];
  polls: { scheduled: number; byHand: number; repeats: number; late: number };
  problems: Problem[];
}

export function account(evidence: HourEvidence): Account {
  const { from, to, journal, books, next, tokens } = evidence;
  const own = (books?.polls ?? []).filter(({ slot }) => isInHour(slot, evidence));
  const late = (next?.polls ?? []).filter(({ slot }) => isInHour(slot, evidence));
  const held = holdPolls(evidence, own, late);
  const expected = expectedSlots(journal, evidence);
  // A poll that ran was due, also where the journal that said so is lost.
  const slots = [...new Set([...expected.slots, ...held.keys()])].sort((a, b) => a - b);
  const watched = watchedRows(evidence, [...own, ...late]);
  const states = fillStates({ tokens, watched, slots, held, causeOf: slotCauses(journal, books) });

  const settled = states.map((line, position) => settle(watched[position] as Token, line, books));
  const scheduled = own.length + late.length;
  const byHand = (books?.polls ?? []).filter(({ slot }) => slot === undefined).length;
  return {
    from,
    to,
    slots,
    polled: slots.map((slot) => held.has(slot)),
    tokens: settled.map(({ token }) => token),
    polls: { scheduled, byHand, repeats: scheduled - held.size, late: late.length },
    problems: [
      ...(expected.isKnown ? [] : [noSchedule]),
      ...settled.flatMap(({ problems }) => problems),
    ],
  };
}

const noSchedule: Problem = {
  code: "NO_SCHEDULE",
  detail: "the journal does not say what was scheduled: only the polls that ran count as expected",
};

/** By slot: its polls, the late ones last. */
function holdPolls(
  evidence: HourEvidence,
  own: readonly Poll[],
  late: readonly Poll[],
): Map<number, HeldPoll[]> {
  const { books, next } = evidence;
  const held = new Map<number, HeldPoll[]>();
  let order = 0;
  const hold = (poll: Poll, judge: HeldPoll["judge"]): void => {
    if (poll.slot === undefined) return;
    held.set(poll.slot, [...(held.get(poll.slot) ?? []), { poll, judge, order }]);
    order += 1;
  };
  if (books !== undefined) {
    const judge = judgeWritten(books, needsWritten(evidence, books, late));
    for (const poll of own) hold(poll, judge);
  }
  if (next !== undefined) {
    const judge = judgeWritten(next, true);
    for (const poll of late) hold(poll, judge);
  }
  return held;
}

/** The tokens that scheduled polls watched; in an hour without any, those that were on the list. */
function watchedRows(
  { tokens, books, watchBefore, watchAfter }: HourEvidence,
  polls: readonly Poll[],
): Token[] {
  const lists = new Set(
    polls.map(({ watch }) => watch).filter((id) => tokens.list(id) !== undefined),
  );
  const fallback = books?.lastWatch ?? watchBefore;
  if (lists.size === 0 && fallback !== undefined) lists.add(fallback);
  const rows = new Set<number>();
  for (const id of lists) for (const row of tokens.list(id) ?? []) rows.add(row);
  // Nobody leaves before the hour ends, so the next hour's list names whom a lost one named.
  const unnamed = unnamedPolls(tokens, polls).map(({ slot = -Infinity }) => slot);
  const last = Math.max(-Infinity, ...unnamed);
  for (const row of tokens.list(watchAfter ?? "") ?? [])
    if ((tokens.tokens[row] as Token).since <= last) rows.add(row);
  return [...rows].sort((a, b) => a - b).map((row) => tokens.tokens[row] as Token);
}
