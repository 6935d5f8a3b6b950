/** Which bytes of an open hour are whole members, and which are damage. */
import type { OpenFile } from "../doors/files.ts";
import { decodeHeader, headerBytes, isWhole, memberMagic } from "./member.ts";

export interface MemberAt {
  offset: number;
  length: number;
  number: number;
}

export interface Damage {
  offset: number;
  length: number;
  /** At the end of the file, with no whole member behind it. */
  isTail: boolean;
  /** Numbers of the whole members around it; `undefined` at the file's ends. */
  after: number | undefined;
  before: number | undefined;
}

export interface Scan {
  bytes: number;
  members: MemberAt[];
  damage: Damage[];
}

const searchBytes = 1024 * 1024;

/** The members of a file that is known to be whole, by their headers alone. */
export function scanHeaders(file: OpenFile): Promise<Scan> {
  return walk(file, () => Promise.resolve(true));
}

/** Reads the whole file and verifies every member; memory is bounded by the longest member. */
export function scan(file: OpenFile): Promise<Scan> {
  return walk(file, async ({ offset, length }) => isWhole(await file.read(offset, length)));
}

async function walk(file: OpenFile, isGood: (member: MemberAt) => Promise<boolean>): Promise<Scan> {
  const bytes = await file.size();
  const members: MemberAt[] = [];
  const holes: { offset: number; length: number }[] = [];
  let offset = 0;
  while (offset < bytes) {
    const header = decodeHeader(await file.read(offset, headerBytes));
    if (header !== undefined && offset + header.length <= bytes) {
      const member = { offset, ...header };
      if (await isGood(member)) {
        members.push(member);
      } else {
        addHole(holes, offset, header.length);
      }
      offset += header.length;
    } else {
      const next = await findHeader(file, offset + 1, bytes);
      addHole(holes, offset, next - offset);
      offset = next;
    }
  }
  return { bytes, members, damage: holes.map((hole) => describe(hole, members, bytes)) };
}

function addHole(
  holes: { offset: number; length: number }[],
  offset: number,
  length: number,
): void {
  const last = holes.at(-1);
  if (last !== undefined && last.offset + last.length === offset) last.length += length;
  else holes.push({ offset, length });
}

function describe(
  hole: { offset: number; length: number },
  members: readonly MemberAt[],
  bytes: number,
): Damage {
  return {
    ...hole,
    isTail: hole.offset + hole.length === bytes,
    after: members.findLast((member) => member.offset < hole.offset)?.number,
    before: members.find((member) => member.offset > hole.offset)?.number,
  };
}

/** Where the next unharmed header begins, or the file's end. */
async function findHeader(file: OpenFile, from: number, bytes: number): Promise<number> {
  for (let offset = from; offset < bytes; offset += searchBytes) {
    const window = await file.read(offset, searchBytes + headerBytes);
    let found = window.indexOf(memberMagic);
    while (found !== -1 && found < searchBytes) {
      if (decodeHeader(window.subarray(found)) !== undefined) return offset + found;
      found = window.indexOf(memberMagic, found + 1);
    }
  }
  return bytes;
}
