/**
 * What a crash or a failing disk left in an hour file: whole members stay, everything else is moved to a
 * `.torn` file beside it (which sealing puts into quarantine), and the hour goes on in a new part that opens
 * with a `lost` line for each hole. In this order, so that a crash in between only makes it run again:
 * the bytes are copied, the `lost` lines are durable, and only then the file is cut.
 */
import { dirname, join } from "node:path";
import type { Files, OpenFile } from "../doors/files.ts";
import { openTemporary, replaceFile, temporaryPath, writeAll } from "../durable.ts";
import { decodeHeader, encodeMember, headerBytes, inflateMember } from "./member.ts";
import { listParts, type Part, partName } from "./parts.ts";
import { readPieces } from "./read.ts";
import { type Damage, type Scan, scan, scanHeaders } from "./scan.ts";

export interface Repair {
  file: string;
  damagedBytes: number;
  holes: number;
  /** Where the damaged bytes lie now. */
  setAside: string[];
  newPart: string;
}

/** Numbers of a part's members begin here plus one; the `lost` lines of a repair take this one. */
export function firstNumber(part: number): number {
  return part * 100_000;
}

export const membersPerPartMax = 99_999;

/** Repairs one hour file; `undefined` if it is whole. The caller holds the writer lock, or the file is closed. */
export async function repairPart(
  files: Files,
  dataFolder: string,
  stream: string,
  part: Part,
): Promise<Repair | undefined> {
  const file = await files.open(part.path, "append");
  try {
    const found = await scan(file);
    if (found.damage.length === 0) return undefined;

    const setAside: string[] = [];
    for (const hole of found.damage) setAside.push(await copyAside(files, file, part, hole));
    const newPart = await openNextPart(files, dataFolder, stream, part, found.damage);
    await cut(files, file, part, found);
    return {
      file: part.name,
      damagedBytes: found.damage.reduce((sum, hole) => sum + hole.length, 0),
      holes: found.damage.length,
      setAside,
      newPart,
    };
  } finally {
    await file.close();
  }
}

/** `false` where more than a member's own bytes are damaged: those, only inflating them shows. */
export async function hasWholeHeaders(files: Files, part: Part): Promise<boolean> {
  const file = await files.open(part.path, "read");
  try {
    return (await scanHeaders(file)).damage.length === 0;
  } finally {
    await file.close();
  }
}

/** In pieces: damage may be as large as the hour. */
async function copyAside(files: Files, file: OpenFile, part: Part, hole: Damage): Promise<string> {
  const name = `${part.name.replace(/\.jsonl\.gz$/, "")}.at${hole.offset}.torn`;
  const path = join(dirname(part.path), name);
  const copy = await openTemporary(files, path);
  try {
    for await (const piece of readPieces(file, hole.offset, hole.offset + hole.length))
      await writeAll(copy, piece);
    await copy.syncData();
  } finally {
    await copy.close();
  }
  await files.rename(temporaryPath(path), path);
  await files.syncFolder(dirname(path));
  return name;
}

/** Writes the `lost` lines as the beginning of the hour's next part. */
async function openNextPart(
  files: Files,
  dataFolder: string,
  stream: string,
  damaged: Part,
  holes: readonly Damage[],
): Promise<string> {
  const parts = await listParts(files, dataFolder, stream);
  const later = parts.filter(({ hour, part }) => hour === damaged.hour && part > damaged.part);
  const lines = holes.map((hole) => ({
    kind: "lost",
    after: hole.after ?? firstNumber(damaged.part),
    // Whatever the later parts are, the number of each poll in them is above this.
    before: hole.before ?? firstNumber(damaged.part + 1) + 1,
  }));
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  // A repair that was cut off before the cut has said it already.
  for (const part of later) if (await beginsWith(files, part, text)) return part.name;
  const next = 1 + (later.at(-1) ?? damaged).part;
  const { bytes } = await encodeMember(firstNumber(next), [Buffer.from(text)]);
  const name = partName(stream, damaged.hour, next, damaged.isClosed);
  await replaceFile(files, join(dirname(damaged.path), name), bytes);
  return name;
}

async function beginsWith(files: Files, part: Part, text: string): Promise<boolean> {
  const file = await files.open(part.path, "read");
  try {
    const header = decodeHeader(await file.read(0, headerBytes));
    if (header?.number !== firstNumber(part.part)) return false;
    const pieces = await Array.fromAsync(inflateMember(await file.read(0, header.length)));
    return Buffer.concat(pieces).equals(Buffer.from(text));
  } catch {
    // Damaged itself: its own repair is next.
    return false;
  } finally {
    await file.close();
  }
}

async function cut(files: Files, file: OpenFile, part: Part, found: Scan): Promise<void> {
  const [hole] = found.damage;
  if (found.damage.length === 1 && hole?.isTail) {
    await file.truncate(hole.offset);
    await file.syncData();
    return;
  }
  const rewritten = await openTemporary(files, part.path);
  try {
    for (const member of found.members)
      await writeAll(rewritten, await file.read(member.offset, member.length));
    await rewritten.syncData();
  } finally {
    await rewritten.close();
  }
  await files.rename(temporaryPath(part.path), part.path);
  await files.syncFolder(dirname(part.path));
}
