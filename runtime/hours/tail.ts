/**
 * The end of the file that the next member goes to. What the last writer left is remembered in `state/`, with
 * the file's size and last checksum, so that a poll need not read its hour again; deleting it costs one read.
 */
import { join } from "node:path";
import * as v from "valibot";
import { removeIfThere } from "../durable.ts";
import type { Hour } from "../time.ts";
import type { HourLogOptions, Tail } from "./hour-log.ts";
import { crcOf, headerBytes, trailerBytes } from "./member.ts";
import { type Part, partName } from "./parts.ts";
import { firstNumber, membersPerPartMax } from "./repair.ts";
import { scan } from "./scan.ts";

const whole = v.pipe(v.number(), v.integer());
const memorySchema = v.object({
  file: v.string(),
  bytes: v.pipe(whole, v.minValue(headerBytes + trailerBytes)),
  crc: whole,
  number: whole,
});
export type TailMemory = v.InferOutput<typeof memorySchema>;

/** What was remembered, if the file still ends as it did then. */
export async function knownTail(
  options: HourLogOptions,
  part: Part,
): Promise<TailMemory | undefined> {
  const { files } = options.machine;
  let memory: TailMemory;
  try {
    memory = v.parse(memorySchema, JSON.parse((await files.read(memoryPath(options))).toString()));
  } catch {
    return undefined;
  }
  const count = memory.number - firstNumber(part.part);
  if (memory.file !== part.name || count < 0 || count > membersPerPartMax) return undefined;
  const file = await files.open(part.path, "read");
  try {
    if ((await file.size()) !== memory.bytes) return undefined;
    const trailer = await file.read(memory.bytes - trailerBytes, trailerBytes);
    return crcOf(trailer) === memory.crc ? memory : undefined;
  } finally {
    await file.close();
  }
}

/** Where the next member goes, after `newest`, the hour's last part, which is whole. */
export async function tailOf(
  options: HourLogOptions,
  hour: Hour,
  newest: Part | undefined,
): Promise<Tail> {
  if (newest === undefined) return emptyTail(options, hour, 1);
  const last = (await knownTail(options, newest)) ?? (await readTail(options, newest));
  if (last === undefined) return emptyTail(options, hour, newest.part);
  if (last.number - firstNumber(newest.part) >= membersPerPartMax)
    return emptyTail(options, hour, newest.part + 1);
  const { number, crc, bytes } = last;
  const isFirst = number === firstNumber(newest.part);
  return { hour, part: newest.part, number: number + 1, file: newest.name, bytes, crc, isFirst };
}

export async function rememberTail(options: HourLogOptions, tail: TailMemory): Promise<void> {
  const { files } = options.machine;
  try {
    await removeIfThere(files, memoryPath(options));
    const memory = await files.open(memoryPath(options), "create");
    try {
      await memory.write(memoryText(tail));
    } finally {
      await memory.close();
    }
  } catch {
    // On a full disk the next append reads the hour instead; a torn memory does not parse.
  }
}

/** So that the next append reads the hour through. A memory that will not go fits the file no longer, either. */
export function memoryText({ file, bytes, crc, number }: TailMemory): Buffer {
  return Buffer.from(JSON.stringify({ file, bytes, crc, number }));
}

export async function forgetTail(options: HourLogOptions): Promise<void> {
  await removeIfThere(options.machine.files, memoryPath(options)).catch(() => undefined);
}

function emptyTail({ stream }: HourLogOptions, hour: Hour, part: number): Tail {
  const file = partName(stream, hour, part, false);
  return {
    hour,
    part,
    number: firstNumber(part) + 1,
    file,
    bytes: 0,
    crc: undefined,
    isFirst: true,
  };
}

async function readTail({ machine }: HourLogOptions, part: Part): Promise<TailMemory | undefined> {
  const file = await machine.files.open(part.path, "read");
  try {
    const { members, bytes } = await scan(file);
    const last = members.at(-1);
    if (last === undefined) return undefined;
    const crc = crcOf(await file.read(last.offset, last.length));
    return { file: part.name, bytes, crc, number: last.number };
  } finally {
    await file.close();
  }
}

export function memoryPath({ dataFolder, stream }: HourLogOptions): string {
  return join(dataFolder, "state", `tail-${stream}.json`);
}
