/** A mix: a few runs of offload and prune, between and in which a seed decides what goes wrong. */
import { randomBytes } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { minuteMs } from "../../runtime/time.ts";
import { driveFolder } from "../support/drive.ts";
import type { Ending } from "../support/folder.ts";
import type { HourSpec } from "../support/hours.ts";
import { mix, pick } from "../venue/random.ts";
import { aWorld, runStep, type StepName, type World, wrongInTheEnd, wrongNow } from "./cycle.ts";
import type { CallKind, FaultKind } from "./faults.ts";

/** What was wrong, in words, after what; nothing if all went as promised. */
export async function tryMix(end: Ending, seed: number): Promise<string[]> {
  const chance = chanceOf(seed);
  const isLarge = chance(3) === 0;
  const options = { config: piecesOf(isLarge), isExpired: chance(8) === 0 };
  const world = await aWorld(end, hoursOf(isLarge), options);
  const story: string[] = [];
  const steps = 2 + chance(3);
  for (let at = 1; at <= steps; at += 1) {
    story.push(...meddle(world, chance));
    const stop = planFaults(world, chance, story);
    // The last is one that deletes, if anything lets it.
    const isPrune = at > 1 && (at === steps || chance(2) === 0);
    const step: StepName = isPrune ? "prune" : "offload";
    story.push(`${step}: ${await runStep(world, step, stop.signal)}`);
    world.drive.faults.clear();
    const wrong = wrongNow(world);
    if (wrong.length > 0) return [...wrong, `after ${story.join("; ")}`];
    world.clock.step((10 + chance(180)) * minuteMs);
  }
  const wrong = await wrongInTheEnd(world);
  return wrong.length === 0 ? [] : [...wrong, `in the end, after ${story.join("; ")}`];
}

/** Every file is sent in pieces, and the largest is of several. */
export function piecesOf(isLarge: boolean): Record<string, string> {
  return isLarge ? { upload_cutoff: "0", chunk_size: "256k" } : {};
}

export function hoursOf(isLarge: boolean): HourSpec[] {
  const text = isLarge ? { text: randomBytes(300_000).toString("latin1") } : {};
  return [{ hour: "2026-11-20T10", ...text }, { hour: "2026-11-21T10" }, { hour: "2026-11-22T14" }];
}

/** Numbers from 0 up to, and not including, what it is asked for. */
export function chanceOf(seed: number): (below: number) => number {
  let asked = 0;
  return (below) => mix(seed, (asked += 1)) % below;
}

export type Chance = ReturnType<typeof chanceOf>;

const faultKinds: readonly FaultKind[] = [
  "corrupt",
  "half",
  "lost-reply",
  "reset",
  "unauthorized",
  "rate",
  "down",
  "full",
];

function planFaults(world: World, chance: Chance, story: string[]): AbortController {
  const { faults } = world.drive;
  const stop = new AbortController();
  for (let count = chance(3); count > 0; count -= 1) {
    const kind = pick(faultKinds, chance(100));
    const on: { on: CallKind[] } | object =
      kind === "lost-reply" && chance(3) === 0 ? { on: ["folder"] } : {};
    const fault = { kind, after: chance(12), times: 1 + chance(3), ...on };
    faults.plan(fault);
    story.push(JSON.stringify(fault));
  }
  if (chance(6) > 0) return stop;
  const after = chance(40);
  const act = (): void => stop.abort(new Error("time is up"));
  faults.plan({ kind: "meanwhile", after, times: 1, act });
  story.push(`aborted at call ${after}`);
  return stop;
}

/** Somebody at the Drive, or at the receipts: but never at the only copy there is. */
function meddle(world: World, chance: Chance): string[] {
  const { drive, dataFolder } = world;
  const { objects } = drive;
  if (chance(3) === 0) objects.isLagging = true;
  else objects.catchUp();
  const told = [objects.isLagging ? "lagging" : "up to date"];
  const what = chance(6);
  if (what === 5) {
    rmSync(join(dataFolder, "receipts"), { recursive: true, force: true });
    return [...told, "receipts lost"];
  }
  // The newest hour never goes, so nothing but scrub looks at its copy again.
  const here = [...objects.files()].filter(
    ([path]) =>
      existsSync(join(dataFolder, "archive", path.slice(driveFolder.length + 1))) &&
      !path.includes("hour=14"),
  );
  if (here.length === 0 || what > 3) return told;
  const [path, [object]] = pick(here, chance(1_000));
  if (object === undefined) return told;
  const name = path.split("/").slice(-2).join("/");
  if (what === 0) objects.delete(object.id);
  else if (what === 1) object.trashed = true;
  else if (what === 2) object.content = Buffer.from(object.content).fill(chance(256));
  // Listed at once: of what no listing shows, nobody can know.
  else objects.add({ ...object, id: `${object.id}-again`, isLate: false });
  return [...told, `${["deleted", "trashed", "altered", "doubled"][what]} ${name}`];
}
