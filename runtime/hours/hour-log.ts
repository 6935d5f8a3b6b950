/**
 * One stream's open hours: append-only files of gzip members, one file per UTC hour (one more part after
 * each repair). Each append is one member, durable when it returns. Every process that writes the stream
 * takes its lock, opens the file by name and looks at its end anew, so nothing is remembered that a crash
 * or another process could have made untrue.
 */
import { join } from "node:path";
import type { Machine } from "../doors/machine.ts";
import { makeDurableFolder } from "../durable.ts";
import type { Log, Run } from "../function.ts";
import type { Hour } from "../time.ts";
import { writeMember } from "./append.ts";
import { Hold } from "./hold.ts";
import {
  addClosedHour,
  firstOpenHour,
  listParts,
  openFolder,
  type Part,
  partName,
  readClosedHours,
} from "./parts.ts";
import { type Repair, repairPart } from "./repair.ts";
import { forgetTail, knownTail, rememberTail, tailOf } from "./tail.ts";
import { takeWriterLock } from "./writer-lock.ts";

export interface HourLogOptions {
  machine: Pick<Machine, "files" | "clock">;
  dataFolder: string;
  /** `journal`, `polymarket.books`: the beginning of the files' names. */
  stream: string;
  /** On a full disk its appends take the room that is held back: what must be on record even then. */
  mayUseReserve?: boolean;
  /** For a process that appends all day: the file is held open from one append to the next. */
  isHeldOpen?: boolean;
  /** Told of each repair. */
  log?: Pick<Log, "warn">;
  /** Puts the same into the journal. */
  note?: Run["journal"] | undefined;
}

/** Where the member about to be written will stand. */
export interface Tail {
  hour: Hour;
  part: number;
  /** Of the member about to be written: part × 100000 + count within the part. */
  number: number;
  file: string;
  /** The file's size before it. */
  bytes: number;
  /** Checksum of the member before it; `undefined` in an empty file. */
  crc: number | undefined;
  /** Nothing stands before it in this part, so lines that open an hour are due. */
  isFirst: boolean;
}

export interface Appended {
  hour: Hour;
  number: number;
  file: string;
  /** The file's size after it. */
  bytes: number;
  crc: number;
  rawBytes: number;
  repaired: Repair[];
}

export type Compose = (tail: Tail) => Iterable<Buffer> | Promise<Iterable<Buffer>>;

export interface HourLog {
  /**
   * Writes the lines that `compose` returns (each ends in LF) as one durable member into `hour`, or into the
   * first later hour that is not closed. Throws `DISK_FULL`, `DISK_ERROR` or `WRITER_BUSY`; the file then
   * holds what it held before.
   */
  append(hour: Hour, compose: Compose): Promise<Appended>;
  /** Repairs every hour file that takes appends. */
  repair(): Promise<Repair[]>;
  /** No line goes into this hour any more; what it has is renamed. Safe to run again. */
  close(hour: Hour): Promise<Part[]>;
  /** Closes what is held open; it may be used again. */
  letGo(): Promise<void>;
}

export function hourLog(options: HourLogOptions): HourLog {
  const { machine, dataFolder, stream } = options;
  const { files } = machine;
  const hold = options.isHeldOpen === true ? new Hold(options) : undefined;

  async function locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = await takeWriterLock(options);
    try {
      return await work();
    } finally {
      await lock.release();
    }
  }

  async function appendAnew(asked: Hour, compose: Compose): Promise<Appended> {
    await makeDurableFolder(files, openFolder(dataFolder));
    const hour = firstOpenHour(await readClosedHours(files, dataFolder, stream), asked);
    const { tail, repaired } = await findTail(options, hour);
    for (const repair of repaired) {
      options.log?.warn({ stream, ...repair }, `repaired ${repair.file}`);
      // Not waited for: this append must not wait for the journal's.
      void options.note?.("repaired", { stream, ...repair }).catch(() => undefined);
    }
    const appended = { ...(await writeMember(options, tail, compose)), repaired };
    await rememberTail(options, appended);
    // What is written is written, whether it can be held or not.
    await hold?.take(appended).catch(() => hold.letGo());
    return appended;
  }

  async function appendHeld(
    held: { tail: Tail; options: HourLogOptions },
    compose: Compose,
  ): Promise<Appended> {
    try {
      const appended = { ...(await writeMember(held.options, held.tail, compose)), repaired: [] };
      await hold?.moved(appended);
      return appended;
    } catch (error) {
      await hold?.letGo();
      throw error;
    }
  }

  return {
    letGo: async () => hold?.letGo(),
    append: (hour, compose) =>
      locked(async () => {
        const held = await hold?.find(hour);
        return held === undefined ? appendAnew(hour, compose) : appendHeld(held, compose);
      }),

    repair: () => locked(() => repairOpen(options)),
    close: (hour) => locked(() => closeHour(options, hour)),
  };
}

async function repairOpen(options: HourLogOptions): Promise<Repair[]> {
  const { machine, dataFolder, stream } = options;
  await makeDurableFolder(machine.files, openFolder(dataFolder));
  const repairs: Repair[] = [];
  for (const part of await listParts(machine.files, dataFolder, stream)) {
    if (part.isClosed) continue;
    const repair = await repairPart(machine.files, dataFolder, stream, part);
    if (repair !== undefined) repairs.push(repair);
  }
  if (repairs.length > 0) await forgetTail(options);
  return repairs;
}

async function closeHour(options: HourLogOptions, hour: Hour): Promise<Part[]> {
  const { machine, dataFolder, stream } = options;
  const { files } = machine;
  const folder = openFolder(dataFolder);
  // Listed as closed first: an append that comes after a crash in between must not find it open.
  await addClosedHour(files, dataFolder, stream, hour);
  for (const part of await partsOf(options, hour)) {
    if (part.isClosed) continue;
    await files.rename(part.path, join(folder, partName(stream, hour, part.part, true)));
  }
  await files.syncFolder(folder);
  return partsOf(options, hour);
}

async function partsOf(
  { machine, dataFolder, stream }: HourLogOptions,
  hour: Hour,
): Promise<Part[]> {
  return (await listParts(machine.files, dataFolder, stream)).filter((part) => part.hour === hour);
}

/** The end of the hour's newest part, verified: as remembered by the last writer, or read through anew. */
async function findTail(
  options: HourLogOptions,
  hour: Hour,
): Promise<{ tail: Tail; repaired: Repair[] }> {
  const { machine, dataFolder, stream } = options;
  const repaired: Repair[] = [];
  let parts = await partsOf(options, hour);
  const newest = parts.at(-1);
  if (newest !== undefined && (await knownTail(options, newest)) === undefined) {
    for (const part of parts) {
      const repair = await repairPart(machine.files, dataFolder, stream, part);
      if (repair !== undefined) repaired.push(repair);
    }
    if (repaired.length > 0) parts = await partsOf(options, hour);
    // Whoever wrote it may have been killed before its name was durable.
    await machine.files.syncFolder(openFolder(dataFolder));
  }
  return { tail: await tailOf(options, hour, parts.at(-1)), repaired };
}
