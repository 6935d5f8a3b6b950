/**
 * Whether the disk has room to go on recording: what sealing will need is not free to take. Below the stop mark
 * nothing is polled, until there is twice as much; the slots until then are on record with the cause `disk`.
 */
import { join } from "node:path";
import type { Files } from "../../runtime/doors/files.ts";
import type { Run } from "../../runtime/function.ts";
import { removeIfThere } from "../../runtime/durable.ts";
import { openFolder } from "../../runtime/hours/parts.ts";
import { keepReserve } from "../../runtime/hours/reserve.ts";

export interface RoomMarks {
  /** Free besides what sealing needs. */
  stopBytes: number;
  warnBytes: number;
}

type RoomState = "enough" | "low" | "stopped";

export interface Room {
  state: RoomState;
  freeBytes: number;
  /** Of it, what sealing the largest open hour will take. */
  sealBytes: number;
  marks: RoomMarks;
}

type RoomRun = Pick<Run, "files" | "log"> & { settings: Pick<Run["settings"], "dataFolder"> };

/** Looks, logs each change, and keeps the reserve where there is room for it. */
export async function lookAtRoom(run: RoomRun, wanted: RoomMarks): Promise<Room> {
  const { files, log } = run;
  const { dataFolder } = run.settings;
  const before = await stateBefore(files, dataFolder);
  const room = await measureRoom(files, dataFolder, wanted, before);
  const { state, freeBytes, sealBytes, marks } = room;
  if (state !== before) {
    await remember(files, dataFolder, state);
    log.warn({ freeBytes, sealBytes, ...marks }, changes[state]);
  }
  if (state !== "stopped") await keepReserve(files, dataFolder);
  return room;
}

/** Only looks. */
export async function measureRoom(
  files: Files,
  dataFolder: string,
  wanted: RoomMarks,
  before: RoomState = "enough",
): Promise<Room> {
  const { freeBytes, totalBytes } = await files.space(dataFolder);
  const marks = fitMarks(wanted, totalBytes);
  const sealBytes = await sealNeed(files, dataFolder);
  const state = judgeRoom(freeBytes - sealBytes, marks, before);
  return { state, freeBytes, sealBytes, marks };
}

const stopShareMax = 0.05;
const warnShareMax = 0.1;

/** A small disk would lie below marks for a large one while it is empty: there they are a share of it. */
export function fitMarks({ stopBytes, warnBytes }: RoomMarks, totalBytes: number): RoomMarks {
  return {
    stopBytes: Math.min(stopBytes, totalBytes * stopShareMax),
    warnBytes: Math.min(warnBytes, totalBytes * warnShareMax),
  };
}

const changes: Record<RoomState, string> = {
  enough: "the disk has enough room again",
  low: "the disk has little room left: npm run fn -- offload && npm run fn -- prune, or give it more",
  stopped:
    "the disk has no room to record: polls stop until there is some, and are on record as missing",
};

/** Polling that has stopped goes on at twice the mark, not with each byte above it. */
export function judgeRoom(
  availableBytes: number,
  { stopBytes, warnBytes }: RoomMarks,
  before: RoomState,
): RoomState {
  const goOnBytes = before === "stopped" ? 2 * stopBytes : stopBytes;
  if (availableBytes < goOnBytes) return "stopped";
  return availableBytes < warnBytes ? "low" : "enough";
}

/**
 * Sealing writes a second copy of an hour's lines, and of a large one a third in buckets, before the open files
 * go; hour after hour, so the largest counts.
 */
async function sealNeed(files: Files, dataFolder: string): Promise<number> {
  const needs = new Map<string, number>();
  for (const { name } of await files.list(openFolder(dataFolder))) {
    const streamHour = /^(.+)\.part\d+(\.closed)?\.jsonl\.gz$/.exec(name)?.[1];
    if (streamHour === undefined) continue;
    const bytes = (await files.stat(join(openFolder(dataFolder), name)))?.bytes ?? 0;
    needs.set(streamHour, (needs.get(streamHour) ?? 0) + 2 * bytes);
  }
  return Math.max(0, ...needs.values());
}

// Empty files, which need no room. Without them the marks are only looked at anew.
async function stateBefore(files: Files, dataFolder: string): Promise<RoomState> {
  if ((await files.stat(markPath(dataFolder, "stopped"))) !== undefined) return "stopped";
  return (await files.stat(markPath(dataFolder, "low"))) === undefined ? "enough" : "low";
}

async function remember(files: Files, dataFolder: string, state: RoomState): Promise<void> {
  try {
    for (const old of ["low", "stopped"] as const)
      await removeIfThere(files, markPath(dataFolder, old));
    if (state !== "enough") await (await files.open(markPath(dataFolder, state), "append")).close();
  } catch {
    // Not even a name fits: the marks alone decide.
  }
}

function markPath(dataFolder: string, state: RoomState): string {
  return join(dataFolder, "state", `room.${state}`);
}
