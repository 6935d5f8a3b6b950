/**
 * One stream's open hours: append-only files of gzip members, one file per UTC hour (one more part after
 * each repair). Each append is one member, durable when it returns. Every process that writes the stream
 * takes its lock, opens the file by name and looks at its end anew, so nothing is remembered that a crash
 * or another process could have made untrue.
 */
import { join } from "node:path";
import type { OpenFile } from "../doors/files.ts";
import { sleep } from "../doors/clock.ts";
import type { Machine } from "../doors/machine.ts";
import { diskError, makeDurableFolder, writeAll } from "../durable.ts";
import { OperatorError, errnoOf } from "../errors.ts";
import { type Hour, secondMs } from "../time.ts";
import { encodeMember } from "./member.ts";
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

export interface HourLogOptions {
  machine: Pick<Machine, "files" | "clock">;
  dataFolder: string;
  /** `journal`, `polymarket.books`: the beginning of the files' names. */
  stream: string;
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
}

// An append takes milliseconds; longer than this means a holder that hangs on its disk.
const lockWaitMs = 20 * secondMs;
const lockRetryMs = 5;

export function hourLog(options: HourLogOptions): HourLog {
  const { machine, dataFolder, stream } = options;
  const { files } = machine;

  async function locked<T>(work: () => Promise<T>): Promise<T> {
    await makeDurableFolder(files, openFolder(dataFolder));
    const release = await takeWriterLock(options);
    try {
      return await work();
    } finally {
      await release();
    }
  }

  return {
    append: (hour, compose) =>
      locked(async () => {
        const open = firstOpenHour(await readClosedHours(files, dataFolder, stream), hour);
        const { tail, repaired } = await findTail(options, open);
        return { ...(await writeMember(options, tail, compose)), repaired };
      }),

    repair: () =>
      locked(async () => {
        const repairs: Repair[] = [];
        for (const part of await listParts(files, dataFolder, stream)) {
          if (part.isClosed) continue;
          const repair = await repairPart(files, dataFolder, stream, part);
          if (repair !== undefined) repairs.push(repair);
        }
        if (repairs.length > 0) await forgetTail(options);
        return repairs;
      }),

    close: (hour) =>
      locked(async () => {
        // Listed as closed first: an append that comes after a crash in between must not find it open.
        await addClosedHour(files, dataFolder, stream, hour);
        for (const part of await partsOf(options, hour)) {
          if (part.isClosed) continue;
          await files.rename(
            part.path,
            join(openFolder(dataFolder), partName(stream, hour, part.part, true)),
          );
        }
        await files.syncFolder(openFolder(dataFolder));
        return partsOf(options, hour);
      }),
  };
}

async function partsOf({ machine, dataFolder, stream }: HourLogOptions, hour: Hour): Promise<Part[]> {
  return (await listParts(machine.files, dataFolder, stream)).filter((part) => part.hour === hour);
}

/** The end of the hour's newest part, verified: as remembered by the last writer, or read through anew. */
async function findTail(options: HourLogOptions, hour: Hour): Promise<{ tail: Tail; repaired: Repair[] }> {
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
  }
  return { tail: await tailOf(options, hour, parts.at(-1)), repaired };
}

async function writeMember(
  options: HourLogOptions,
  tail: Tail,
  compose: Compose,
): Promise<Omit<Appended, "repaired">> {
  const { machine, dataFolder } = options;
  const path = join(openFolder(dataFolder), tail.file);
  const member = await encodeMember(tail.number, await compose(tail));
  const file = await machine.files.open(path, "append");
  try {
    await appendDurably(file, member.bytes, tail.bytes);
    if (tail.bytes === 0) await machine.files.syncFolder(openFolder(dataFolder));
  } catch (error) {
    await abandonPart(options, tail, error);
    throw diskError(error, path, "Nothing was written; what was recorded before is as it was.");
  } finally {
    await file.close();
  }
  const { hour, number } = tail;
  const appended = {
    hour,
    number,
    file: tail.file,
    bytes: tail.bytes + member.bytes.length,
    crc: member.crc,
  };
  await rememberTail(options, appended);
  return { ...appended, rawBytes: member.rawBytes };
}

async function appendDurably(file: OpenFile, bytes: Buffer, lengthBefore: number): Promise<void> {
  try {
    await writeAll(file, bytes);
  } catch (error) {
    await file.truncate(lengthBefore);
    throw error;
  }
  await file.syncData();
}

/**
 * After a full disk the file was cut back and may be used again. After any other failure it is unknown what
 * the disk holds (a second fsync would lie), so the hour goes on in a new part.
 */
async function abandonPart(options: HourLogOptions, tail: Tail, error: unknown): Promise<void> {
  await forgetTail(options);
  if (errnoOf(error) === "ENOSPC" || errnoOf(error) === "EDQUOT") return;
  const { machine, dataFolder, stream } = options;
  const next = join(openFolder(dataFolder), partName(stream, tail.hour, tail.part + 1, false));
  try {
    await (await machine.files.open(next, "append")).close();
    await machine.files.syncFolder(openFolder(dataFolder));
  } catch {
    // The disk fails here too; the first failure is the one to report.
  }
}

async function takeWriterLock({ machine, dataFolder, stream }: HourLogOptions): Promise<() => Promise<void>> {
  const folder = join(dataFolder, "state", "locks");
  await machine.files.makeFolder(folder);
  const path = join(folder, `writer-${stream}.lock`);
  const until = machine.clock.monotonic() + lockWaitMs;
  for (;;) {
    const lock = await machine.files.lock(path);
    if (lock !== undefined) return () => lock.release();
    if (machine.clock.monotonic() >= until) {
      throw new OperatorError("WRITER_BUSY", {
        message: `another process has been writing ${stream} for over ${lockWaitMs / secondMs} s`,
        exit: "locked",
        safe: "Nothing was written; what was recorded before is as it was.",
        next: "npm run status",
      });
    }
    await sleep(machine.clock, lockRetryMs);
  }
}
