/**
 * What in an hour's numbers someone should look at. An alarm never says that the recording is wrong: the books are
 * what the venue sent. It says that the venue, or the way to it, is not what it was.
 */
import { secondMs } from "../../runtime/time.ts";
import type { Alarm, Measured } from "./report.ts";

/** Of two books of one moment: some pairs change between the two halves of an answer. */
const brokenMirrorsMax = 0.01;
/** Markets open and close with empty books; most of them at once do not. */
const emptyBooksMax = 0.5;
/** The venue slows down before it refuses. */
const responseP99MsMax = 5 * secondMs;
const growthMax = 3;
/** A clock kept by NTP is within milliseconds. */
const clockOffsetMsMax = 2 * secondMs;
const budgetShareMax = 0.5;

export function alarmsIn({ books, answers }: Measured): Alarm[] {
  const { hash, mirror, timestamps, checked } = books;
  const { responseMs, growth, clockOffsetMs: clock, budget } = answers;
  const some = (number: number, metric: string, what: string): Alarm[] =>
    number === 0 ? [] : [{ metric, detail: `${number} of ${checked} books ${what}` }];
  const when = (isSo: boolean, metric: string, detail: string): Alarm[] =>
    isSo ? [{ metric, detail }] : [];
  const p99 = responseMs?.p99 ?? 0;
  return [
    ...some(hash.other, "hash", "have another hash than their text"),
    ...some(books.crossed, "crossed", "have a bid that is not below the asks"),
    ...some(books.outOfRange, "outOfRange", "have a price or size out of range"),
    ...some(books.offTick, "offTick", "have a price between two ticks"),
    ...some(books.outOfOrder, "outOfOrder", "do not have their best prices last"),
    ...some(timestamps.implausible, "timestamps", "have no plausible time"),
    ...when(
      books.empty > emptyBooksMax * checked,
      "empty",
      `${books.empty} of ${checked} books are empty`,
    ),
    ...when(
      mirror.broken > brokenMirrorsMax * mirror.pairs,
      "mirror",
      `${mirror.broken} of ${mirror.pairs} pairs are no mirror images`,
    ),
    ...when(p99 > responseP99MsMax, "responseMs", `one answer in 100 takes over ${p99} ms`),
    ...when((growth ?? 0) > growthMax, "growth", `answers took ${growth} times as long at the end`),
    ...when(
      clock !== null && (clock.low > clockOffsetMsMax || clock.high < -clockOffsetMsMax),
      "clockOffsetMs",
      `the venue's clock is ${clock?.low} to ${clock?.high} ms ahead of this machine's`,
    ),
    ...when(
      answers.duplicates > 0,
      "duplicates",
      `${answers.duplicates} books came twice in an answer`,
    ),
    ...when(
      budget.most > budgetShareMax * budget.limit,
      "budget",
      `${budget.most} requests in ${budget.windowMs / secondMs} s, of ${budget.limit} allowed`,
    ),
  ];
}
