/**
 * From made-up evidence to the figures and the verdict of a soak: no daemon runs, no time passes.
 *
 * Method: a soak without a fault is written down as its notes, journal and gap report; each test spoils one thing.
 */
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { GapReport } from "../../functions/coverage/report.ts";
import { type Verdict, judgeSoak } from "../../functions/readiness/judge-soak.ts";
import { type SoakEvidence, parseSoak } from "../../functions/readiness/soak-evidence.ts";
import type { JournalLine } from "../../runtime/journal-lines.ts";
import { hourMs, iso, minuteMs, secondMs } from "../../runtime/time.ts";
import { temporaryFolder } from "../support/folder.ts";
import { evaluate } from "./evaluate.ts";
import { joined } from "./lives.ts";
import { soakPage } from "./page.ts";
import { soakPicture } from "./picture.ts";
import { type Recorded, appendNote, endTornLine, readNotes } from "./records.ts";

const start = Date.parse("2026-11-22T00:00:00.500Z");
const ms = 1;

interface Soaked {
  hours: number;
  notes: Recorded[];
  journal: JournalLine[];
  reports: GapReport[];
}

/** A poll a minute and a sample every 20 s, one life. */
function soaked(hours: number): Soaked {
  const notes: Recorded[] = [
    { at: start - 100, kind: "watch" },
    { at: start, kind: "start", pid: 7 },
  ];
  const journal: JournalLine[] = [];
  const head = { version: "1", node: "v26", collector: "soak" };
  journal.push({ kind: "start", at: iso(start), pid: 7, ...head });
  for (let nth = 1; nth <= hours * 60; nth += 1) {
    const slot = start - 500 + nth * minuteMs;
    const run = { run: `r${nth}`, function: "poll", trigger: "schedule", scheduled: iso(slot) };
    journal.push({ kind: "begin", at: iso(slot + 2), ...run, latenessMs: 2 } as JournalLine);
    for (const at of [slot + 500 - 40 * secondMs, slot + 500 - 20 * secondMs, slot + 500])
      notes.push({ at, kind: "sample", pid: 7, rssKB: 100 * 1024, fds: 30 });
  }
  return { hours, notes, journal, reports: [report({})] };
}

function report(byCause: GapReport["totals"]["byCause"], gaps: GapReport["gaps"] = []): GapReport {
  const missing = Object.values(byCause).reduce((sum, slots) => sum + slots, 0);
  const totals = { tokens: 10, tokenSlots: 10_000, recorded: 10_000 - missing, unchanged: 0 };
  return {
    provisional: false,
    totals: { ...totals, missing, byCause, coverage: 1 },
    gaps,
  } as never;
}

async function figures({ hours, notes, journal, reports }: Soaked): Promise<SoakEvidence> {
  const evaluated = await evaluate(
    {
      command: "npm run soak -- --hours 24",
      software: { version: "0.1.0", revision: "abcdef0123", node: "26" },
      machine: { cpus: 1, memoryMB: 1024, system: "linux" },
      venue: "simulated",
      seed: 1,
      schedule: "as shipped",
      wantedHours: hours,
    },
    {
      notes,
      journal: (async function* lines() {
        yield* journal;
      })(),
      reports,
      functions: new Map([["poll", { cron: "* * * * *", timezone: "UTC" }]]),
    },
  );
  assert.ok(evaluated !== undefined);
  assert.match(soakPicture(evaluated.lives, evaluated.late), /polyline/);
  return evaluated.soak;
}

function verdictOn(soak: SoakEvidence, what: RegExp): Verdict | undefined {
  return judgeSoak(soak).goals.find((goal) => what.test(goal.what))?.verdict;
}

