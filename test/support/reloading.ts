/** A runtime that follows a `schedules.json` of its own, with two functions that say what they were fired with. */
import { join } from "node:path";
import type { TestContext } from "node:test";
import * as v from "valibot";
import { type Runtime, startRuntime } from "../../runtime/app.ts";
import type { Files } from "../../runtime/doors/files.ts";
import type { Machine } from "../../runtime/doors/machine.ts";
import { defineFunction, type AnyFunction } from "../../runtime/function.ts";
import { listJournalHours, readJournal } from "../../runtime/journal-read.ts";
import type { JournalLine } from "../../runtime/journal-lines.ts";
import { readSchedules } from "../../runtime/schedules.ts";
import { temporaryFolder } from "./folder.ts";
import { type TestLog, testLog } from "./runtime.ts";

export interface Fired {
  slot: number;
  /** The number that stands in the input of its entry. */
  save: number;
}

export interface Reloading {
  file: string;
  functions: ReadonlyMap<string, AnyFunction>;
  log: TestLog;
  fired: Record<"tick" | "other", Fired[]>;
  start(): Promise<Runtime>;
  journal(): Promise<JournalLine[]>;
}

/** `tick` and `other`, as `schedules.json` would say it. */
export function text(number: number, other?: object, tick: object = {}): string {
  const input = { save: number };
  const entries = {
    tick: { cron: "* * * * * *", input, ...tick },
    ...(other && { other: { input, ...other } }),
  };
  return `${JSON.stringify(entries, undefined, 2)}\n`;
}

export function reloading(t: TestContext, machine: (folder: string) => Machine): Reloading {
  const folder = temporaryFolder(t);
  const dataFolder = join(folder, "data");
  const file = join(folder, "schedules.json");
  const made = machine(folder);
  const fired: Reloading["fired"] = { tick: [], other: [] };
  const log = testLog();
  const functions = new Map(
    (["tick", "other"] as const).map((name) => [name, saying(fired[name])] as const),
  );
  const core = { dataFolder, collector: "test" };
  return {
    file,
    functions,
    log,
    fired,
    async start() {
      return startRuntime({
        machine: made,
        settings: { core, of: () => ({}) },
        functions,
        schedules: readSchedules((await made.files.read(file)).toString(), functions),
        schedulesFile: file,
        log,
        version: "1.2.3",
      });
    },
    async journal() {
      const hours = await listJournalHours(made.files, core);
      return Array.fromAsync(readJournal(made.files, core, hours));
    },
  };
}

function saying(fired: Fired[]): AnyFunction {
  return defineFunction({
    input: v.strictObject({ save: v.optional(v.number(), 0) }),
    settings: {},
    async run(given, run) {
      if (run.scheduledAt !== undefined) fired.push({ slot: run.scheduledAt, save: given.save });
      return {};
    },
    summary: () => "",
  });
}

export type SaveHow = "in place" | "by rename" | "half-written";

/** Saves as editors do; a half-written one takes `pause` in its middle. */
export async function save(
  files: Files,
  file: string,
  content: string,
  { how, pause }: { how: SaveHow; pause(): Promise<void> },
): Promise<void> {
  if (how === "by rename") {
    await write(files, `${file}~`, content);
    await files.rename(`${file}~`, file);
    return;
  }
  if (how === "in place") return write(files, file, content);
  const half = Math.floor(content.length / 2);
  await write(files, file, content.slice(0, half));
  await pause();
  await write(files, file, content);
}

async function write(files: Files, path: string, content: string): Promise<void> {
  const handle = await files.open(path, "append");
  try {
    await handle.truncate(0);
    await handle.write(Buffer.from(content));
  } finally {
    await handle.close();
  }
}
