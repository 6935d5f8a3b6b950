/**
 * A save of `schedules.json` is in force within half a second, and a bad one changes nothing but what is said.
 *
 * Method: a whole runtime follows a real file, on a virtual clock with a watcher at its files door, and once in
 * real time with the kernel's. Each entry carries its save's number, so that a run tells which one fired it.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { sleep } from "../../runtime/doors/clock.ts";
import { systemMachine } from "../../runtime/doors/machine.ts";
import { slotsBetween } from "../../runtime/cron.ts";
import type { JournalLine, JournalLineOf } from "../../runtime/journal-lines.ts";
import { revisionOf } from "../../runtime/schedules.ts";
import { minuteMs, secondMs } from "../../runtime/time.ts";
import { virtualMachine } from "../support/machine.ts";
import { MemoryDisk } from "../support/memory-files.ts";
import {
  type Fired,
  type Reloading,
  type SaveHow,
  reloading,
  save,
  text,
} from "../support/reloading.ts";
import { type VirtualClock, virtualClock } from "../support/virtual-clock.ts";
import { type Watchable, watchable } from "../support/watchable.ts";
import { unit } from "../venue/random.ts";

const start = Date.parse("2026-11-22T15:00:00.250Z");

interface Virtual extends Reloading {
  clock: VirtualClock;
  disk: Watchable;
  saves(content: string, how?: SaveHow): Promise<void>;
  removes(): Promise<void>;
  passes(ms: number): Promise<void>;
}

function virtual(t: TestContext): Virtual {
  const clock = virtualClock({ start });
  const disk = watchable(new MemoryDisk().process().files);
  const machine = virtualMachine({ clock, ...disk });
  const house = reloading(t, () => machine);
  const pause = (): Promise<void> => sleep(machine.clock, 80);
  return {
    ...house,
    clock,
    disk,
    start: async () => clock.runUntil(house.start()),
    async saves(content, how = "by rename") {
      await disk.files.makeFolder(dirname(house.file));
      await clock.runUntil(save(machine.files, house.file, content, { how, pause }));
    },
    removes: () => clock.runUntil(machine.files.remove(house.file)),
    passes: (ms) => clock.run(clock.now() + ms),
  };
}

suite("a save of schedules.json", () => {
  test("is in force within 500 ms, said in words and recorded", async (t) => {
    const house = virtual(t);
    await house.saves(text(0));
    await house.start();
    await house.passes(1_500);
    await house.saves(text(0, undefined, { cron: "*/5 * * * * *", timeout: "4s" }));
    await house.passes(500);

    assert.deepEqual(house.log.messages.slice(-2), [
      "schedules.json is in force: 1 change",
      "tick: every 1 s -> every 5 s; 86,400 -> 17,280 runs a day; timeout 5m -> 4 s",
    ]);
    const [, second] = (await house.journal()).filter((line) => line.kind === "schedule");
    assert.equal(second?.functions["tick"]?.cron, "*/5 * * * * *");
    await house.passes(8_000);
    assert.deepEqual(secondsOf(house.fired.tick), [1, 5, 10]);
  });

  test("that is bad is refused with every problem, and what was in force goes on", async (t) => {
    const house = virtual(t);
    await house.saves(text(0));
    await house.start();
    await house.saves(
      text(1, { cron: "61 * * * *", timeout: "5 minutes" }, { cron: "99 * * * * *" }),
    );
    await house.passes(4_000);

    const [refused] = await linesOf(house, "refused");
    const problems = [
      'line 3   tick.cron      "99 * * * * *"  second must be 0-59',
      'line 12  other.cron     "61 * * * *"    minute must be 0-59',
      'line 13  other.timeout  "5 minutes"     write a number and a unit (ms, s, m, h, d), such as "5m"',
    ];
    assert.deepEqual(refused?.problems, problems);
    const said = house.log.messages.filter((message) => /^(schedules|line)/.test(message));
    assert.deepEqual(said, [
      "schedules.json has 3 problems: refused; what was in force goes on",
      ...problems,
    ]);
    assert.deepEqual(savesOf(house.fired.tick), [0, 0, 0, 0]);
  });

  test("that is bad stays on record in each hour, until a good one comes", async (t) => {
    const house = virtual(t);
    await house.saves(text(0, undefined, { cron: "0 30 * * * *" }));
    await house.start();
    await house.saves("{");
    await house.passes(95 * minuteMs);
    await house.saves(text(0, undefined, { cron: "0 30 * * * *" }));
    await house.passes(secondMs);

    const kinds = (await house.journal()).map((line) => `${line.at.slice(11, 13)} ${line.kind}`);
    const run = (hour: number): string[] => [`${hour} begin`, `${hour} end`];
    assert.deepEqual(kinds, [
      "15 schedule",
      "15 start",
      "15 refused",
      ...run(15),
      // The hour opens with what is in force and what was refused, until that is over.
      "16 schedule",
      "16 refused",
      ...run(16),
      "16 schedule",
    ]);
  });

  test("that changes nothing does nothing, and SIGHUP says so", async (t) => {
    const house = virtual(t);
    await house.saves(text(0));
    const runtime = await house.start();
    await house.saves(text(0), "in place");
    await house.passes(minuteMs);
    assert.equal((await linesOf(house, "schedule")).length, 1);

    await house.clock.runUntil(runtime.reload());
    assert.equal(house.log.messages.at(-1), "schedules.json is unchanged");
    await house.saves("[]");
    await house.passes(secondMs);
    await house.clock.runUntil(runtime.reload());
    assert.equal(house.log.messages.at(-1), "schedules.json is unchanged, and still refused");
    assert.equal((await linesOf(house, "refused")).length, 1);
  });

  test("goes on working where the file was gone for a while", async (t) => {
    const house = virtual(t);
    await house.saves(text(0));
    await house.start();
    await house.removes();
    await house.passes(2_000);
    await house.saves(text(1));
    await house.passes(2_000);

    const [refused] = await linesOf(house, "refused");
    assert.equal(refused?.revision, null);
    assert.match(refused?.problems[0] ?? "", /cannot read the schedules file .*: ENOENT/);
    assert.deepEqual(savesOf(house.fired.tick), [0, 0, 1, 1]);
  });

  for (const [what, hostile, problem] of [
    [
      "nested too deep to follow",
      `{"tick": ${"[".repeat(9_000)}${"]".repeat(9_000)}}`,
      /schedules.json cannot be checked/,
    ],
    ["longer than any schedule", " ".repeat(65 * 1_024), /longer than 65536 B/],
    ["empty", "", /line 1 /],
  ] as const) {
    test(`that is ${what} is refused like any other`, async (t) => {
      const house = virtual(t);
      await house.saves(text(0));
      await house.start();
      await house.saves(hostile);
      await house.passes(2_000);
      await house.saves(text(1));
      await house.passes(2_000);

      const refused = await linesOf(house, "refused");
      assert.equal(refused.length, 1);
      assert.match(refused[0]?.problems[0] ?? "", problem);
      assert.deepEqual(savesOf(house.fired.tick), [0, 0, 1, 1]);
    });
  }

  test("with a byte order mark is taken", async (t) => {
    const house = virtual(t);
    await house.saves(text(0));
    await house.start();
    await house.saves(`\uFEFF${text(1)}`);
    await house.passes(2_000);

    assert.deepEqual(savesOf(house.fired.tick), [1, 1]);
  });

  test("is taken later, or on SIGHUP, where the watcher fails", async (t) => {
    const house = virtual(t);
    await house.saves(text(0));
    const runtime = await house.start();
    house.disk.fail();
    const warning =
      "saves of schedules.json are not noticed at once: it is looked at every 30 s, and on SIGHUP";
    assert.equal(house.log.messages.at(-1), warning);
    await house.saves(text(1));
    await house.clock.runUntil(runtime.reload());
    assert.match(house.log.messages.at(-2) ?? "", /is in force: 1 change/);

    house.disk.fail();
    await house.saves(text(2));
    await house.passes(32 * secondMs);
    assert.equal(house.fired.tick.at(-1)?.save, 2);
    assert.equal(house.log.messages.filter((message) => message === warning).length, 1);
  });

  test("in a folder that cannot be watched kills nothing", async () => {
    const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException>();
    systemMachine("hourbook-test").watch("/no/such/folder", () => {}, resolve);
    assert.equal((await promise).code, "ENOENT");
  });

  test("after the stop is not taken any more", async (t) => {
    const house = virtual(t);
    await house.saves(text(0));
    const runtime = await house.start();
    await house.clock.runUntil(runtime.stop("the end"));
    await house.saves(text(1));
    await house.passes(minuteMs);

    assert.equal((await linesOf(house, "schedule")).length, 1);
  });
});

