/**
 * A small archive and a fake Drive, for what offload and prune do over and over: one run after the other, each of
 * which may fail, and an independent look after each of them.
 */
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import type { remoteSettings } from "../../functions/remote/settings.ts";
import type { Run } from "../../runtime/function.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { hourMs } from "../../runtime/time.ts";
import { type DriveOptions, type DriveRemote, driveFolder, driveUntil } from "../support/drive.ts";
import type { Ending } from "../support/folder.ts";
import { type HastyClock, hastyClock } from "../support/hasty-clock.ts";
import { type HourSpec, writeHour } from "../support/hours.ts";
import { aRun, call } from "../support/run.ts";
import { doubled, type Ledger, ledgerOf, lost } from "./ledger.ts";
import { folderType } from "./objects.ts";

export interface World extends DriveRemote {
  clock: HastyClock;
  ledger: Ledger;
}

export const cycleStart = Date.parse("2026-11-22T16:10:00Z");

export async function aWorld(
  end: Ending,
  hours: readonly HourSpec[],
  options: DriveOptions = {},
): Promise<World> {
  const remote = await driveUntil(end, options);
  for (const hour of hours) writeHour(remote.dataFolder, hour);
  return { ...remote, clock: hastyClock(cycleStart), ledger: ledgerOf(remote.dataFolder) };
}

export type StepName = "offload" | "prune";

/** What a run came to: a failure that an operator is told of is as good as a result here. */
export async function runStep(
  {
    dataFolder,
    settings,
    children,
    clock,
  }: Pick<World, "dataFolder" | "settings" | "children" | "clock">,
  step: StepName,
  signal = new AbortController().signal,
): Promise<string> {
  const id = `run-${clock.now()}-${step}`;
  const now = clock.now();
  const run: Run<typeof remoteSettings> = {
    ...aRun({ dataFolder, settings, children, signal, id }),
    clock,
    startedAt: now,
    asOf: now,
  };
  try {
    if (step === "offload") await call(offload, {}, run);
    else await call(prune, { keepDates: 0 }, run);
    return "ok";
  } catch (error) {
    if (error instanceof OperatorError) return error.code;
    if (signal.aborted) return "aborted";
    throw error;
  }
}

/** What is wrong now, whatever has happened. */
export function wrongNow({ dataFolder, drive, ledger }: World): string[] {
  const place = { dataFolder, objects: drive.objects, driveFolder };
  return [...lost(ledger, place), ...drive.strange.map((what) => `the fake was asked ${what}`)];
}

// Sent again after an hour, seen after another, old enough after a third, and one to spare.
const roundsMax = 4;

/** Once nothing goes wrong any more, and an operator has done as told: all comes to be there, once, and the old goes. */
export async function wrongInTheEnd(world: World): Promise<string[]> {
  const { drive, clock } = world;
  drive.faults.clear();
  drive.objects.catchUp();
  tidyUp(world);
  const came: string[] = [];
  for (let round = 0; round < roundsMax; round += 1) {
    for (const step of ["offload", "prune"] as const) {
      clock.step(2 * hourMs);
      came.push(await runStep(world, step));
    }
    const wrong = wrongNow(world);
    if (wrong.length > 0) return wrong;
  }
  const open = [...notThereOnce(world), ...notGone(world)];
  return open.length === 0 ? [] : [...open, `in spite of ${came.join(", ")}`];
}

/** Every sealed file should be on the Drive exactly once, and nothing else twice. */
export function notThereOnce({ drive, ledger }: World): string[] {
  const found = doubled(drive).map((path) => `${path} is there twice`);
  for (const [path, bytes] of ledger) {
    const there = drive.objects.at(`${driveFolder}/${path}`);
    if (!there.some(({ content }) => content.equals(bytes))) found.push(`${path} is not there`);
  }
  return found;
}

/** But for the newest hour nothing should be left here. */
export function notGone({ dataFolder }: World): string[] {
  const left = new Set([...ledgerOf(dataFolder).keys()].map((path) => path.split("/").at(-2)));
  return left.size === 1 ? [] : [`left here: ${[...left].join(", ")}`];
}

/** What offload tells an operator to do: away with what is not ours, one folder where there are two of a name. */
function tidyUp({ drive: { objects }, ledger }: World): void {
  for (const folder of objects.search(`mimeType='${folderType}' and trashed=false`)) {
    const [parent = ""] = folder.parents;
    const named = `name='${folder.name}' and '${parent}' in parents and trashed=false`;
    const [first, ...others] = objects.search(`mimeType='${folderType}' and ${named}`);
    for (const other of others) {
      for (const child of objects.search(`'${other.id}' in parents`)) child.parents = [first!.id];
      objects.delete(other.id);
    }
  }
  for (const [path, all] of objects.files()) {
    const bytes = ledger.get(path.slice(driveFolder.length + 1));
    const [, ...same] = all.filter(({ content }) => bytes?.equals(content) ?? true);
    const bad = all.filter(({ content }) => bytes !== undefined && !bytes.equals(content));
    for (const { id } of [...same, ...bad]) objects.delete(id);
  }
}
