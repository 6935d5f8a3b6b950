/**
 * What happened in one hour, told slot by slot, and what is left of it: the journal and books that a recorder
 * would have written, and beside them what each token truly came to. The accounting sees only the former.
 */
import * as v from "valibot";
import {
  type Cause,
  type PollLine,
  pollLineSchema,
  type WatchedToken,
} from "../../../functions/archive/lines.ts";
import {
  type BooksEvidence,
  type HourEvidence,
  needsWritten,
  pollOf,
} from "../../../functions/coverage/evidence.ts";
import { TokenTable } from "../../../functions/coverage/tokens.ts";
import { type JournalLine, parseJournalLine } from "../../../runtime/journal-lines.ts";
import { hourMs, iso, secondMs } from "../../../runtime/time.ts";

export const from = Date.parse("2026-11-22T15:00:00Z");
export const to = from + hourMs;
export const cadenceMs = 120 * secondMs;
export const slotCount = hourMs / cadenceMs;
export const cron = "*/2 * * * *";

/** What a poll brought of a token: another book, the same one, or none for this reason. */
export type Answer = "new" | "same" | Cause;

export type Event =
  | { kind: "poll"; answers: Answer[] }
  /** Recorded, and its bytes lost since. */
  | { kind: "hole"; answers: Answer[] }
  | { kind: "poll-late" | "poll-twice"; answers: Answer[] }
  | { kind: "skip" | "disk" | "fail" | "timeout" | "abandoned" | "vanished" }
  | { kind: "missed"; cause: "clock" | "late"; slots: number }
  | { kind: "unwritten"; slots: number }
  | { kind: "kill" | "stop" | "abort"; slots: number };

export interface Cast {
  token: string;
  /** Position of the slot from which it is watched. */
  since: number;
  /** Position of the slot from which its market is known to be closed. */
  closed?: number;
}

export type Truth = "recorded" | "unchanged" | Cause;

export interface Told {
  evidence: HourEvidence;
  /** By token, then by slot. */
  truth: Truth[][];
}

export function at(slot: number, ms = 0): number {
  return from + slot * cadenceMs + ms;
}

export function line(value: object, atMs: number): JournalLine {
  const parsed = parseJournalLine(Buffer.from(JSON.stringify({ at: iso(atMs), ...value })));
  if (parsed === undefined) throw new Error(`no journal line: ${JSON.stringify(value)}`);
  return parsed;
}

export function scheduleLine(atMs: number, entry: object = {}, by = "daemon"): JournalLine {
  const poll = {
    cron,
    timezone: "UTC",
    timeoutMs: 60_000,
    enabled: true,
    atStart: false,
    input: {},
    ...entry,
  };
  return line({ kind: "schedule", revision: "r1", by, functions: { "snapshot-poll": poll } }, atMs);
}

export function startLines(atMs: number): JournalLine[] {
  const start = { kind: "start", pid: 7, version: "1.0.0", node: "v26.0.0", collector: "vps-1" };
  return [scheduleLine(atMs), line(start, atMs + 1)];
}

interface WrittenBook {
  poll: number;
  token: string;
}

/** Tells the story from a daemon that has been running since the hour before. */
export function tell(events: readonly Event[], cast: readonly Cast[]): Told {
  const teller = new Teller(cast);
  for (const event of events) teller.happen(event);
  return teller.end();
}

class Teller {
  #cast: readonly Cast[];
  #journal: JournalLine[] = startLines(from - hourMs / 2);
  #truth: Truth[][];
  #own = new Hour();
  #next = new Hour();
  #slot = 0;
  #runs = 0;
  #unpolled: number[] = [];
  /** Since the last poll of the hour's own file that is left. */
  #vanished: number[] = [];
  #isHole = false;

  constructor(cast: readonly Cast[]) {
    this.#cast = cast;
    this.#truth = cast.map(() => []);
    // The hour before ended as it should.
    this.#run(-1, "ok", {});
  }

