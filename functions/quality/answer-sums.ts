/** What the requests of an hour's polls say of the venue: how fast, how often not, and by which clock. */
import { secondMs } from "../../runtime/time.ts";
import type { PollLine } from "../archive/lines.ts";
import { percentiles, type Percentiles } from "./percentiles.ts";

type Request = PollLine["requests"][number];

export interface AnswerSums {
  requests: number;
  /** Sent more than once. */
  retried: number;
  /** Answered with a status; `none` without any. */
  byStatus: Record<string, number>;
  duplicates: number;
  shuffled: number;
  /** Of answers that brought books: from sending to the last byte. */
  responseMs: Percentiles | null;
  /** Median response time of the hour's last quarter of answers over that of the first; `null` for too few. */
  growth: number | null;
  /** The venue's clock less this machine's lies between the two; `null` where its answers tell of no such time. */
  clockOffsetMs: { low: number; high: number } | null;
  /** Attempts in the ten seconds that held the most, beside what the venue allows. */
  budget: { most: number; limit: number; windowMs: number };
  receivedBytes: number;
}

/** docs.polymarket.com/api-reference/rate-limits: POST /books, for each address. */
const booksLimit = { limit: 500, windowMs: 10 * secondMs };
/** A quarter of fewer says nothing. */
const answersForGrowthMin = 40;

export function sumAnswers(polls: readonly Pick<PollLine, "requests">[]): AnswerSums {
  const requests = polls.flatMap((poll) => poll.requests);
  const tookMs = requests.flatMap(responseMs);
  const byStatus: Record<string, number> = {};
  for (const { status } of requests) {
    const name = String(status ?? "none");
    byStatus[name] = (byStatus[name] ?? 0) + 1;
  }
  const sum = (of: (request: Request) => number): number =>
    requests.reduce((total, request) => total + of(request), 0);
  return {
    requests: requests.length,
    retried: requests.filter(({ attempts }) => attempts > 1).length,
    byStatus,
    duplicates: sum(({ duplicates = 0 }) => duplicates),
    shuffled: requests.filter(({ shuffled }) => shuffled === true).length,
    responseMs: percentiles(tookMs),
    growth: growthOf(tookMs),
    clockOffsetMs: clockOffset(requests),
    budget: { most: mostAttempts(requests), ...booksLimit },
    receivedBytes: sum(({ bytes }) => bytes),
  };
}

function responseMs({ sent, received, books }: Request): number[] {
  // A clock that was set back in between makes it negative: no response time.
  const tookMs = received === null ? -1 : Date.parse(received) - Date.parse(sent);
  return books > 0 && tookMs >= 0 ? [tookMs] : [];
}

function growthOf(tookMs: readonly number[]): number | null {
  if (tookMs.length < answersForGrowthMin) return null;
  const quarter = Math.floor(tookMs.length / 4);
  const before = percentiles(tookMs.slice(0, quarter))!.p50;
  const after = percentiles(tookMs.slice(-quarter))!.p50;
  return before === 0 ? null : Math.round((100 * after) / before) / 100;
}

/**
 * `Date` is cut to the second and was set between sending and receiving, so each answer leaves a span for the
 * difference of the clocks. What all of them allow is narrower; a clock that was set in mid-hour leaves nothing.
 */
function clockOffset(requests: readonly Request[]): AnswerSums["clockOffsetMs"] {
  let low = -Infinity;
  let high = Infinity;
  for (const { sent, received, headers } of requests) {
    const date = Date.parse(headers?.["date"] ?? "");
    // What a cache held has the date of when it was made.
    if (received === null || Number.isNaN(date) || Number(headers?.["age"] ?? 0) > 0) continue;
    low = Math.max(low, date - Date.parse(received));
    high = Math.min(high, date + secondMs - Date.parse(sent));
  }
  return Number.isFinite(low) && low <= high ? { low, high } : null;
}

function mostAttempts(requests: readonly Request[]): number {
  const sent = requests
    .map(({ sent: at, attempts }) => ({ at: Date.parse(at), attempts }))
    .sort((a, b) => a.at - b.at);
  let [first, inWindow, most] = [0, 0, 0];
  for (const { at, attempts } of sent) {
    inWindow += attempts;
    while (sent[first]!.at <= at - booksLimit.windowMs) {
      inWindow -= sent[first]!.attempts;
      first += 1;
    }
    most = Math.max(most, inWindow);
  }
  return most;
}
