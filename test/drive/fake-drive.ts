/**
 * A Google Drive in this process, which the real rclone talks to through a proxy. It holds what it was sent in
 * memory, counts the calls, and goes wrong where a test says so. No connection gets past it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Answer, Api, type Call, kindOf, refusal } from "./api.ts";
import { throwAwayCertificate } from "./certificate.ts";
import { type CallKind, type Fault, type FaultKind, Faults } from "./faults.ts";
import { isLoggedIn, renewed } from "./login.ts";
import { DriveObjects } from "./objects.ts";
import { type Proxy, startProxy } from "./proxy.ts";

export interface FakeDrive {
  objects: DriveObjects;
  faults: Faults;
  /** How many calls of each kind came in. */
  calls: Partial<Record<CallKind, number>>;
  /** Calls that are not answered yet: what they bring may still appear. */
  readonly underWay: number;
  /** What was asked of it that it cannot answer, and hosts that it refused: both are empty in a good test. */
  strange: readonly string[];
  /** What makes a program talk to it: a proxy, and a certificate to trust. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

const hosts = ["www.googleapis.com", "oauth2.googleapis.com"];

/** Its certificate is written into `folder`. */
export async function startFakeDrive(folder: string): Promise<FakeDrive> {
  const objects = new DriveObjects();
  const faults = new Faults();
  const api = new Api(objects);
  const calls: FakeDrive["calls"] = {};
  let underWay = 0;
  const strange: string[] = [];

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", `https://${request.headers.host}`);
    const kind = kindOf(request.method ?? "", url);
    // Whoever is cut off while he sends has not said it.
    const body = Buffer.concat(await request.toArray());
    if (kind === undefined) {
      strange.push(`${request.method} ${url.href}`);
      send(response, { status: 501 });
      return;
    }
    calls[kind] = (calls[kind] ?? 0) + 1;
    const struck = faults.strike(kind);
    const has = (wanted: FaultKind): boolean => struck.some((fault) => fault.kind === wanted);
    for (const { act } of struck) act?.();
    await wait(struck);
    if (has("reset")) {
      proxy.reset(request.socket);
      return;
    }
    const quoted = refusal(400, "badRequest", `not for ${request.headers.authorization}`);
    const answer = has("quote")
      ? quoted
      : (refusalOf(has) ?? answerTo({ kind, url, request, body }, struck));
    if (has("lost-reply") && answer.status === 200) proxy.reset(request.socket);
    else send(response, answer);
  }

  function answerTo(call: Call, struck: readonly Fault[]): Answer {
    if (call.kind === "token") return renewed(call.body, call.request);
    if (!isLoggedIn(call.request)) return refusal(401, "authError", "Invalid Credentials");
    try {
      return api.answer(call, struck);
    } catch (error) {
      strange.push(`${call.kind} ${call.url.href}: ${String(error)}`);
      return { status: 501 };
    }
  }

  const server = createServer((request, response) => {
    underWay += 1;
    const done = (): void => void (underWay -= 1);
    take(request, response)
      .catch(() => request.destroy())
      .finally(done);
  });
  const certificate = await throwAwayCertificate(folder, hosts);
  const proxy: Proxy = await startProxy(server, hosts, certificate);
  return {
    objects,
    faults,
    calls,
    get underWay() {
      return underWay;
    },
    get strange() {
      return [...strange, ...proxy.refused];
    },
    env: { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: certificate.certFile },
    stop: () => proxy.stop(),
  };
}

const refusals: Partial<Record<FaultKind, Answer>> = {
  unauthorized: refusal(401, "authError", "Invalid Credentials"),
  rate: refusal(403, "rateLimitExceeded", "Rate Limit Exceeded"),
  down: refusal(503, "backendError", "Backend Error"),
  quota: refusal(403, "userRateLimitExceeded", "User rate limit exceeded."),
  full: refusal(403, "storageQuotaExceeded", "The user's Drive storage quota has been exceeded."),
};

function refusalOf(has: (kind: FaultKind) => boolean): Answer | undefined {
  return Object.entries(refusals).find(([kind]) => has(kind as FaultKind))?.[1];
}

async function wait(struck: readonly Fault[]): Promise<void> {
  const ms = Math.max(0, ...struck.map(({ kind, ms: slow = 0 }) => (kind === "slow" ? slow : 0)));
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const isBytes = Buffer.isBuffer(body);
  const type = isBytes ? "application/octet-stream" : "application/json; charset=UTF-8";
  const bytes = isBytes ? body : JSON.stringify(body ?? {});
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(status === 204 ? undefined : bytes);
}
