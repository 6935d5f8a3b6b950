/**
 * A kill: offload and prune in a process of their own, killed where a seed says, alone or together with its rclone,
 * and what the next runs make of it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { hourMs } from "../../runtime/time.ts";
import type { Ending } from "../support/folder.ts";
import { aWorld, notGone, notThereOnce, runStep, type World, wrongNow } from "./cycle.ts";
import type { CallKind } from "./faults.ts";
import { type Chance, chanceOf, hoursOf, piecesOf } from "./mixes.ts";

// So many calls a cycle makes, with files in pieces some more; the last of them are prune's.
const callsOfACycle = 124;
const callsOfPrune = 18;
const uploadsOfACycle = 13;
const slowMsMax = 2_000;
const jitterMsMax = 60;
const pollMs = 10;

export interface Tried {
  /** What was wrong, in words; nothing if all went as promised. */
  findings: string[];
  /** `false`: it had ended before. */
  wasKilled: boolean;
}

export async function tryKill(end: Ending, seed: number): Promise<Tried> {
  const chance = chanceOf(seed);
  const isLarge = chance(3) === 0;
  const world = await aWorld(end, hoursOf(isLarge), { config: piecesOf(isLarge) });
  const kill = aKill(chance);
  // What was sent may be stored when all who know of it are gone.
  if (kill.on !== undefined)
    world.drive.faults.plan({ kind: "slow", ...kill, times: 2, ms: 100 + chance(slowMsMax) });
  const { group, ...tried } = await killed(world, kill);
  const { findings } = tried;
  // The next run begins at once, and is given the time that it waits for what was left alone.
  const isOver = (): boolean => !signalled(group, 0) && world.drive.underWay === 0;
  world.clock.passes = (ms) => until(isOver, ms, findings);
  try {
    if (findings.length === 0) findings.push(...(await finished(world)));
  } finally {
    signalled(group, "SIGKILL");
  }
  if (findings.length > 0) findings.push(JSON.stringify(kill));
  return tried;
}

interface Kill {
  /** At the call after so many, of all or of these. */
  after: number;
  on?: CallKind[];
  jitterMs: number;
  /** rclone lives on for as long as nobody tells it. */
  isAlone: boolean;
}

function aKill(chance: Chance): Kill {
  const how = { jitterMs: chance(jitterMsMax), isAlone: chance(2) === 0 };
  const moment = chance(4);
  if (moment < 2) return { ...how, after: chance(uploadsOfACycle), on: ["upload", "chunk"] };
  if (moment === 2) return { ...how, after: chance(callsOfACycle) };
  return { ...how, after: callsOfACycle - chance(callsOfPrune) };
}

async function killed(
  world: World,
  { jitterMs, isAlone, ...moment }: Kill,
): Promise<Tried & { group: number }> {
  const { dataFolder, config, drive } = world;
  const worker = spawn(
    process.execPath,
    [join(import.meta.dirname, "worker.ts"), dataFolder, config],
    {
      env: { ...process.env, ...drive.env },
      stdio: ["ignore", "ignore", "pipe"],
      // The leader of a group that its rclone belongs to.
      detached: true,
    },
  );
  const group = -(worker.pid ?? 0);
  let said = "";
  worker.stderr.on("data", (piece: Buffer) => (said += piece.toString()));
  const kill = (): void => void signalled(isAlone ? -group : group, "SIGKILL");
  const act = (): void => void setTimeout(kill, jitterMs);
  drive.faults.plan({ kind: "meanwhile", ...moment, times: 1, act });
  const [code] = (await once(worker, "close")) as [number | null];
  const findings = wrongNow(world);
  if (code !== null && code !== 0) findings.push(`the worker failed: ${said}`);
  return { findings, wasKilled: code === null, group };
}

/** What the next runs come to, with nobody's help. */
async function finished(world: World): Promise<string[]> {
  const came = [await runStep(world, "offload")];
  const wrong = [...wrongNow(world), ...notThereOnce(world)];
  world.clock.step(2 * hourMs);
  came.push(await runStep(world, "prune"));
  wrong.push(...wrongNow(world), ...notGone(world));
  return wrong.length === 0 ? [] : [...wrong, `in spite of ${came.join(", ")}`];
}

async function until(isOver: () => boolean, ms: number, findings: string[]): Promise<void> {
  for (let waitedMs = 0; !isOver(); waitedMs += pollMs) {
    if (waitedMs >= ms) {
      findings.push(`what was left alone went on for ${ms} ms`);
      return;
    }
    await wait(pollMs);
  }
}

function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
