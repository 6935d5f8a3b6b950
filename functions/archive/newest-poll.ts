/** The newest poll that brought anything, read off the end of what is recorded: how old the data is. */
import type { Files } from "../../runtime/doors/files.ts";
import { inflateMember } from "../../runtime/hours/member.ts";
import { type Part, listParts } from "../../runtime/hours/parts.ts";
import { splitLines } from "../../runtime/hours/read.ts";
import { scanHeaders } from "../../runtime/hours/scan.ts";
import { type HourId, type StreamId, hourPaths, listHours, openNameOf } from "./layout.ts";
import { type PollLine, bookOf } from "./lines.ts";
import { readIndex } from "./sealed-index.ts";
import { readRange } from "./sealed-read.ts";

export interface RecordedPlace {
  files: Files;
  dataFolder: string;
  collector: string;
}

/** Hours without a single good poll in them that are looked through. */
const sealedHoursMax = 48;

export async function newestPoll(
  place: RecordedPlace,
  id: StreamId,
): Promise<PollLine | undefined> {
  const { files, dataFolder, collector } = place;
  const parts = await listParts(files, dataFolder, openNameOf(id));
  for (const part of parts.toReversed()) {
    const poll = await newestInPart(files, part);
    if (poll !== undefined) return poll;
  }
  const hours = (await listHours(files, dataFolder, collector)).filter(
    ({ venue, stream, has }) => venue === id.venue && stream === id.stream && has.has("index"),
  );
  for (const hour of hours.slice(-sealedHoursMax).toReversed()) {
    const poll = await newestInSealed(place, hour);
    if (poll !== undefined) return poll;
  }
  return undefined;
}

/** Each member is one poll: from the last one back, and no further than its poll line. */
async function newestInPart(files: Files, part: Part): Promise<PollLine | undefined> {
  const file = await files.open(part.path, "read");
  try {
    const { members } = await scanHeaders(file);
    for (const { offset, length } of members.toReversed()) {
      const poll = await pollOf(await file.read(offset, length)).catch(() => undefined);
      if (isGood(poll)) return poll;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

async function pollOf(member: Buffer): Promise<PollLine | undefined> {
  for await (const batch of splitLines(inflateMember(member))) {
    for (const line of batch) {
      if (bookOf(line) !== undefined) return undefined;
      const value = JSON.parse(line.toString()) as { kind: string };
      if (value.kind === "poll") return value as PollLine;
    }
  }
  return undefined;
}

async function newestInSealed(
  { files, dataFolder, collector }: RecordedPlace,
  hour: HourId,
): Promise<PollLine | undefined> {
  const { index, data } = hourPaths(hour, collector);
  const { head } = await readIndex(files, dataFolder, index);
  let newest: PollLine | undefined;
  for await (const batch of readRange(files, dataFolder, data, head)) {
    for (const line of batch) {
      const value = JSON.parse(line.toString()) as PollLine;
      if (value.kind === "poll" && isGood(value)) newest = value;
    }
  }
  return newest;
}

function isGood(poll: PollLine | undefined): poll is PollLine {
  return poll !== undefined && poll.books + poll.unchanged > 0;
}
