/**
 * Asks the venue, politely and within a deadline: the only place that tries again. Two owners of retries would
 * multiply each other, so the HTTP door never retries, and no function does.
 */
import { sleep } from "../../runtime/doors/clock.ts";
import { iso, secondMs } from "../../runtime/time.ts";
import type * as v from "valibot";
import type { Cause, requestSchema } from "../archive/lines.ts";
import {
  attempt,
  type Attempt,
  isStopped,
  type Question,
  type Scrap,
  type VenueRun,
} from "./attempt.ts";
import { pace } from "./pace.ts";

/** What is recorded of a request; who asked adds what it was for. */
export type RequestRecord = Omit<
  v.InferOutput<typeof requestSchema>,
  "tokens" | "books" | "duplicates" | "shuffled"
>;

export type Outcome = {
  record: RequestRecord;
  /** Answers of this question that could not be understood, oldest first. */
  scraps: Scrap[];
} & ({ isAnswered: true; body: Buffer; received: string } | { isAnswered: false; cause: Cause });

export interface VenueClient {
  /** Never throws for what the venue or the network does: each failure has its cause. */
  ask(question: Question): Promise<Outcome>;
}

export const attemptsMax = 4;
/** 500 books of a far-away venue were measured at 3 s. */
export const attemptTimeoutMs = 10 * secondMs;
const backOffMs = 500;
const backOffMsMax = 8 * secondMs;
/** The venue is not waited for longer than this, whatever it asks for: a later run will ask again. */
export const retryAfterMsMax = 60 * secondMs;

/** For one run and one host. `until`, epoch ms, is when every answer must be here. */
export function venueClient(run: VenueRun, until: number): VenueClient {
  const { clock } = run;
  // The wall clock can step while we wait.
  const end = clock.monotonic() + (until - clock.now());
  const pacing = pace(clock);
  // Why everyone waits, if the venue asked for it.
  let held: Cause | undefined;

  const waitUnlessOver = async (ms: number): Promise<boolean> => {
    if (run.signal.aborted || clock.monotonic() + ms >= end) return false;
    try {
      if (ms > 0) await sleep(clock, ms, run.signal);
      return true;
    } catch (error) {
      if (run.signal.aborted) return false;
      throw error;
    }
  };

  const unasked = (): Cause => (isStopped(run.signal) ? "not-running" : "late");

  return {
    async ask(question) {
      const scraps: Scrap[] = [];
      let last: Attempt | undefined;
      for (let attempts = 0; ;) {
        if (!(await waitUnlessOver(pacing.take())))
          return unanswered(clock.now(), last, attempts, scraps, held ?? unasked());
        last = await attempt(run, question, Math.min(attemptTimeoutMs, end - clock.monotonic()));
        attempts += 1;
        const { failure } = last;
        if (failure === undefined) return answered(last, attempts, scraps);
        if (failure.scrap !== undefined) scraps.push(failure.scrap);
        run.log.debug({ url: question.url, attempts, cause: failure.cause }, failure.error);

        if (failure.retryAfterMs !== undefined) {
          held = failure.cause;
          const isTooLong = failure.retryAfterMs > retryAfterMsMax;
          pacing.hold(isTooLong ? Number.POSITIVE_INFINITY : failure.retryAfterMs);
        }
        const pauseMs = Math.max(backOff(attempts, run.random), failure.retryAfterMs ?? 0);
        const mayRetry = failure.mayRetry && attempts < attemptsMax && pauseMs <= retryAfterMsMax;
        if (!mayRetry || !(await waitUnlessOver(pauseMs)))
          return unanswered(clock.now(), last, attempts, scraps, held ?? unasked());
      }
    },
  };
}

/** Half of it is chance, so that many collectors do not come back at the same moment. */
function backOff(attempts: number, random: () => number): number {
  const fullMs = Math.min(backOffMs * 2 ** (attempts - 1), backOffMsMax);
  return fullMs / 2 + (random() * fullMs) / 2;
}

function answered({ body, ...last }: Attempt, attempts: number, scraps: Scrap[]): Outcome {
  const { sent, received, status, bytes, headers } = last;
  const record = { sent, received, status, bytes, attempts, ...someHeaders(headers) };
  return { isAnswered: true, record, scraps, body: body!, received: received! };
}

/** `unasked`: why not, where it came to no attempt. */
function unanswered(
  now: number,
  last: Attempt | undefined,
  attempts: number,
  scraps: Scrap[],
  unasked: Cause,
): Outcome {
  if (last?.failure === undefined) {
    const error = whyUnasked[unasked] ?? "not asked: the venue wants to be left alone";
    const record = { sent: iso(now), received: null, status: null, bytes: 0, attempts, error };
    return { isAnswered: false, cause: unasked, record, scraps };
  }
  const { sent, received, status, bytes, headers, failure } = last;
  const record = {
    sent,
    received,
    status,
    bytes,
    attempts,
    error: failure.error,
    ...someHeaders(headers),
  };
  return { isAnswered: false, cause: failure.cause, record, scraps };
}

const whyUnasked: Partial<Record<Cause, string>> = {
  late: "no time left to ask",
  "not-running": "not asked: the run was stopped",
};

function someHeaders(headers: Record<string, string>): { headers?: Record<string, string> } {
  return Object.keys(headers).length > 0 ? { headers } : {};
}