suite("saves under load", () => {
  test("1,000 good and bad ones lose no slot and leave no old entry alive", async (t) => {
    const house = virtual(t);
    await house.saves(text(0));
    const runtime = await house.start();
    const texts = new Map([[revisionOf(text(0)), 0]]);
    const bad = new Set<string>();
    for (let number = 1; number <= 1_000; number += 1) {
      const chance = (draw: number): number => unit(number, draw);
      const content = chance(0) < 0.3 ? aBadText(number, chance(1)) : aGoodText(number, chance(1));
      if (chance(0) < 0.3) bad.add(revisionOf(content));
      else texts.set(revisionOf(content), number);
      await house.saves(content, hows[number % hows.length]);
      // Longer than a bad one takes to be refused, a half-written one twice looked at.
      await house.passes(320 + 130 * chance(2));
    }
    await house.passes(secondMs);
    const end = house.clock.now();
    await house.clock.runUntil(runtime.stop("the end"));

    const journal = await house.journal();
    await assertNoneLost(house, journal, end);
    const inForce = journal.filter((line) => line.kind === "schedule" && line.by === "daemon");
    assert.deepEqual(
      new Set(inForce.map((line) => texts.get(line.kind === "schedule" ? line.revision : ""))),
      new Set(texts.values()),
    );
    const refused = journal.filter((line) => line.kind === "refused");
    assert.deepEqual(new Set(refused.map((line) => line.revision)), bad);
    assert.ok(refused.every(({ problems: [first] }) => /^line \d+ /.test(first ?? "")));
  });

  test("50 real ones, in place, by rename and half-written, are each in force within 500 ms", async (t) => {
    const machine = systemMachine("hourbook-test");
    const house = reloading(t, () => machine);
    await save(machine.files, house.file, text(0), { how: "in place", pause });
    const runtime = await house.start();
    const slowest = { good: 0 };
    for (let number = 1; number <= 50; number += 1) {
      const isBad = number % 10 === 0;
      const content = isBad
        ? aBadText(number, unit(7, number))
        : aGoodText(number, unit(7, number));
      const said = house.log.messages.length;
      await save(machine.files, house.file, content, {
        how: number % 5 === 1 ? "half-written" : hows[number % 2]!,
        pause,
      });
      const savedAt = performance.now();
      const done = isBad ? /refused/ : /is in force/;
      while (!house.log.messages.slice(said).some((message) => done.test(message)))
        await setTimeout(2);
      if (!isBad) slowest.good = Math.max(slowest.good, performance.now() - savedAt);
    }
    const end = Date.now();
    await runtime.stop("the end");

    assert.ok(slowest.good <= 500, `the slowest took ${slowest.good} ms`);
    t.diagnostic(`the slowest of 45 good saves took ${Math.round(slowest.good)} ms`);
    const journal = await house.journal();
    await assertNoneLost(house, journal, end);
    assert.equal(journal.filter((line) => line.kind === "schedule").length, 46);
    assert.equal(journal.filter((line) => line.kind === "refused").length, 5);
  });
});