  happen(event: Event): void {
    if (this.#slot >= slotCount) return;
    const slot = this.#slot;
    if (event.kind === "poll" || event.kind === "hole") {
      this.#run(slot, "ok", {});
      if (event.kind === "poll") this.#poll(this.#own, slot, event.answers);
      else this.#lose(slot, event.answers);
    } else if (event.kind === "poll-late" || event.kind === "poll-twice") {
      this.#run(slot, "ok", {});
      // Late polls come when the hour is closed: nothing of the hour follows them in its own file.
      if (event.kind === "poll-twice") this.#pollTwice(slot, event.answers);
      else this.#poll(this.#next, slot, event.answers);
    } else if (event.kind === "missed" || event.kind === "unwritten") {
      this.#missed(event);
      return;
    } else if (event.kind === "kill" || event.kind === "stop" || event.kind === "abort") {
      this.#goDown(event);
      return;
    } else {
      this.#noPoll(slot, event.kind);
    }
    this.#slot += 1;
  }

  end(): Told {
    while (this.#slot < slotCount) this.happen({ kind: "poll", answers: [] });
    this.#run(slotCount, "ok", {});
    this.#settleVanished(this.#isHole);
    const hasLost = this.#own.hasLostList();
    this.#closeMarkets(hasLost);
    const tokens = new TokenTable();
    const hour = { from, to };
    const own = this.#own.evidence(tokens);
    const next = this.#next.polls.length === 0 ? undefined : this.#next.evidence(tokens);
    const late = next?.polls ?? [];
    // The next hour begins with a list of its own.
    if (hasLost) tokens.add({ kind: "watch", id: "after", tokens: this.#list(slotCount) });
    const books = needsWritten(hour, own, late) ? own : { ...own, written: undefined };
    return {
      evidence: {
        from,
        to,
        asOf: Infinity,
        journal: this.#journal,
        tokens,
        books,
        next,
        watchBefore: undefined,
        watchAfter: hasLost ? "after" : undefined,
      },
      truth: this.#truth,
    };
  }

  #run(slot: number, outcome: string | undefined, end: object): void {
    const run = `r${(this.#runs += 1)}`;
    const about = { run, function: "snapshot-poll", trigger: "schedule", scheduled: iso(at(slot)) };
    this.#journal.push(line({ kind: "begin", ...about, latenessMs: 3 }, at(slot, 3)));
    if (outcome === undefined) return;
    this.#journal.push(line({ kind: "end", ...about, outcome, tookMs: 40, ...end }, at(slot, 43)));
  }

  #noPoll(slot: number, kind: string): void {
    const about = { function: "snapshot-poll", scheduled: iso(at(slot)) };
    if (kind === "skip") {
      this.#journal.push(
        line({ kind: "skip", ...about, reason: "held", holder: null }, at(slot, 2)),
      );
      this.#without(slot, "skipped");
    } else if (kind === "disk") {
      this.#run(slot, "failed", { code: "DISK_FULL", message: "no space left" });
      this.#without(slot, "disk");
    } else if (kind === "timeout" || kind === "abandoned") {
      this.#run(slot, kind, { code: "TIMEOUT" });
      this.#without(slot, "late");
    } else {
      this.#run(
        slot,
        kind === "fail" ? "failed" : "ok",
        kind === "fail" ? { code: "WRITER_BUSY" } : {},
      );
      if (kind === "vanished") this.#vanished.push(slot);
      this.#without(slot, "unknown");
    }
  }

