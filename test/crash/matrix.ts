/** The cases: each step killed at each of its system calls, as a dead process and as a power cut; and one of them tried. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Expected, findings, sealedNow } from "./check.ts";
import { copyDisk, discard, fill, makeDisk, unmount } from "./power.ts";
import { makeState } from "./states.ts";
import { type Ack, type StepName, stepNames } from "./steps.ts";
import { countCalls, type Point, runAndKill, runNext, type Traced } from "./trace.ts";

export type Mode = "kill" | "power";

export interface Case extends Point {
  mode: Mode;
}

export interface Prepared extends Expected, Traced {
  /** The state as a folder, and as an image of a disk. */
  folder: string;
  image: string | undefined;
}

export interface Tried {
  /** `false`: the step ended before it came to that call. */
  wasKilled: boolean;
  findings: string[];
}

export async function prepare(
  temp: string,
  step: StepName,
  modes: readonly Mode[],
): Promise<Prepared> {
  const folder = join(temp, `before-${step}`);
  const before = await makeState(folder, step);
  const counted = join(temp, `count-${step}`);
  cpSync(folder, counted, { recursive: true });
  const traced = countCalls(counted, step, `${counted}.trace`);
  let image: string | undefined;
  if (modes.includes("power")) {
    const disk = makeDisk(join(temp, `disk-${step}`));
    fill(disk, folder);
    unmount(disk);
    ({ image } = disk);
  }
  return { ...traced, ...before, sealed: sealedNow(folder), folder, image };
}

export function casesOf(prepared: Iterable<Prepared>, modes: readonly Mode[]): Case[] {
  const cases: Case[] = [];
  for (const { points } of prepared)
    for (const mode of modes) for (const point of points) cases.push({ ...point, mode });
  return cases;
}

export async function tryCase(place: string, one: Case, prepared: Prepared): Promise<Tried> {
  return one.mode === "kill" ? tryKill(place, one, prepared) : tryPowerCut(place, one, prepared);
}

async function tryKill(place: string, point: Point, prepared: Prepared): Promise<Tried> {
  cpSync(prepared.folder, place, { recursive: true });
  try {
    const { acks, wasKilled } = await runAndKill(place, point, prepared.paths);
    return { wasKilled, findings: await afterwards(place, point.step, prepared, acks) };
  } finally {
    rmSync(place, { recursive: true });
  }
}

async function tryPowerCut(place: string, point: Point, prepared: Prepared): Promise<Tried> {
  if (prepared.image === undefined) throw new Error("no disk was prepared");
  const disk = copyDisk(prepared.image, `${place}-running`);
  try {
    const { acks, wasKilled } = await runAndKill(join(disk.folder, "root"), point, prepared.paths);
    const after = copyDisk(disk.image, `${place}-after`);
    try {
      const root = join(after.folder, "root");
      return { wasKilled, findings: await afterwards(root, point.step, prepared, acks) };
    } finally {
      discard(after);
    }
  } finally {
    discard(disk);
  }
}

/** The run that follows, everything that is left to do, and a look at what came of it. */
async function afterwards(
  root: string,
  step: StepName,
  prepared: Prepared,
  said: readonly Ack[],
): Promise<string[]> {
  const { acks, problem } = await runNext(root, step);
  if (problem !== undefined) return [`the next run failed: ${problem}`];
  return findings(root, { ...prepared, acks: [...prepared.acks, ...said, ...acks] });
}

export { stepNames };