suite("a soak of 24 hours", () => {
  test("passes where nothing went wrong", async () => {
    const soak = await figures(soaked(24));
    assert.deepEqual(
      judgeSoak(soak).goals.filter(({ verdict }) => verdict !== "met"),
      [],
    );
    assert.match(soakPage(soak), /\*\*Passed\.\*\*/);
    assert.deepEqual(parseSoak(JSON.stringify(soak)), soak);
  });

  test("is none when it took less, however good it was", async () => {
    const soak = await figures(soaked(23));
    assert.equal(judgeSoak(soak).verdict, "open");
    assert.match(soakPage(soak), /\*\*Not decided\.\*\*/);
  });

  test("fails on one slot that the journal does not explain, and names it", async () => {
    const one = soaked(24);
    one.journal.splice(600, 1);
    const soak = await figures(one);
    assert.equal(verdictOn(soak, /without an explanation/), "missed");
    assert.deepEqual(soak.slots.examples, ["poll 2026-11-22T10:00:00.000Z"]);
  });

  test("takes a slot that was skipped or missed with its cause for explained", async () => {
    const one = soaked(24);
    const slot = (nth: number): string => iso(start - 500 + nth * minuteMs);
    const held = { kind: "skip", at: slot(600), function: "poll", scheduled: slot(600) } as const;
    const span = { from: slot(700), to: slot(701), count: 1, cause: "late" } as const;
    one.journal[600] = { ...held, reason: "held", holder: null };
    one.journal[700] = { kind: "missed", at: slot(701), function: "poll", ...span };
    const { slots } = await figures(one);
    assert.deepEqual([slots.skipped, slots.missed, slots.unexplained], [1, 1, 0]);
  });

  test("fails on runs that begin late", async () => {
    const one = soaked(24);
    for (const line of one.journal.slice(-30)) if (line.kind === "begin") line.latenessMs = 900;
    assert.equal(verdictOn(await figures(one), /lateness/), "missed");
  });

  test("fails on memory that grows, and knows by how much", async () => {
    const one = soaked(24);
    for (const note of one.notes)
      if (note.kind === "sample") note.rssKB += ((note.at - start) / hourMs) * 3 * 1024;
    const soak = await figures(one);
    assert.equal(soak.memory.slopeMBPerHour, 3);
    assert.equal(verdictOn(soak, /memory/), "missed");
  });

  test("lets memory grow while it warms up", async () => {
    const one = soaked(24);
    for (const note of one.notes)
      if (note.kind === "sample" && note.at < start + 11 * hourMs) note.rssKB = 60 * 1024;
    assert.equal(verdictOn(await figures(one), /memory/), "met");
  });

  test("fails on descriptors that are left open", async () => {
    const one = soaked(24);
    for (const [nth, note] of one.notes.entries())
      if (note.kind === "sample") note.fds += Math.floor(nth / 300);
    assert.equal(verdictOn(await figures(one), /descriptors/), "missed");
  });

  test("fails on a daemon that ended by itself", async () => {
    const one = soaked(24);
    const at = start + 12 * hourMs;
    const ended: Recorded[] = [
      { at, kind: "exit", pid: 7, code: 70, wanted: false },
      { at: at + ms, kind: "start", pid: 8 },
    ];
    one.notes.splice(
      one.notes.findIndex((note) => note.at > at),
      0,
      ...ended,
    );
    const soak = await figures(one);
    assert.equal(soak.unexpectedExits, 1);
    assert.equal(judgeSoak(soak).verdict, "missed");
  });
});

suite("a stretch in which nobody looked at the daemon", () => {
  const from = start + 10 * hourMs;

  /** Without the samples of so long. */
  function unseen(lengthMs: number): Soaked {
    const one = soaked(24);
    one.notes = one.notes.filter(({ at }) => at <= from || at >= from + lengthMs);
    return one;
  }

  test("is told like an interruption, and is no hour under watch", async () => {
    const soak = await figures(unseen(hourMs));
    assert.deepEqual(soak.interruptions, [{ from: iso(from), to: iso(from + hourMs) }]);
    assert.equal(soak.hours, 23);
    assert.equal(judgeSoak(soak).verdict, "open");
  });

  test("still costs what the daemon lost in it", async () => {
    const one = unseen(hourMs);
    const [first, until] = [iso(from), iso(from + hourMs)];
    const span = { from: first, to: first, until, slots: 60, tokens: "all" } as const;
    one.reports = [report({ "not-running": 600 }, [{ ...span, cause: "not-running" }])];
    assert.deepEqual((await figures(one)).coverage.missing, { "not-running": 600 });
  });

  test("counts as watched where it is no longer than 30 s", async () => {
    const soak = await figures(unseen(20 * secondMs));
    assert.deepEqual([soak.interruptions, soak.hours], [[], 24]);
  });

  test("is one with the interruption that follows it", () => {
    const spans = [
      { from: 5, to: 9 },
      { from: 1, to: 6 },
      { from: 10, to: 11 },
    ];
    assert.deepEqual(joined(spans), [
      { from: 1, to: 9 },
      { from: 10, to: 11 },
    ]);
  });
});

