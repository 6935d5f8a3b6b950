/** Our own: seven functions a second, each under its lock and deadline, and on record before and after. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { startRuntime } from "../../runtime/app.ts";
import { systemMachine } from "../../runtime/doors/machine.ts";
import type { AnyFunction } from "../../runtime/function.ts";
import { createLog } from "../../runtime/logs.ts";
import { readSchedules } from "../../runtime/schedules.ts";
import { fire, jobs, measure } from "./fire.ts";

const folder = mkdtempSync(join(tmpdir(), "hourbook-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const names = Array.from({ length: jobs }, (_, job) => `job-${job}`);
const definition: AnyFunction = {
  input: v.strictObject({}),
  settings: {},
  summary: () => "done",
  run: async () => {
    fire();
    return {};
  },
};
const functions = new Map(names.map((name) => [name, definition]));
const entries = names.map((name) => [name, { cron: "* * * * * *", timeout: "5s" }]);
await startRuntime({
  machine: systemMachine("hourbook-bench"),
  settings: { core: { dataFolder: folder, collector: "bench" }, of: () => ({}) },
  functions,
  schedules: readSchedules(JSON.stringify(Object.fromEntries(entries)), functions),
  log: createLog({ level: "info", now: Date.now }),
  version: "0",
});
measure();