  #missed(event: Extract<Event, { kind: "missed" | "unwritten" }>): void {
    const last = Math.min(this.#slot + event.slots, slotCount) - 1;
    const span = { from: iso(at(this.#slot)), to: iso(at(last)), count: last - this.#slot + 1 };
    const said = event.kind === "missed" ? { function: "snapshot-poll", cause: event.cause } : {};
    this.#journal.push(line({ kind: event.kind, ...said, ...span }, at(last, 90 * secondMs)));
    for (; this.#slot <= last; this.#slot += 1)
      this.#without(this.#slot, event.kind === "missed" ? event.cause : "disk");
  }

  /** The daemon goes in this slot, and comes back so many slots later, or never if that is after the hour. */
  #goDown({ kind, slots }: Extract<Event, { kind: "kill" | "stop" | "abort" }>): void {
    const slot = this.#slot;
    if (kind === "kill") this.#run(slot, undefined, {});
    if (kind === "abort") this.#run(slot, "aborted", { code: "STOPPING" });
    if (kind !== "kill")
      this.#journal.push(
        line({ kind: "stop", reason: "SIGTERM" }, at(slot, kind === "stop" ? -secondMs : 50)),
      );
    const back = Math.min(slot + slots, slotCount);
    for (; this.#slot < back; this.#slot += 1) this.#without(this.#slot, "not-running");
    const startAt = at(back, -30 * secondMs);
    this.#journal.push(...startLines(startAt));
    if (kind !== "kill") return;
    const about = {
      run: `r${this.#runs}`,
      function: "snapshot-poll",
      began: iso(at(slot, 3)),
      scheduled: iso(at(slot)),
    };
    this.#journal.push(line({ kind: "interrupted", ...about }, startAt + 2));
  }

  #list(slot: number): WatchedToken[] {
    return this.#cast
      .filter(({ since }) => since <= slot)
      .map(({ token, since, closed }) => {
        const watched = {
          token,
          market: "0xabc",
          outcome: "Yes",
          slug: "will-it",
          since: iso(at(since, -secondMs)),
        };
        const isClosed = closed !== undefined && closed <= slot;
        return isClosed ? Object.assign(watched, { closed: iso(at(closed, -secondMs)) }) : watched;
      });
  }

  #without(slot: number, cause: Cause): void {
    for (const [position, { since }] of this.#cast.entries()) {
      (this.#truth[position] as Truth[])[slot] = since > slot ? "not-yet-watched" : cause;
    }
    this.#unpolled.push(slot);
  }

  /** A market is known to be closed if any list that is left says so, or the next hour's. */
  #closeMarkets(isNextRead: boolean): void {
    for (const [position, { token, since, closed = Infinity }] of this.#cast.entries()) {
      const isSaid = this.#own.saysClosed(token) || this.#next.saysClosed(token);
      if (!isSaid && !isNextRead) continue;
      for (const slot of this.#unpolled) {
        if (slot >= closed && slot >= since)
          (this.#truth[position] as Truth[])[slot] = "market-closed";
      }
    }
  }

  /** Of a run that ended well and left no poll: between the polls around a hole, the hole tells why. */
  #settleVanished(isBehindHole: boolean): void {
    if (isBehindHole) for (const slot of this.#vanished) this.#without(slot, "damaged");
    this.#vanished = [];
  }

  #answersAt(slot: number, answers: readonly Answer[]): (Answer | undefined)[] {
    return this.#cast.map(({ since, closed }, position) => {
      if (since > slot) return undefined;
      if (closed !== undefined && closed <= slot) return "market-closed";
      return answers[position] ?? "same";
    });
  }

  #poll(file: Hour, slot: number, answers: readonly Answer[]): void {
    if (file === this.#own) {
      this.#settleVanished(this.#isHole);
      this.#isHole = false;
    }
    const all = this.#answersAt(slot, answers);
    const found = file.poll(this.#list(slot), iso(at(slot)), this.#cast, all);
    for (const position of this.#cast.keys())
      (this.#truth[position] as Truth[])[slot] = found[position] as Truth;
  }

  #pollTwice(slot: number, answers: readonly Answer[]): void {
    this.#poll(this.#own, slot, answers);
    const first = this.#truth.map((token) => token[slot] as Truth);
    this.#poll(this.#own, slot, answers.toReversed());
    for (const [position, token] of this.#truth.entries())
      token[slot] = better(first[position] as Truth, token[slot] as Truth);
  }

  #lose(slot: number, answers: readonly Answer[]): void {
    this.#own.lose(this.#list(slot), this.#cast, this.#answersAt(slot, answers));
    this.#isHole = true;
    this.#without(slot, "damaged");
  }
}

