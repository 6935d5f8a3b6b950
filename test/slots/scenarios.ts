/**
 * What the runtime is put through: a week of the schedule that ships, a day of a hostile one, and all days on which
 * clocks change. Each gives what became of every slot.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../runtime/doors/clock.ts";
import type { ScheduleEntry } from "../../runtime/schedules.ts";
import { dayMs, hourMs, minuteMs, secondMs } from "../../runtime/time.ts";
import { schedules } from "../support/runtime.ts";
import { type CronLine, clockChanges } from "./cron-by-the-book.ts";
import { type Explained, explainSlots, sum } from "./explain.ts";
import { type Work, World } from "./world.ts";

export interface Scope {
  seed: number;
  /** The whole, not a slice. */
  isWhole: boolean;
}

export const scenarios: Record<string, (scope: Scope) => Promise<Explained>> = {
  week,
  hostile,
  "clock-changes": onClockChanges,
};

type Entries = Record<string, Partial<ScheduleEntry> & { cron: string }>;

const start = Date.parse("2026-11-23T00:00:00Z");

/** Polls that now and then take longer than their 10 s, and a restart a day. */
async function week({ seed, isWhole }: Scope): Promise<Explained> {
  const shipped = readFileSync(join(import.meta.dirname, "../../schedules.json"), "utf8");
  const { $schema: _, ...all } = JSON.parse(shipped) as Record<string, { cron?: string }>;
  const entries: Entries = {};
  for (const [name, { cron }] of Object.entries(all))
    if (cron !== undefined) entries[name] = { cron };
  const world = aWorld(seed, start, entries, async (run, random) => {
    await sleep(run.clock, random() * 10_300, run.signal);
    return {};
  });
  const restarts = isWhole ? 7 : 2;
  await world.start();
  for (let count = 0; count < restarts; count += 1) {
    await world.run(isWhole ? dayMs : 3 * hourMs);
    await world.stop();
    await world.putAway();
    await world.run(world.random() * 4 * secondMs);
    await world.start();
  }
  await world.stop();
  return explain(world, entries, start + secondMs, world.clock.now());
}

const everySeconds: [seconds: number, timezone: string][] = [
  [1, "Australia/Lord_Howe"],
  [5, "UTC"],
  [7, "Europe/Berlin"],
  [10, "America/New_York"],
  [15, "Asia/Kolkata"],
  [30, "America/Santiago"],
  [45, "Pacific/Chatham"],
];

/** Every second, in seven zones: the clock steps, the loop blocks, daemons are stopped and killed. */
async function hostile({ seed, isWhole }: Scope): Promise<Explained> {
  const entries: Entries = {};
  for (const [seconds, timezone] of everySeconds) {
    const cron = `*/${seconds} * * * * *`;
    entries[`every-${seconds}-s`] = { cron, timezone, timeoutMs: 20 * secondMs };
  }
  const world = aWorld(seed, start, entries, async (run, random) => {
    const chance = random();
    if (chance < 0.01) throw new Error("it failed");
    if (chance < 0.02) await sleep(run.clock, random() * 12 * secondMs, run.signal);
    return {};
  });
  const { clock, random } = world;
  let latest = start;
  await world.start();
  while (clock.monotonic() < (isWhole ? dayMs : hourMs / 2)) {
    await world.run(random() * 4 * minuteMs);
    latest = Math.max(latest, clock.now());
    await meet(world);
    latest = Math.max(latest, clock.now());
  }
  await world.run(2 * minuteMs);
  await world.stop();
  return explain(world, entries, start + secondMs, Math.max(latest, clock.now()));
}

/** One of the things that happen to a machine. */
async function meet(world: World): Promise<void> {
  const { clock, random } = world;
  const chance = random();
  if (chance < 0.2) clock.step(random() * 90 * secondMs);
  else if (chance < 0.4) clock.step(-random() * 90 * secondMs);
  else if (chance < 0.43) clock.step(random() * 20 * minuteMs);
  else if (chance < 0.46) clock.step(-random() * 20 * minuteMs);
  else if (chance < 0.8) clock.block(random() * 90 * secondMs);
  else await restart(world);
}

async function restart(world: World): Promise<void> {
  const { random } = world;
  if (random() < 0.5) world.kill();
  else await world.stop();
  if (random() < 0.5) await world.run(random() * 90 * secondMs);
  if (random() < 0.3) world.clock.step((random() - 0.5) * 10 * minuteMs);
  await world.putAway();
  await world.start();
}

const zones = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "America/Santiago",
  "Africa/Cairo",
  "Pacific/Chatham",
  "Asia/Jerusalem",
];
const lines = [
  "30 2 * * *",
  "0 0,1,2,3 * * *",
  "59 23 * * *",
  "*/20 * * * *",
  "15 */2 * * *",
  "5 * * * * *",
];

/** Every change of 2026 to 2030, four hours to each side. */
async function onClockChanges({ seed, isWhole }: Scope): Promise<Explained> {
  const from = Date.parse("2026-01-01T00:00:00Z");
  const to = Date.parse("2031-01-01T00:00:00Z");
  const all: Explained[] = [];
  for (const [index, timezone] of zones.entries()) {
    if (!isWhole && seed % zones.length !== index) continue;
    const entries = Object.fromEntries(
      lines.map((cron) => [`f${lines.indexOf(cron)}`, { cron, timezone }]),
    );
    for (const change of clockChanges(timezone, from, to)) {
      const begin = change - 4 * hourMs;
      const world = aWorld(seed, begin, entries, async () => ({}));
      await world.start();
      await world.run(8 * hourMs);
      await world.stop();
      all.push(await explain(world, entries, begin + secondMs, begin + 8 * hourMs));
    }
  }
  return sum(all);
}

function aWorld(seed: number, at: number, entries: Entries, work: Work): World {
  const works = Object.fromEntries(Object.keys(entries).map((name) => [name, work]));
  return new World({ seed, start: at, schedules: schedules(entries), work: works });
}

/** `from` is a moment after the first start, `to` the latest that the clock ever showed. */
function explain(world: World, entries: Entries, from: number, to: number): Promise<Explained> {
  const functions = new Map<string, CronLine>();
  for (const [name, { cron, timezone = "UTC" }] of Object.entries(entries)) {
    functions.set(name, { cron, timezone });
  }
  return explainSlots(world.journal(), { functions, from, to });
}
