/** Which folders of a remote hold what a reading needs: a listing of all of it may take minutes. */
import { dayMs, hourMs, iso } from "../../runtime/time.ts";
import { streamFolder } from "../archive/layout.ts";
import { labelsFolder } from "../archive/labels.ts";
import { booksStream } from "./sealed-frames.ts";

export interface Span {
  /** Epoch ms. */
  from: number | undefined;
  to: number | undefined;
  at: number | undefined;
}

// A filter of more would be slower than the listing that it saves.
const datesMax = 366;
/** Polls that came late lie in the first hour that was not closed. */
const lateMs = 2 * hourMs;

/** Of books, and of labels on them. */
export function remoteFolders({ from, to, at }: Span, now: number): string[] {
  const stream = streamFolder(booksStream);
  const dates = at === undefined ? datesOf(from, Math.min(to ?? now, now) + lateMs) : [dateOf(at)];
  const folders = dates?.map((date) => `${stream}/date=${date}`) ?? [stream];
  return folders.flatMap((folder) => [folder, `${labelsFolder}/${folder}`]);
}

/** `undefined`: all there are. */
function datesOf(from: number | undefined, to: number): string[] | undefined {
  if (from === undefined || to - from > datesMax * dayMs) return undefined;
  const dates: string[] = [];
  for (let at = from; dateOf(at) <= dateOf(to); at += dayMs) dates.push(dateOf(at));
  return dates;
}

function dateOf(ms: number): string {
  return iso(ms).slice(0, 10);
}
