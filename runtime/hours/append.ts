/** One member at the end of an hour file: durable when this returns, and not there when it throws. */
import { join } from "node:path";
import type { OpenFile } from "../doors/files.ts";
import { diskError, isDiskFull, writeAll } from "../durable.ts";
import type { Appended, Compose, HourLogOptions, Tail } from "./hour-log.ts";
import { encodeMember } from "./member.ts";
import { openFolder, partName } from "./parts.ts";
import { spendReserve } from "./reserve.ts";
import { forgetTail } from "./tail.ts";

export async function writeMember(
  options: HourLogOptions,
  tail: Tail,
  compose: Compose,
): Promise<Omit<Appended, "repaired">> {
  const member = await encodeMember(tail.number, await compose(tail));
  const failed = await appendOrSpendReserve(options, tail, member.bytes);
  if (failed !== undefined) {
    const path = join(openFolder(options.dataFolder), tail.file);
    throw diskError(
      failed.error,
      path,
      "Nothing was written; what was recorded before is as it was.",
    );
  }
  const { hour, number, file } = tail;
  const { crc, rawBytes } = member;
  return { hour, number, file, bytes: tail.bytes + member.bytes.length, crc, rawBytes };
}

interface Failed {
  error: unknown;
  /** The file is what it was before, on the disk too. */
  isAsBefore: boolean;
}

async function appendOrSpendReserve(
  options: HourLogOptions,
  tail: Tail,
  bytes: Buffer,
): Promise<Failed | undefined> {
  const { machine, dataFolder, mayUseReserve = false } = options;
  const failed = await appendOnce(options, tail, bytes);
  if (failed === undefined || !failed.isAsBefore || !mayUseReserve || !isDiskFull(failed.error))
    return failed;
  return (await spendReserve(machine.files, dataFolder))
    ? appendOnce(options, tail, bytes)
    : failed;
}

async function appendOnce(
  options: HourLogOptions,
  tail: Tail,
  bytes: Buffer,
): Promise<Failed | undefined> {
  const { files } = options.machine;
  const folder = openFolder(options.dataFolder);
  let file: OpenFile;
  try {
    file = await files.open(join(folder, tail.file), "append");
  } catch (error) {
    return { error, isAsBefore: true };
  }
  let isWritten = false;
  try {
    await writeAll(file, bytes);
    isWritten = true;
    await file.syncData();
    if (tail.bytes === 0) await files.syncFolder(folder);
    return undefined;
  } catch (error) {
    const isCut = await cutBack(file, tail.bytes);
    // A full disk that refused bytes has not touched the others. After a failed sync nobody knows what it holds,
    // and a second sync would lie: the hour goes on in a new part.
    const isAsBefore = isCut && !isWritten && isDiskFull(error);
    await forgetTail(options);
    if (!isAsBefore) await openNextPart(options, tail);
    return { error, isAsBefore };
  } finally {
    await file.close();
  }
}

async function cutBack(file: OpenFile, length: number): Promise<boolean> {
  try {
    await file.truncate(length);
    return true;
  } catch {
    return false;
  }
}

async function openNextPart(
  { machine, dataFolder, stream }: HourLogOptions,
  tail: Tail,
): Promise<void> {
  const next = partName(stream, tail.hour, tail.part + 1, false);
  try {
    await (await machine.files.open(join(openFolder(dataFolder), next), "append")).close();
    await machine.files.syncFolder(openFolder(dataFolder));
  } catch {
    // The disk fails here too; the first failure is the one to report.
  }
}
