/**
 * What a proven copy costs on Google Drive, beside `rclone copy` and then `rclone check` of the same files: the real
 * rclone for both, before a fake Drive that counts the calls and takes 100 ms for each, at Google's pace. Calls are what
 * Google counts; of times, only the ratio means anything, and both spend them waiting. `npm run bench -- offload 0.2` takes a fifth of the hours.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import offload from "../../functions/offload.ts";
import { hourOf } from "../../runtime/time.ts";
import { systemChildren } from "../../runtime/doors/children.ts";
import { type DriveRemote, driveFolder, driveUntil } from "../support/drive.ts";
import { contentsOf, writeHour } from "../support/hours.ts";
import { aRun, call } from "../support/run.ts";
import { type Row, compared } from "./rows.ts";

const streams = ["books", "journal", "markets"] as const;
const hoursOfDay = 24;
const keptDays = 7;
const answerMs = 100;

interface Cost {
  seconds: number;
  calls: number;
}

interface Scenario {
  what: string;
  /** Hours that are there before, and that are new. */
  before: number;
  hours: number;
}

export async function bench(scale: number): Promise<Row[]> {
  const day = Math.max(1, Math.ceil(hoursOfDay * scale));
  const kept = day * keptDays;
  const scenarios = [
    { what: `one more hour, ${day} there`, before: day, hours: 1 },
    { what: `one more hour, ${kept} there, as prune keeps`, before: kept, hours: 1 },
    { what: `${day} hours at once`, before: 0, hours: day },
  ];
  const rows: Row[] = [];
  for (const scenario of scenarios) rows.push(...(await compare(scenario, scale < 1)));
  return rows;
}

async function compare(scenario: Scenario, isPart: boolean): Promise<Row[]> {
  const ours = await measure(scenario, byHourbook);
  const theirs = await measure(scenario, byRclone);
  const { files } = ours;
  const name = "rclone copy + check";
  const what = `${scenario.what} (${files} files)`;
  return [
    compared({
      what: `${what}: wall time`,
      ours: ours.seconds,
      theirs: theirs.seconds,
      name,
      show: (seconds) => `${seconds.toFixed(1)} s`,
      goalMax: 1.1,
      isPart,
    }),
    compared({
      what: `${what}: calls`,
      ours: ours.calls,
      theirs: theirs.calls,
      name,
      show: (calls) => `${calls}, ${(calls / files).toFixed(1)} a file`,
    }),
  ];
}

type Way = (remote: DriveRemote) => Promise<void>;

/** On a Drive of its own, which was filled by the same means. */
async function measure({ before, hours }: Scenario, way: Way): Promise<Cost & { files: number }> {
  const ends: (() => void)[] = [];
  try {
    const remote = await driveUntil({ after: (end) => ends.push(end) });
    if (before > 0) {
      writeHours(remote, 0, before);
      await way(remote);
    }
    const filesBefore = filesOf(remote);
    writeHours(remote, before, hours);
    remote.drive.faults.plan({ kind: "slow", ms: answerMs });
    const fast = readFileSync(remote.config, "utf8");
    writeFileSync(remote.config, fast.replace(/^pacer_min_sleep.*$/m, "pacer_min_sleep = 100ms"));
    const callsBefore = callsOf(remote);
    const startedAt = performance.now();
    await way(remote);
    const seconds = (performance.now() - startedAt) / 1_000;
    check(remote);
    return {
      seconds,
      calls: callsOf(remote) - callsBefore,
      files: filesOf(remote) - filesBefore,
    };
  } finally {
    for (const end of ends) end();
  }
}

const firstHour = Date.parse("2026-11-22T00:00:00Z");
const hourMs = 3_600_000;

function writeHours({ dataFolder }: DriveRemote, from: number, count: number): void {
  for (let hour = from; hour < from + count; hour += 1) {
    for (const stream of streams)
      writeHour(dataFolder, { hour: hourOf(firstHour + hour * hourMs), stream });
  }
}

const byHourbook: Way = async (remote) => {
  const { dataFolder, settings, drive } = remote;
  const real = systemChildren(["rclone"]);
  const children: typeof real = {
    run: (command) => real.run({ ...command, env: { ...command.env, ...drive.env } }),
  };
  await call(offload, {}, aRun({ dataFolder, settings, children, now: "2026-12-24T00:00:00Z" }));
};

const byRclone: Way = async ({ dataFolder, config, drive }) => {
  const places = [join(dataFolder, "archive"), `gd:${driveFolder}`, "--config", config];
  const env = { PATH: process.env["PATH"] ?? "", ...drive.env };
  for (const verb of [["copy"], ["check", "--one-way"]]) {
    const [code] = await once(
      spawn("rclone", [...verb, ...places], { env, stdio: "ignore" }),
      "exit",
    );
    if (code !== 0) throw new Error(`rclone ${verb[0]} ended with ${code}`);
  }
};

/** Both must have brought every file, or the figures say nothing. */
function check(remote: DriveRemote): void {
  const there = remote.there();
  for (const [path, md5] of Object.entries(contentsOf(join(remote.dataFolder, "archive"))))
    if (there[path]?.join() !== md5) throw new Error(`${path} is not there once and whole`);
}

function callsOf({ drive }: DriveRemote): number {
  return Object.values(drive.calls).reduce((sum, calls) => sum + calls, 0);
}

function filesOf({ dataFolder }: DriveRemote): number {
  return Object.keys(contentsOf(join(dataFolder, "archive"))).length;
}
