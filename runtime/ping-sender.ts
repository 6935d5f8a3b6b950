/** Sends pings one after the other, no more than the service takes, and never in anybody's way. */
import { deadline } from "./doors/clock.ts";
import { HttpFailure } from "./doors/http.ts";
import type { Machine } from "./doors/machine.ts";
import { OperatorError } from "./errors.ts";
import type { Log } from "./function.ts";
import { type PingKind, pingEndpoints, pingUrl } from "./ping-url.ts";
import { minuteMs, secondMs } from "./time.ts";

export interface Ping {
  kind: PingKind;
  body: string;
  rid?: string | undefined;
}

export interface PingSender {
  /** Sends it when the last one is long enough ago; one that waits gives way to a newer one. */
  ask(ping: Ping): void;
  /** Sends it now, as the last one; settles within a bound. */
  last(ping: Ping): Promise<void>;
}

export interface PingSenderOptions {
  machine: Pick<Machine, "clock" | "http">;
  /** Never logged: whoever knows it can report in this machine's name. */
  url: string;
  log: Log;
}

/** healthchecks.io may drop what is more than five a minute. */
const gapMs = 15 * secondMs;
const answerMsMax = 10 * secondMs;
/** A bad message that did not get through is tried again. */
const retryAfterMs = minuteMs;
const lastMsMax = 2 * secondMs;
const bodyCharsMax = 9_000;
const answerBytesMax = 64 * 1024;

export function createPingSender(options: PingSenderOptions): PingSender {
  return new Sender(options);
}

class Sender implements PingSender {
  #options: PingSenderOptions;
  #waiting: Ping | undefined;
  #sentAt = -Infinity;
  #isSending = false;
  #cancelTimer: (() => void) | undefined;
  #isUnreached = false;
  #isOver = false;

  constructor(options: PingSenderOptions) {
    this.#options = options;
  }

  ask(ping: Ping): void {
    if (this.#isOver) return;
    this.#waiting = ping;
    this.#arm(0);
  }

  async last(ping: Ping): Promise<void> {
    this.#isOver = true;
    this.#cancelTimer?.();
    await this.#send(ping, lastMsMax);
  }

  #arm(delayMs: number): void {
    const { clock } = this.#options.machine;
    if (this.#isSending || this.#isOver) return;
    const waitMs = Math.max(delayMs, this.#sentAt + gapMs - clock.monotonic(), 0);
    this.#cancelTimer?.();
    // Also where there is nothing to wait for: not in the middle of whatever is going on just now.
    this.#cancelTimer = clock.after(waitMs, () => void this.#sendWaiting());
  }

  async #sendWaiting(): Promise<void> {
    const ping = this.#waiting;
    if (ping === undefined) return;
    this.#waiting = undefined;
    this.#isSending = true;
    const isThrough = await this.#send(ping, answerMsMax);
    this.#isSending = false;
    const isLost = !isThrough && ping.kind === "fail" && this.#waiting === undefined;
    if (isLost) this.#waiting = ping;
    if (this.#waiting !== undefined) this.#arm(isLost ? retryAfterMs : 0);
  }

  /** Never rejects; whether it got through. */
  async #send({ kind, body, rid }: Ping, msMax: number): Promise<boolean> {
    const { machine, url } = this.#options;
    const timer = deadline(machine.clock, msMax, new Error("no answer in time"));
    this.#sentAt = machine.clock.monotonic();
    try {
      const { status } = await machine.http(pingEndpoints(url)).request({
        method: "POST",
        url: pingUrl(url, kind, rid),
        headers: { "content-type": "text/plain; charset=utf-8" },
        // Of a long log the end tells most.
        body: body.slice(-bodyCharsMax),
        bytesMax: answerBytesMax,
        signal: timer.signal,
      });
      const isThrough = status >= 200 && status < 300;
      this.#say(isThrough ? undefined : `HTTP ${status}`);
      return isThrough;
    } catch (error) {
      // Its message names the URL.
      this.#say(kindOf(error));
      return false;
    } finally {
      timer.clear();
    }
  }

  /** Once, until it is otherwise. */
  #say(problem: string | undefined): void {
    const { log } = this.#options;
    if (problem === undefined && this.#isUnreached)
      log.info({}, "the health check is reached again");
    if (problem !== undefined && !this.#isUnreached)
      log.warn({ problem }, "the health check is not reached; recording goes on");
    this.#isUnreached = problem !== undefined;
  }
}

function kindOf(error: unknown): string {
  if (error instanceof HttpFailure) return error.kind;
  return error instanceof OperatorError ? error.code : "not sent";
}
