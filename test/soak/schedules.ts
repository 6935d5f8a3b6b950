/** What a soak fires: the shipped schedules, as they were when it first began. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf } from "../../runtime/errors.ts";
import type { CronLine } from "../slots/cron-by-the-book.ts";
import { root } from "./places.ts";
import { SoakError } from "./soak-error.ts";

const entriesSchema = v.record(
  v.string(),
  v.looseObject({
    cron: v.optional(v.string()),
    timezone: v.optional(v.string()),
    enabled: v.optional(v.boolean()),
    input: v.optional(v.looseObject({})),
  }),
);
type Entries = v.InferOutput<typeof entriesSchema>;

/** The shipped ones; the copy lies on the same disk, since it is the runtime that is on trial, not the disk. */
export function schedulesOf(everySeconds: number | null): Entries {
  const text = readFileSync(join(root, "schedules.json"), "utf8");
  const { $schema: _, ...entries } = JSON.parse(text) as Entries & { $schema: unknown };
  const shipped: Entries = entries;
  const prune = shipped["prune"];
  if (prune !== undefined) prune.input = { ...prune.input, allowSameDisk: true };
  const poll = shipped["snapshot-poll"];
  if (poll !== undefined && everySeconds !== null) poll.cron = `*/${everySeconds} * * * * *`;
  return shipped;
}

/** What is fired on schedule, by the soak's own file: the project's may have changed since. */
export function firedBy(path: string): Map<string, CronLine> {
  const fired = new Map<string, CronLine>();
  for (const [name, { cron, timezone = "UTC", enabled = true }] of Object.entries(entriesIn(path)))
    if (cron !== undefined && enabled) fired.set(name, { cron, timezone });
  return fired;
}

function entriesIn(path: string): Entries {
  try {
    return v.parse(entriesSchema, JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw new SoakError({
      what: `${path} is not what this soak was begun with: ${messageOf(error)}`,
      safe: "What was recorded beside it stays.",
      next: "put it back as it was, or give another --folder",
      exit: "configuration",
      cause: error,
    });
  }
}