const hows: readonly SaveHow[] = ["by rename", "in place", "half-written"];
// Longer than it must be quiet before the file is looked at: the half is seen, and not believed.
const pause = (): Promise<void> => setTimeout(80);

const others: readonly (object | undefined)[] = [
  undefined,
  { cron: "*/2 * * * * *" },
  { cron: "1-59/3 * * * * *" },
  { cron: "*/2 * * * * *", enabled: false },
  { atStart: true },
];

function aGoodText(number: number, chance: number): string {
  return text(number, others[Math.floor(chance * others.length)]);
}

function aBadText(number: number, chance: number): string {
  const good = text(number);
  const bad = [
    good.slice(0, -3),
    good.replace('"cron"', '"corn"'),
    good.replace("* * * * * *", "* 24 * * *"),
    good.replace('"tick"', '"tock"'),
  ];
  return bad[Math.floor(chance * bad.length)]!;
}

/** Each slot of each entry, while it was in force, was fired by that entry and by no other. */
async function assertNoneLost(
  house: Reloading,
  journal: readonly JournalLine[],
  end: number,
): Promise<void> {
  const schedules = journal.filter((line) => line.kind === "schedule");
  const expected = { tick: [] as string[], other: [] as string[] };
  schedules.forEach((line, at) => {
    // The slot of the very moment of the change is the old entry's.
    const from = at === 0 ? Date.parse(line.at) : Date.parse(line.at) + 1;
    const next = schedules[at + 1];
    const to = next === undefined ? end + 1 : Date.parse(next.at) + 1;
    for (const name of ["tick", "other"] as const) {
      const entry = line.functions[name];
      if (entry === undefined || entry.cron === null || !entry.enabled) continue;
      const { save: number } = entry.input as { save: number };
      for (const slot of slotsBetween({ cron: entry.cron, timezone: "UTC" }, from, to))
        expected[name].push(`${slot} by save ${number}`);
    }
  });
  for (const name of ["tick", "other"] as const) {
    const fired = house.fired[name].map(({ slot, save: number }) => `${slot} by save ${number}`);
    assert.deepEqual(fired, expected[name]);
  }
  assert.ok(expected.tick.length >= 3);
  assert.deepEqual(
    journal.filter((line) => line.kind === "missed" || line.kind === "skip"),
    [],
  );
}

function secondsOf(fired: readonly Fired[]): number[] {
  return fired.map(({ slot }) => new Date(slot).getUTCSeconds());
}

function savesOf(fired: readonly Fired[]): number[] {
  return fired.map(({ save: number }) => number);
}

async function linesOf<K extends JournalLine["kind"]>(
  house: Reloading,
  kind: K,
): Promise<JournalLineOf<K>[]> {
  return (await house.journal()).filter((line): line is JournalLineOf<K> => line.kind === kind);
}
