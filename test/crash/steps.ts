/** What is killed: the real functions on a small archive, each as one step that a worker process runs. */
import { join } from "node:path";
import buildManifest from "../../functions/build-manifest.ts";
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import sealHour from "../../functions/seal-hour.ts";
import type { PollLine } from "../../functions/archive/lines.ts";
import { around } from "../../runtime/doors/around.ts";
import { systemClock } from "../../runtime/doors/clock.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import type { Run } from "../../runtime/function.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { hourOf, iso } from "../../runtime/time.ts";
import { call } from "../support/run.ts";
import { pollAt } from "./poll.ts";

/** What a step says is safe now: from here on it must survive anything. */
export type Ack =
  | { kind: "poll"; hour: string; line: PollLine }
  | { kind: "line"; stream: string; hour: string; text: string };

/** `root` holds the data folder and the remote; `attempt` is 0, and 1 for the run after the crash. */
export type Step = (root: string, ack: (ack: Ack) => void, attempt: number) => Promise<void>;

export const stepNames = ["append", "seal", "manifest", "offload", "prune"] as const;
export type StepName = (typeof stepNames)[number];

export const steps: Record<StepName, Step> = {
  // The last two slots open a new hour.
  append: (root, ack, attempt) => record(root, ack, slotsFrom("2026-11-22T15:59:40Z", 4), attempt),
  seal: async (root, _ack, attempt) => {
    await call(sealHour, {}, aRun(root, "2026-11-22T15:10:00Z", attempt));
  },
  manifest: async (root, _ack, attempt) => {
    await call(buildManifest, {}, aRun(root, "2026-11-22T15:15:00Z", attempt));
  },
  offload: async (root, _ack, attempt) => {
    await call(offload, {}, aRun(root, "2026-11-22T15:20:00Z", attempt));
  },
  prune: async (root, _ack, attempt) => {
    const input = { keepDates: 0, allowSameDisk: true };
    await call(prune, input, aRun(root, "2026-11-22T18:00:00Z", attempt));
  },
};

/** Everything that is left, as the daemon would do it in time: seal, describe, copy. */
export async function finish(root: string): Promise<void> {
  await call(sealHour, {}, aRun(root, "2026-11-22T20:00:00Z", 2));
  await call(buildManifest, {}, aRun(root, "2026-11-22T20:05:00Z", 2));
  await call(offload, {}, aRun(root, "2026-11-22T20:10:00Z", 2));
}

/** One poll in each slot, one line of the journal, and bytes for quarantine in the third slot. */
export async function record(
  root: string,
  ack: (ack: Ack) => void,
  slots: readonly number[],
  attempt: number,
): Promise<void> {
  const [first = 0] = slots;
  const machine = machineAt(first, attempt);
  // As the daemon's journal does: the file stays open from one line to the next.
  const journal = hourLog({
    machine,
    dataFolder: join(root, "data"),
    stream: "journal",
    isHeldOpen: true,
  });
  for (const [at, planned] of slots.entries()) {
    // A second attempt is made later, in slots of its own.
    const slot = planned + attempt * 1_000;
    const run = { ...aRun(root, iso(slot), attempt), ...machineAt(slot, attempt) };
    const { line, appended } = await pollAt(run, slot, at % 3 === 2);
    ack({ kind: "poll", hour: appended.hour, line });
    const text = JSON.stringify({ kind: "end", at: iso(slot), run: `run-${slot}` });
    const { hour } = await journal.append(hourOf(slot), () => [Buffer.from(`${text}\n`)]);
    ack({ kind: "line", stream: "journal", hour, text });
  }
  await journal.letGo();
}

export function slotsFrom(time: string, count: number): number[] {
  return Array.from({ length: count }, (_, at) => Date.parse(time) + at * 10_000);
}

// What the run after the crash writes is read back by the same kernel, so it need not wait for the disk.
const unsynced = around(systemFiles, (method, act) =>
  method === "syncData" || method === "syncFolder" ? Promise.resolve() : act(),
);

function machineAt(at: number, attempt: number): Pick<Run, "clock" | "files"> {
  const startedAt = performance.now();
  return {
    files: attempt > 0 ? unsynced : systemFiles,
    clock: { ...systemClock, now: () => at + Math.floor(performance.now() - startedAt) },
  };
}

function aRun(root: string, now: string, attempt: number): Run<any> {
  const startedAt = Date.parse(now) + attempt * 60_000;
  const silent = (): void => {};
  return {
    ...machineAt(startedAt, attempt),
    id: `run-${startedAt}`,
    trigger: "schedule",
    scheduledAt: startedAt,
    startedAt,
    deadlineAt: startedAt + 3_600_000,
    nextSlotAt: undefined,
    asOf: startedAt,
    signal: new AbortController().signal,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    journal: async () => true,
    progress: silent,
    settings: {
      dataFolder: join(root, "data"),
      collector: "vps-1",
      // Named alike wherever it lies, since receipts are kept by that name.
      HOURBOOK_REMOTE: { kind: "dir", spec: "dir:offsite", folder: join(root, "offsite") },
    },
    http: { request: () => Promise.reject(new Error("no request was expected")) },
    sockets: { connect: () => Promise.reject(new Error("no socket was expected")) },
    children: { run: () => Promise.reject(new Error("no program was expected")) },
    random: () => 0.5,
  };
}
