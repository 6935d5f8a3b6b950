/** Puts one state into each slot of each watched token. */
import type { Cause } from "../archive/lines.ts";
import type { Poll } from "./evidence.ts";
import { better, state, stateOf } from "./states.ts";
import type { Token, TokenTable } from "./tokens.ts";
import type { WrittenJudge } from "./written.ts";

export interface HeldPoll {
  poll: Poll;
  /** Its place among all polls of the hour as they were written. */
  order: number;
  /** Of the file that the poll lies in. */
  judge: WrittenJudge;
}

export interface Filling {
  tokens: TokenTable;
  /** In the table's order. */
  watched: readonly Token[];
  slots: readonly number[];
  held: ReadonlyMap<number, readonly HeldPoll[]>;
  /** Why a slot has no poll. */
  causeOf(slot: number): Cause;
}

/** States in step with `watched`, and within each in step with `slots`. */
export function fillStates(filling: Filling): Uint8Array[] {
  const { tokens, watched, slots, held } = filling;
  const membershipOf = memberships(tokens);
  const watch: Watch = {
    was: new Uint8Array(tokens.tokens.length),
    isOnList: undefined,
    firstOn: firstOnList(tokens, [...held.values()].flat()),
  };
  // Slot by slot, since that is how it is written: 5,000 tokens and 360 slots are 1.8 million states.
  const planes = slots.map((slot) => {
    const plane = new Uint8Array(watched.length).fill(state.open);
    const polls = held.get(slot) ?? [];
    if (polls.length === 0) fillUnpolled(filling, watch, slot, plane);
    for (const one of polls) {
      watch.isOnList = membershipOf(one.poll.watch) ?? unnamedList(filling, slot);
      fillPolled(filling, watch, one, plane);
      for (const { row } of watched) if (watch.isOnList[row] === 1) watch.was[row] = 1;
    }
    return plane;
  });
  return watched.map((_, position) => {
    const states = new Uint8Array(slots.length);
    for (let at = 0; at < states.length; at += 1)
      states[at] = (planes[at] as Uint8Array)[position] as number;
    return states;
  });
}

/** By row, a byte each. */
interface Watch {
  /** Was on a list earlier in the hour. */
  was: Uint8Array;
  /** Is on the newest list; `undefined` before the first poll. */
  isOnList: Uint8Array | undefined;
  /** By row: the order of the first poll whose list names it. A repeated slot's second poll comes late. */
  firstOn: Float64Array;
}

function firstOnList(tokens: TokenTable, polls: readonly HeldPoll[]): Float64Array {
  const firstOn = new Float64Array(tokens.tokens.length).fill(Infinity);
  const seen = new Set<string>();
  for (const { poll, order } of polls.toSorted((a, b) => a.order - b.order)) {
    if (seen.has(poll.watch)) continue;
    seen.add(poll.watch);
    for (const row of tokens.list(poll.watch) ?? [])
      firstOn[row] = Math.min(firstOn[row] as number, order);
  }
  return firstOn;
}

/** The line that named it is lost. Nobody leaves a list before its hour ends, so it held who is known by then. */
function unnamedList({ tokens, watched }: Filling, slot: number): Uint8Array {
  const member = new Uint8Array(tokens.tokens.length);
  for (const { row, since } of watched) if (since <= slot) member[row] = 1;
  return member;
}

function fillPolled(
  { tokens, watched }: Filling,
  watch: Watch,
  { poll, judge, order }: HeldPoll,
  plane: Uint8Array,
): void {
  const slot = poll.slot as number;
  const said = polledStates(tokens, poll);
  const isOnList = watch.isOnList as Uint8Array;
  for (let position = 0; position < watched.length; position += 1) {
    const token = watched[position] as Token;
    let found = said[token.row] as number;
    if (isOnList[token.row] === 0)
      found = offListState(token, slot, (watch.firstOn[token.row] as number) < order);
    else if (found === state.open) found = judge(poll.number, token);
    plane[position] = better(plane[position] as number, found);
  }
}

function fillUnpolled(
  { watched, causeOf }: Filling,
  watch: Watch,
  slot: number,
  plane: Uint8Array,
): void {
  const cause = stateOf(causeOf(slot));
  for (const [position, token] of watched.entries()) {
    const isNew = watch.was[token.row] === 0;
    const hasLeft = !isNew && watch.isOnList?.[token.row] === 0;
    plane[position] = unpolledState(token, slot, isNew, hasLeft) ?? cause;
  }
}

/** The reasons that the poll itself gives, by row; `open` for every other token. */
function polledStates(tokens: TokenTable, poll: Poll): Uint8Array {
  const found = new Uint8Array(tokens.tokens.length).fill(state.open);
  for (const [position, row] of poll.missingRows.entries())
    found[row] = poll.missingStates[position] as number;
  return found;
}

/** Of a token that the poll in the slot did not watch. */
function offListState(token: Token, slot: number, wasWatched: boolean): number {
  if (!wasWatched) return stateOf("not-yet-watched");
  return leftState(token, slot);
}

/** What else than the slot's own cause explains a token in a slot without a poll. */
function unpolledState(
  token: Token,
  slot: number,
  isNew: boolean,
  hasLeft: boolean,
): number | undefined {
  if (hasLeft) return leftState(token, slot);
  if (isNew && token.since > slot) return stateOf("not-yet-watched");
  return token.closed <= slot ? stateOf("market-closed") : undefined;
}

// A watched market stays on the list to the end of the hour, so nothing else explains that it is gone.
function leftState(token: Token, slot: number): number {
  if (token.since > slot) return stateOf("not-yet-watched");
  return stateOf(token.closed <= slot ? "market-closed" : "unknown");
}

/** By list: a byte for each row, whether it holds that token. `undefined` for a list that no line names. */
function memberships(tokens: TokenTable): (watch: string) => Uint8Array | undefined {
  const known = new Map<string, Uint8Array>();
  return (watch) => {
    const rows = tokens.list(watch);
    if (rows === undefined) return undefined;
    let member = known.get(watch);
    if (member === undefined) {
      member = new Uint8Array(tokens.tokens.length);
      for (const row of rows) member[row] = 1;
      known.set(watch, member);
    }
    return member;
  };
}
