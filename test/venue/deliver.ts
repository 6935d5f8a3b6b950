/** Sends an answer, honestly or as a fault wants: late, byte by byte, cut, or never. */
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { Clock } from "../../runtime/doors/clock.ts";
import { bodyOf, type Answer } from "./answer.ts";
import type { Fault } from "./faults.ts";

export interface Waits {
  clock: Clock;
  /**
   * Called with a request's `x-hold` when the venue starts to wait on purpose, and when that wait ends,
   * before anything is written. In between only the clock, or the client hanging up, can move this
   * request on.
   */
  onPark?: ((hold: string) => void) | undefined;
  onUnpark?: ((hold: string) => void) | undefined;
}

export interface Errand {
  response: ServerResponse;
  hold: string | undefined;
  fault: Fault | undefined;
  gzip: boolean;
}

const defaultSlowMs = 10_000;
const defaultTrickleMs = 1_000;
const defaultHugeBytes = 64 * 1024 * 1024;

/** The wait before the answer is even worked out. False: there will be none. */
export async function before(errand: Errand, waits: Waits): Promise<boolean> {
  const { fault, response } = errand;
  if (fault?.kind === "reset") {
    response.socket?.resetAndDestroy();
    return false;
  }
  if (fault?.kind === "hang") return await wait(errand, waits, undefined);
  if (fault?.kind === "slow") return await wait(errand, waits, fault.ms ?? defaultSlowMs);
  return true;
}

/** True: the whole body left this process. */
export async function deliver(answer: Answer, errand: Errand, waits: Waits): Promise<boolean> {
  const { response, fault } = errand;
  const plain = bodyOf(answer);
  const gzip = errand.gzip && fault?.kind !== "huge";
  const body = gzip ? gzipSync(plain, { level: 1 }) : plain;
  const headers = {
    ...answer.headers,
    ...(gzip && { "content-encoding": "gzip", vary: "accept-encoding" }),
  };
  const start = (length: number | undefined): void => {
    response.writeHead(
      answer.status,
      length === undefined ? headers : { ...headers, "content-length": length },
    );
  };
  const half = Math.ceil(body.length / 2);

  switch (fault?.kind) {
    case "truncated":
      start(half);
      await ended(response, body.subarray(0, half));
      return false;
    case "cut-short":
      start(body.length);
      response.write(body.subarray(0, half), () => response.destroy());
      return false;
    case "stall":
      start(body.length);
      response.write(body.subarray(0, half));
      return await wait(errand, waits, undefined);
    case "trickle":
      start(body.length);
      response.flushHeaders();
      return await trickle(body, errand, waits);
    case "huge":
      start(undefined);
      if (!(await blanks(response, fault.bytes ?? defaultHugeBytes))) return false;
      return await ended(response, body);
    default:
      start(body.length);
      return await ended(response, body);
  }
}

async function trickle(body: Buffer, errand: Errand, waits: Waits): Promise<boolean> {
  for (let sent = 0; sent < body.length; sent += 1) {
    if (!(await wait(errand, waits, errand.fault?.ms ?? defaultTrickleMs))) return false;
    errand.response.write(body.subarray(sent, sent + 1));
  }
  return await ended(errand.response);
}

/** JSON may start with any number of blanks: a body that only a bound on its size keeps out. */
async function blanks(response: ServerResponse, bytes: number): Promise<boolean> {
  const chunk = Buffer.alloc(64 * 1024, " ");
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    if (response.closed) return false;
    if (response.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        response.off("drain", go).off("close", go);
        resolve();
      };
      response.on("drain", go).on("close", go);
    });
  }
  return !response.closed;
}

/** Without `ms`: until the client hangs up. True: the time has passed and the client is still there. */
function wait({ response, hold }: Errand, waits: Waits, ms: number | undefined): Promise<boolean> {
  if (response.closed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (open: boolean): void => {
      cancel?.();
      response.off("close", onClose);
      if (hold !== undefined) waits.onUnpark?.(hold);
      resolve(open);
    };
    const onClose = (): void => end(false);
    response.once("close", onClose);
    if (hold !== undefined) waits.onPark?.(hold);
    const cancel = ms === undefined ? undefined : waits.clock.after(ms, () => end(true));
  });
}

function ended(response: ServerResponse, body?: Buffer): Promise<boolean> {
  if (response.closed) return Promise.resolve(false);
  return new Promise((resolve) => {
    response.once("finish", () => resolve(true));
    response.once("close", () => resolve(false));
    response.end(body);
  });
}
