/** A book as `read` prints it: when it was in force, and the venue's text byte for byte. */
import type { PollFrame } from "./frames.ts";
import type { BookInForce } from "./in-force.ts";

const textStart = Buffer.from('"sent":"');
const lineEnd = Buffer.from("\n");

/**
 * `{"token","hour","poll","at","recorded","sent","received","raw":{…}}`: `poll` at `at` found the book that the
 * poll `recorded` wrote, whose `sent`, `received` and `raw` (or `text`) follow as they are archived.
 */
export function jsonlLine(
  { hour, poll, at }: PollFrame,
  { token, line, recorded }: BookInForce,
): Buffer {
  const head = `{"token":${JSON.stringify(token)},"hour":"${hour}","poll":${poll},"at":"${at}","recorded":${recorded},`;
  return Buffer.concat([Buffer.from(head), line.subarray(line.indexOf(textStart)), lineEnd]);
}
