/** What the open parts of a closed hour hold: read once to know it, and again to write it. */
import type { Files } from "../../runtime/doors/files.ts";
import type { Part } from "../../runtime/hours/parts.ts";
import { readLineBatches } from "../../runtime/hours/read.ts";
import { scanHeaders } from "../../runtime/hours/scan.ts";
import type { Hour } from "../../runtime/time.ts";
import { heldRawBytesMax } from "./regroup.ts";
import type { SealedPart } from "./sealed-index.ts";
import { Tally } from "./tally.ts";

export interface Survey {
  tally: Tally;
  parts: SealedPart[];
  lines: () => AsyncIterable<Buffer[]>;
}

type SurveyContext = { files: Files; signal: AbortSignal };

export async function surveyParts(
  context: SurveyContext,
  hour: Hour,
  parts: readonly Part[],
): Promise<Survey> {
  const tally = new Tally(hour);
  // A small hour is kept from the first reading: inflating it again would be a fifth of the sealing.
  let held: Buffer[][] | undefined = (await isSmall(context, parts)) ? [] : undefined;
  const sealedParts: SealedPart[] = [];
  for (const part of parts) {
    const before = tally.digest.value;
    for await (const batch of readParts(context, [part])) {
      for (const line of batch) tally.add(line);
      if (tally.digest.rawBytes > heldRawBytesMax) held = undefined;
      held?.push(batch);
    }
    const described = await describePart(context.files, part);
    sealedParts.push({ ...described, lineDigest: tally.digest.since(before) });
  }
  const kept = held;
  const lines = () => (kept === undefined ? readParts(context, parts) : inTurn(kept));
  return { tally, parts: sealedParts, lines };
}

// Appended members shrink to about a third. Memory that a large hour held for nothing it would not give back.
async function isSmall({ files }: SurveyContext, parts: readonly Part[]): Promise<boolean> {
  let bytes = 0;
  for (const { path } of parts) bytes += (await files.stat(path))?.bytes ?? 0;
  return bytes <= heldRawBytesMax / 3;
}

async function* inTurn(batches: readonly Buffer[][]): AsyncGenerator<Buffer[]> {
  yield* batches;
}

async function* readParts(
  { files, signal }: SurveyContext,
  parts: readonly Part[],
): AsyncGenerator<Buffer[]> {
  for (const { path } of parts) {
    for await (const batch of readLineBatches(files, path, { damage: "throw" })) {
      signal.throwIfAborted();
      yield batch;
    }
  }
}

async function describePart(files: Files, part: Part): Promise<Omit<SealedPart, "lineDigest">> {
  const file = await files.open(part.path, "read");
  try {
    const { bytes, members } = await scanHeaders(file);
    const name = part.name.replace(".closed", "");
    return {
      name,
      bytes,
      members: members.length,
      first: members[0]?.number ?? 0,
      last: members.at(-1)?.number ?? 0,
    };
  } finally {
    await file.close();
  }
}
