/**
 * A whole runtime on a virtual clock and a real folder, with functions made on the spot. What it did is read
 * from its journal, as an operator would.
 */
import { join } from "node:path";
import type { TestContext } from "node:test";
import * as v from "valibot";
import { type Runtime, startRuntime } from "../../runtime/app.ts";
import { runByHand } from "../../runtime/by-hand.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import type { Machine } from "../../runtime/doors/machine.ts";
import type { AnyFunction, Run } from "../../runtime/function.ts";
import { listJournalHours, readJournal } from "../../runtime/journal-read.ts";
import type { JournalLine, JournalLineOf } from "../../runtime/journal-lines.ts";
import type { Observer } from "../../runtime/observer.ts";
import type { RunReport } from "../../runtime/run-report.ts";
import type { RuntimeLog } from "../../runtime/runner.ts";
import type { ScheduleEntry, Schedules } from "../../runtime/schedules.ts";
import { temporaryFolder } from "./folder.ts";
import { virtualMachine } from "./machine.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

type Work = (run: Run) => Promise<object>;

type MadeFunction = Omit<Partial<AnyFunction>, "run"> & { run: Work };

export interface HouseOptions {
  /** `2026-11-22T15:00:00Z` */
  start: string;
  functions: Record<string, Work | MadeFunction>;
  schedule: Record<string, Partial<ScheduleEntry>>;
  files?: Files;
  /** Instead of one of its own. */
  dataFolder?: string;
  observe?(machine: Machine, log: TestLog): Observer;
}

/** A data folder, a clock and functions, for one runtime after another. */
export interface House {
  clock: VirtualClock;
  machine: Machine;
  dataFolder: string;
  log: TestLog;
  /** Starts a daemon; time passes until it is ready. */
  start(schedule?: HouseOptions["schedule"]): Promise<Runtime>;
  byHand(name: string, signal?: AbortSignal): Promise<RunReport>;
  /** Lets time pass up to then: `15:00:30` of the day it started. */
  until(time: string): Promise<void>;
  stop(runtime: Runtime, reason?: string): Promise<number>;
  journal(): Promise<JournalLine[]>;
  lines<K extends JournalLine["kind"]>(kind: K): Promise<JournalLineOf<K>[]>;
  schedules(schedule: HouseOptions["schedule"]): Schedules;
}

export interface TestLog extends RuntimeLog {
  messages: string[];
}

export function aHouse(t: TestContext, options: HouseOptions): House {
  const clock = virtualClock({ start: Date.parse(options.start) });
  const machine = virtualMachine({ clock, ...(options.files && { files: options.files }) });
  const dataFolder = options.dataFolder ?? join(temporaryFolder(t), "data");
  const functions = new Map(
    Object.entries(options.functions).map(([name, made]) => [name, aFunction(made)]),
  );
  const log = testLog();
  const settings = { core: { dataFolder, collector: "test" }, of: () => ({}) };

  async function journal(): Promise<JournalLine[]> {
    const files = options.files ?? systemFiles;
    const hours = await listJournalHours(files, settings.core);
    return Array.fromAsync(readJournal(files, settings.core, hours));
  }

  return {
    clock,
    machine,
    dataFolder,
    log,
    journal,
    schedules,
    start(schedule = options.schedule) {
      const version = "1.2.3";
      return clock.runUntil(
        startRuntime({
          machine,
          settings,
          functions,
          schedules: schedules(schedule),
          log,
          version,
          observers: options.observe === undefined ? [] : [options.observe(machine, log)],
        }),
      );
    },
    byHand(name, signal) {
      const definition = functions.get(name);
      if (definition === undefined) throw new Error(`no function ${name}`);
      const timeoutMs = options.schedule[name]?.timeoutMs ?? 60_000;
      return clock.runUntil(
        runByHand({
          machine,
          settings,
          log,
          name,
          definition,
          input: {},
          timeoutMs,
          schedules: schedules(options.schedule),
          signal,
        }),
      );
    },
    until: (time) => clock.run(Date.parse(`${options.start.slice(0, 11)}${time}Z`)),
    async stop(runtime, reason = "SIGTERM") {
      await clock.runUntil(runtime.stop(reason));
      return runtime.done;
    },
    async lines<K extends JournalLine["kind"]>(kind: K) {
      return (await journal()).filter((line): line is JournalLineOf<K> => line.kind === kind);
    },
  };
}

/** `15:00:05` of each line's slot, and what it says besides, to compare at a glance. */
export function slotsOf(
  lines: readonly { scheduled: string | null; repeat?: true | undefined }[],
): string[] {
  return lines.map(
    (line) => `${line.scheduled?.slice(11, 19)}${line.repeat === true ? " repeat" : ""}`,
  );
}

export function schedules(schedule: HouseOptions["schedule"]): Schedules {
  const entries = Object.entries(schedule).map(([name, entry]): [string, ScheduleEntry] => [
    name,
    {
      name,
      cron: undefined,
      timezone: "UTC",
      timeoutMs: 60_000,
      input: {},
      writtenInput: {},
      enabled: true,
      atStart: false,
      ...entry,
    },
  ]);
  return { revision: "0123456789ab", entries: new Map(entries) };
}

export function aFunction(made: Work | MadeFunction): AnyFunction {
  const parts = typeof made === "function" ? { run: made } : made;
  return {
    input: v.strictObject({}),
    settings: {},
    summary: (result) => JSON.stringify(result),
    ...parts,
    run: (_input, run) => parts.run(run),
  };
}

export function testLog(): TestLog {
  const messages: string[] = [];
  const take = (_fields: object, message: string): void => void messages.push(message);
  const log: TestLog = {
    messages,
    debug: take,
    info: take,
    warn: take,
    error: take,
    child: () => log,
  };
  return log;
}
