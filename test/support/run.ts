/** A run as the runtime hands it to a function, on a virtual clock, the real disk and the real programs. */
import * as v from "valibot";
import { type Children, systemChildren } from "../../runtime/doors/children.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import type { Http } from "../../runtime/doors/http.ts";
import type {
  FunctionDefinition,
  InputSchema,
  Log,
  Run,
  SettingsEntries,
  SettingsOf,
} from "../../runtime/function.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

export interface RunOptions<S extends SettingsEntries> {
  dataFolder: string;
  collector?: string;
  settings: SettingsOf<S>;
  /** `2026-11-22T16:00:00Z`; of no account with `clock`. */
  now?: string;
  clock?: VirtualClock;
  asOf?: number;
  id?: string;
  files?: Files;
  children?: Children;
  http?: Http;
  signal?: AbortSignal;
}

export interface TestRun<S extends SettingsEntries> extends Run<S> {
  clock: VirtualClock;
  logged: Logged[];
  /** What it put into the journal. */
  noted: { event: string; about: object }[];
}

export interface Logged {
  level: keyof Log;
  fields: Record<string, unknown>;
  message: string;
}

// Each run of a test has its own id, as in life; a test that needs to know one gives it.
let runs = 0;

export function aRun<S extends SettingsEntries>(options: RunOptions<S>): TestRun<S> {
  const { dataFolder, collector = "vps-1", settings } = options;
  const clock =
    options.clock ?? virtualClock({ start: Date.parse(options.now ?? "2026-11-22T16:10:00Z") });
  const startedAt = clock.now();
  const logged: Logged[] = [];
  const noted: TestRun<S>["noted"] = [];
  runs += 1;
  return {
    id: options.id ?? `20261122T161000000-run${String(runs).padStart(3, "0")}`,
    trigger: "hand",
    scheduledAt: undefined,
    startedAt,
    deadlineAt: startedAt + 3_600_000,
    nextSlotAt: undefined,
    asOf: options.asOf ?? startedAt,
    signal: options.signal ?? new AbortController().signal,
    log: logInto(logged),
    logged,
    async journal(event, about) {
      noted.push({ event, about });
      return true;
    },
    noted,
    progress: () => {},
    settings: { dataFolder, collector, ...settings },
    clock,
    files: options.files ?? systemFiles,
    children: options.children ?? systemChildren(["rclone"]),
    http: options.http ?? { request: () => Promise.reject(new Error("no request was expected")) },
    sockets: { connect: () => Promise.reject(new Error("no socket was expected")) },
    random: () => 0.5,
  };
}

/** Runs the function with input as `schedules.json` would give it. */
export function call<I extends InputSchema, S extends SettingsEntries, R extends object>(
  definition: FunctionDefinition<I, S, R>,
  input: Record<string, unknown>,
  run: Run<S>,
): Promise<R> {
  return definition.run(v.parse(definition.input, input), run);
}

function logInto(logged: Logged[]): Log {
  const at = (level: keyof Log) => (fields: object, message: string) => {
    logged.push({ level, fields: { ...fields }, message });
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
