/**
 * One request sent once, and what its answer means: understood as far as the envelope goes, or failed with
 * exactly one cause. Bytes of an answer that could not be understood are handed on as a scrap, for quarantine.
 */
import { deadline } from "../../runtime/doors/clock.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { HttpFailure, type Endpoint, type HttpAnswer } from "../../runtime/doors/http.ts";
import type { Run } from "../../runtime/function.ts";
import { formatDuration, iso } from "../../runtime/time.ts";
import type { Cause } from "../archive/lines.ts";

export type VenueRun = Pick<Run, "clock" | "http" | "random" | "signal" | "log">;

export interface Question {
  method: Endpoint["method"];
  url: string;
  /** JSON. */
  body?: string;
  /** What an understood answer is: its first byte. */
  expects: "[" | "{";
}

/** Bytes of an answer that is not what was asked for. */
export interface Scrap {
  reason: "cut" | "garbage" | "content-type" | "too-large";
  bytes: Buffer;
  sent: string;
  received: string;
}

export interface Attempt {
  sent: string;
  received: string | null;
  status: number | null;
  bytes: number;
  headers: Record<string, string>;
  /** The answer, if it is what was asked for. */
  body?: Buffer;
  failure?: Failure;
}

export interface Failure {
  cause: Cause;
  error: string;
  /** Asking again may help. */
  mayRetry: boolean;
  /** As long as the venue asks to be left alone. */
  retryAfterMs?: number;
  scrap?: Scrap;
}

/** A longer answer than 500 of the deepest books or 100 of the wordiest markets ever had. */
export const answerBytesMax = 16 * 1024 * 1024;
const errorBytesMax = 16 * 1024;
const errorCharsMax = 200;

const recordedHeaders = ["date", "age", "cf-cache-status", "retry-after"];

/** Sends the question once and gives up after `timeoutMs`. */
export async function attempt(
  run: VenueRun,
  question: Question,
  timeoutMs: number,
): Promise<Attempt> {
  const sent = iso(run.clock.now());
  const timer = deadline(run.clock, timeoutMs, new Error("no answer in time"), run.signal);
  try {
    const answer = await run.http.request({
      method: question.method,
      url: question.url,
      headers: {
        accept: "application/json",
        ...(question.body && { "content-type": "application/json" }),
      },
      ...(question.body !== undefined && { body: question.body }),
      bytesMax: answerBytesMax,
      signal: timer.signal,
    });
    const received = iso(run.clock.now());
    const { status, body } = answer;
    const seen = { sent, received, status, bytes: body.length, headers: headersOf(answer) };
    const failure = failureIn(answer, question, { sent, received }, run.clock.now());
    return failure === undefined ? { ...seen, body } : { ...seen, failure };
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    const times = { sent, received: iso(run.clock.now()) };
    const failure = isStopped(run.signal)
      ? { cause: "not-running" as const, error: "the run was stopped", mayRetry: false }
      : failureWithout(error, times, timeoutMs);
    const { status = null, partial } = error;
    return { sent, received: null, status, bytes: partial.length, headers: {}, failure };
  } finally {
    timer.clear();
  }
}

type Times = Pick<Scrap, "sent" | "received">;

function failureIn(
  answer: HttpAnswer,
  question: Question,
  times: Times,
  now: number,
): Failure | undefined {
  const { status, headers, body } = answer;
  if (status < 200 || status > 299) {
    const retryAfterMs = retryAfter(headers["retry-after"], now);
    return {
      cause: causeOf(status),
      error: `HTTP ${status}${messageIn(body)}`,
      mayRetry: isPassing(status),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }
  const scrap = (reason: Scrap["reason"], error: string): Failure => ({
    cause: "quarantined",
    error,
    mayRetry: true,
    scrap: { reason, bytes: body, ...times },
  });
  const type = headers["content-type"] ?? "";
  if (!/^application\/([\w.-]+\+)?json\b/i.test(type))
    return scrap("content-type", `content-type "${type}", not JSON`);

  const [first, last] = ends(body);
  const refusal = first === "{" && body.length <= errorBytesMax ? errorIn(body) : undefined;
  if (refusal !== undefined) {
    const isLimit = /too many requests|rate.?limit/i.test(refusal);
    return {
      cause: isLimit ? "venue-429" : "venue-5xx",
      error: `HTTP ${status} with error: ${refusal}`,
      mayRetry: true,
    };
  }
  if (first !== question.expects)
    return scrap("garbage", body.length === 0 ? "an empty answer" : "not the JSON asked for");
  if (last !== (first === "[" ? "]" : "}")) return scrap("cut", `cut after ${body.length} bytes`);
  return undefined;
}

function failureWithout(failed: HttpFailure, times: Times, timeoutMs: number): Failure {
  const { status, partial, kind } = failed;
  if (status !== undefined && status >= 400)
    return { cause: causeOf(status), error: `HTTP ${status}, cut`, mayRetry: isPassing(status) };
  const reason = kind === "too-large" ? "too-large" : "cut";
  const scrap =
    status === 200 && partial.length > 0
      ? { scrap: { reason, bytes: partial, ...times } as const }
      : {};
  switch (kind) {
    case "redirect":
      return { cause: "network", error: failed.message, mayRetry: false };
    case "too-large":
      return { cause: "quarantined", error: failed.message, mayRetry: false, ...scrap };
    case "aborted":
      return {
        cause: "venue-timeout",
        error: `no whole answer within ${formatDuration(timeoutMs)}`,
        mayRetry: true,
        ...scrap,
      };
    default:
      return {
        cause: "network",
        error: failed.message.slice(0, errorCharsMax),
        mayRetry: true,
        ...scrap,
      };
  }
}

/** Somebody ended the run: what did not come by then is not the venue's fault, as it is after a timeout. */
export function isStopped({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof OperatorError && reason.code === "TIMEOUT");
}

export function causeOf(status: number): Cause {
  if (status === 429) return "venue-429";
  if (status >= 500) return "venue-5xx";
  return status >= 400 ? "venue-4xx" : "network";
}

function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** `Retry-After` in seconds or as an HTTP date → milliseconds from now. */
export function retryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

function headersOf({ headers }: HttpAnswer): Record<string, string> {
  const kept = recordedHeaders.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]]],
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

/** First and last character that is no blank. */
function ends(body: Buffer): [string, string] {
  let first = 0;
  let last = body.length - 1;
  while (first < body.length && isBlank(body[first])) first += 1;
  while (last > first && isBlank(body[last])) last -= 1;
  return [String.fromCharCode(body[first] ?? 0), String.fromCharCode(body[last] ?? 0)];
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function errorIn(body: Buffer): string | undefined {
  try {
    const { error } = JSON.parse(body.toString()) as { error?: unknown };
    if (error === undefined) return undefined;
    return (typeof error === "string" ? error : JSON.stringify(error)).slice(0, errorCharsMax);
  } catch {
    return undefined;
  }
}

function messageIn(body: Buffer): string {
  const message = body.length <= errorBytesMax ? errorIn(body) : undefined;
  return message === undefined ? "" : `: ${message}`;
}