suite("what is missing in the gap reports", () => {
  test("is no fault of the recorder where the venue failed", async () => {
    const one = soaked(24);
    one.reports = [report({ "venue-5xx": 800, omitted: 300 })];
    const soak = await figures(one);
    assert.deepEqual(soak.coverage.missing, { "venue-5xx": 800, omitted: 300 });
    assert.equal(judgeSoak(soak).verdict, "met");
  });

  for (const cause of ["late", "skipped", "disk", "damaged", "not-running"] as const) {
    test(`is the recorder's where the cause is ${cause}`, async () => {
      const one = soaked(24);
      one.reports = [report({ [cause]: 11 })];
      assert.equal(verdictOn(await figures(one), /by the recorder itself/), "missed");
    });
  }

  test("must have a cause, each slot of it", async () => {
    const one = soaked(24);
    one.reports = [report({ unknown: 1 })];
    assert.equal(verdictOn(await figures(one), /no known cause/), "missed");
  });

  test("does not count while nobody was meant to record", async () => {
    const one = soaked(24);
    // The hour before the soak, of which its first report tells too.
    const [from, until] = [iso(start - hourMs), iso(start - 500)];
    const gap = { from, to: from, until, slots: 60, cause: "not-running", tokens: "all" } as const;
    one.reports = [report({ "not-running": 600, "not-yet-watched": 400 }, [gap])];
    const { coverage } = await figures(one);
    assert.deepEqual([coverage.tokenSlots, coverage.kept, coverage.missing], [9_000, 9_000, {}]);
  });
});

test("a line that was torn when the machine went down costs no other", (t) => {
  const path = join(temporaryFolder(t), "samples.jsonl");
  appendNote(path, 1, { kind: "start", pid: 7 });
  appendFileSync(path, '{"at":2,"kind":"sam');
  endTornLine(path);
  appendNote(path, 3, { kind: "watch" });
  assert.deepEqual(
    readNotes(path).map(({ at, kind }) => `${at} ${kind}`),
    ["1 start", "3 watch"],
  );
});

suite("an interruption of the soak", () => {
  const [from, to] = [start + 10 * hourMs, start + 11 * hourMs];

  function interrupted(...notes: Recorded[]): Soaked {
    const one = soaked(24);
    const isOff = ({ at }: { at: string | number }): boolean =>
      Date.parse(typeof at === "string" ? at : iso(at)) > from &&
      Date.parse(typeof at === "string" ? at : iso(at)) < to;
    one.notes = one.notes.filter((note) => !isOff(note));
    const again = one.notes.findIndex(({ at }) => at > from);
    one.notes.splice(
      again,
      0,
      ...notes,
      { at: to - ms, kind: "watch" },
      { at: to, kind: "start", pid: 8 },
    );
    one.journal = one.journal.filter((line) => !isOff(line));
    const line = one.journal.findIndex(({ at }) => Date.parse(at) > from);
    const head = { version: "1", node: "v26", collector: "soak" };
    one.journal.splice(line, 0, { kind: "start", at: iso(to), pid: 8, ...head });
    return one;
  }

  test("is told, and counts neither as time nor as slots unexplained", async () => {
    const soak = await figures(
      interrupted(
        { at: from, kind: "rest" },
        { at: from + 50 * secondMs, kind: "exit", pid: 7, code: 0, wanted: true },
      ),
    );
    assert.deepEqual(soak.interruptions, [{ from: iso(from), to: iso(to) }]);
    assert.equal(soak.hours, 23, "without the time that it took to stop");
    assert.equal(soak.slots.unexplained, 0);
    assert.ok(soak.slots.whileDown >= 59);
    assert.equal(soak.unexpectedExits, 0);
  });

  test("is told from the last look on where the soak itself was killed", async () => {
    const soak = await figures(interrupted());
    assert.equal(soak.interruptions.length, 1);
    assert.equal(soak.interruptions[0]?.to, iso(to));
    assert.equal(Math.round(soak.hours), 23);
  });
});