function better(first: Truth, second: Truth): Truth {
  const rank = (truth: Truth): number => (truth === "recorded" ? 2 : truth === "unchanged" ? 1 : 0);
  return rank(second) > rank(first) ? second : first;
}

/** One hour file: what the recorder compares with, and what a reader can still know. */
class Hour {
  polls: PollLine[] = [];
  #lines: { id: string; tokens: WatchedToken[] }[] = [];
  #lostLists = new Set<string>();
  #lost: { after: number; before: number }[] = [];
  #books: WrittenBook[] = [];
  #number = 100_000;
  /** What the recorder wrote last, lost or not; what of it a reader still has. */
  #hasBook = new Set<string>();
  #isReadable = new Set<string>();

  poll(
    list: WatchedToken[],
    scheduled: string,
    cast: readonly Cast[],
    answers: readonly (Answer | undefined)[],
  ): Truth[] {
    const number = (this.#number += 1);
    const watch = this.#watch(list);
    const missing: PollLine["missing"] = [];
    const found = cast.map(({ token }, position): Truth => {
      const answer = answers[position];
      if (answer === undefined) return "not-yet-watched";
      if (answer !== "new" && answer !== "same") {
        missing.push({ token, reason: answer });
        return answer;
      }
      if (answer === "new" || !this.#hasBook.has(token)) {
        this.#books.push({ poll: number, token });
        this.#hasBook.add(token);
        this.#isReadable.add(token);
        return "recorded";
      }
      return this.#isReadable.has(token) ? "unchanged" : "damaged";
    });
    const books = found.filter((truth) => truth === "recorded").length;
    const unchanged = list.length - books - missing.length;
    const times = { scheduled, started: scheduled, ended: scheduled };
    const poll = {
      kind: "poll",
      poll: number,
      ...times,
      watch,
      books,
      unchanged,
      missing,
      requests: [],
    };
    this.polls.push(v.parse(pollLineSchema, poll));
    return found;
  }

  /** A poll whose member is damaged in the middle of the file: the recorder never knows. */
  lose(
    list: WatchedToken[],
    cast: readonly Cast[],
    answers: readonly (Answer | undefined)[],
  ): void {
    const number = (this.#number += 1);
    // A list that it was the first to name is named nowhere else.
    const id = idOf(list);
    if (!this.#lines.some((known) => known.id === id)) this.#lostLists.add(id);
    for (const [position, { token }] of cast.entries()) {
      if (answers[position] === "new" || answers[position] === "same") this.#hasBook.add(token);
    }
    this.#isReadable.clear();
    this.#lost.push({ after: number - 1, before: number + 1 });
  }

  evidence(tokens: TokenTable): BooksEvidence {
    for (const { id, tokens: list } of this.#lines) tokens.add({ kind: "watch", id, tokens: list });
    const written = new Map<string, number[]>();
    for (const { poll, token } of this.#books)
      written.set(token, [...(written.get(token) ?? []), poll]);
    return {
      polls: this.polls.map((poll) => pollOf(poll, tokens)),
      lost: this.#lost.map((hole) => ({ kind: "lost" as const, ...hole })),
      lastWatch: this.#lines.at(-1)?.id,
      slots: new Map([...written].map(([token, polls]) => [token, polls.length])),
      written,
    };
  }

  /** Of a poll that is left. */
  hasLostList(): boolean {
    return this.polls.some(({ watch }) => this.#lostLists.has(watch));
  }

  saysClosed(token: string): boolean {
    return this.#lines.some(({ tokens }) =>
      tokens.some((watched) => watched.token === token && watched.closed !== undefined),
    );
  }

  #watch(list: WatchedToken[]): string {
    const id = idOf(list);
    if (!this.#lostLists.has(id) && !this.#lines.some((known) => known.id === id))
      this.#lines.push({ id, tokens: list });
    return id;
  }
}

function idOf(list: readonly WatchedToken[]): string {
  return list.map(({ token, closed }) => `${token}${closed === undefined ? "" : "c"}`).join("+");
}
