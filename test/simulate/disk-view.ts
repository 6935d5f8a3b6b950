/**
 * What lies on the simulated disk, read as a stranger would with gzip and JSON alone: nothing here knows the code that
 * wrote it.
 */
import { createHash } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import type { MemoryDisk } from "../support/memory-files.ts";

export interface DiskView {
  /** Absolute path → bytes, of every file below a folder. */
  files(folder: string): Promise<Map<string, Buffer>>;
}

export function viewOf(disk: MemoryDisk): DiskView {
  // Its own process: what befalls the recorder's does not befall the eye.
  const { files: door } = disk.process();
  async function walk(folder: string, found: Map<string, Buffer>): Promise<void> {
    for (const { name, isFolder } of await door.list(folder)) {
      const path = `${folder}/${name}`;
      if (isFolder) await walk(path, found);
      else found.set(path, await door.read(path));
    }
  }
  return {
    async files(folder) {
      const found = new Map<string, Buffer>();
      const { fault } = disk;
      disk.fault = undefined;
      try {
        await walk(folder, found);
      } finally {
        disk.fault = fault;
      }
      return found;
    },
  };
}

export type Line = Record<string, unknown> & { kind?: string };

export interface TextLine {
  text: string;
  value: Line;
}

/** The lines of every whole gzip member, one after another; what follows the last is torn. */
export function linesOf(bytes: Buffer): { lines: TextLine[]; torn: number } {
  const texts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const member = memberAt(bytes, at);
    if (member === undefined) break;
    texts.push(member.text);
    at = member.end;
  }
  const lines = Buffer.concat(texts)
    .toString()
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => ({ text, value: JSON.parse(text) as Line }));
  return { lines, torn: bytes.length - at };
}

const fixedHeader = 10;
const trailer = 8;

function memberAt(bytes: Buffer, at: number): { text: Buffer; end: number } | undefined {
  if (bytes.length < at + fixedHeader || bytes.readUInt16BE(at) !== 0x1f8b) return undefined;
  const hasExtra = ((bytes[at + 3] ?? 0) & 4) !== 0;
  const extra = hasExtra && bytes.length > at + 12 ? 2 + bytes.readUInt16LE(at + 10) : 0;
  const start = at + fixedHeader + extra;
  try {
    const options = { info: true } as const;
    const { buffer, engine } = inflateRawSync(bytes.subarray(start), options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    const end = start + engine.bytesWritten + trailer;
    return end <= bytes.length ? { text: buffer, end } : undefined;
  } catch {
    return undefined;
  }
}

export function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
