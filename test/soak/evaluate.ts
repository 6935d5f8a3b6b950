/** From what was noted, the journal and the gap reports to the figures of a soak: the same of the same evidence. */
import type { GapReport } from "../../functions/coverage/report.ts";
import type { SoakEvidence } from "../../functions/readiness/soak-evidence.ts";
import type { JournalLine } from "../../runtime/journal-lines.ts";
import { hourMs, iso, secondMs } from "../../runtime/time.ts";
import type { CronLine } from "../slots/cron-by-the-book.ts";
import { coverageOf } from "./coverage.ts";
import { type JournalFacts, journalFacts } from "./journal-facts.ts";
import {
  type Life,
  descriptorsOf,
  interruptionsOf,
  joined,
  livesOf,
  memoryOf,
  watchedMs,
} from "./lives.ts";
import type { Recorded } from "./records.ts";

export type Head = Pick<
  SoakEvidence,
  "command" | "software" | "machine" | "venue" | "seed" | "schedule" | "wantedHours"
>;

export interface Evidence {
  notes: readonly Recorded[];
  journal: AsyncIterable<JournalLine>;
  reports: readonly GapReport[];
  functions: ReadonlyMap<string, CronLine>;
}

export interface Evaluated {
  soak: SoakEvidence;
  lives: Life[];
  late: JournalFacts["late"];
}

// A slot's own line is written within this.
const settledAfterMs = 2 * secondMs;

/** Undefined before the daemon was seen. */
export async function evaluate(head: Head, evidence: Evidence): Promise<Evaluated | undefined> {
  const { notes, functions, reports } = evidence;
  const lives = livesOf(notes);
  const [first, last] = [lives[0], lives.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const asked = notes.findLast(({ kind }) => kind === "rest" || kind === "start");
  const end = asked?.kind === "rest" ? asked.at : last.to;
  const interruptions = interruptionsOf(notes);
  const facts = await journalFacts(evidence.journal, {
    functions,
    from: first.from,
    to: asked?.kind === "rest" ? last.to : Math.max(first.from, last.to - settledAfterMs),
  });
  // The daemon was meant to record while nobody watched it, so what it lost then is its own.
  const off = [{ from: 0, to: first.from }, ...interruptions].map((span) => ({
    from: span.from,
    to: facts.firesFrom(span.to),
  }));
  off.push({ from: end, to: Infinity });
  const tree = notes.findLast((note) => note.kind === "sample" && note.tree !== undefined);
  const told = joined([...interruptions, ...lives.flatMap(({ unwatched }) => unwatched)]);
  const soak: SoakEvidence = {
    schema: 1,
    kind: "soak",
    ...head,
    started: iso(first.from),
    until: iso(last.to),
    hours: Math.floor((watchedMs(lives) / hourMs) * 10_000) / 10_000,
    interruptions: told.map(({ from, to }) => ({ from: iso(from), to: iso(to) })),
    unexpectedExits: notes.filter((note) => note.kind === "exit" && !note.wanted).length,
    slots: facts.slots,
    latenessMs: facts.latenessMs,
    memory: memoryOf(lives),
    descriptors: descriptorsOf(lives),
    coverage: coverageOf(reports, off),
    disk: (tree?.kind === "sample" ? tree.tree : undefined) ?? nothing,
  };
  return { soak, lives, late: facts.late };
}

const nothing = { files: 0, bytes: 0, freeBytes: 0 };
