/**
 * The only way out to the network. It can read, and only what was declared: every request is held against
 * a list of endpoints by origin, method and path before anything is resolved or connected.
 */
import type { KyInstance } from "ky";
import { OperatorError } from "../errors.ts";

/** One public read. `url` has no query: any query is allowed on it. */
export interface Endpoint {
  method: "GET" | "HEAD" | "POST";
  url: string;
}

export interface HttpRequest {
  method: Endpoint["method"];
  url: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** The answer's body, decoded, may not be longer. */
  bytesMax: number;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
}

export interface Http {
  /** Any status is an answer; throws `HttpFailure` where there is none, `OperatorError` where it may not ask. */
  request(request: HttpRequest): Promise<HttpAnswer>;
}

export type HttpFailureKind = "network" | "aborted" | "too-large" | "redirect";

/** No whole answer came. `partial` is what had arrived of the body. */
export class HttpFailure extends Error {
  override name = "HttpFailure";
  kind: HttpFailureKind;
  status: number | undefined;
  partial: Buffer;

  constructor(
    kind: HttpFailureKind,
    message: string,
    seen: { status?: number; partial?: Buffer; cause?: unknown },
  ) {
    super(message, { cause: seen.cause });
    this.kind = kind;
    this.status = seen.status;
    this.partial = seen.partial ?? Buffer.alloc(0);
  }
}

export interface HttpOptions {
  endpoints: readonly Endpoint[];
  userAgent: string;
}

export function systemHttp(options: HttpOptions): Http {
  return {
    async request(request) {
      refuseUnlessDeclared(request, options.endpoints);
      const ky = await loadKy();
      const response = await send(ky, request, options.userAgent);
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: await readBody(response, request),
      };
    },
  };
}

function refuseUnlessDeclared(request: HttpRequest, endpoints: readonly Endpoint[]): void {
  const asked = URL.parse(request.url);
  const declared = endpoints.some((endpoint) => {
    const allowed = new URL(endpoint.url);
    return (
      asked !== null &&
      asked.origin === allowed.origin &&
      asked.pathname === allowed.pathname &&
      asked.username === "" &&
      asked.password === "" &&
      request.method === endpoint.method
    );
  });
  if (declared) return;
  throw new OperatorError("READ_ONLY_FENCE", {
    message: `refused ${request.method} ${request.url}: not on the list of public reads`,
    details: endpoints.map((endpoint) => `allowed: ${endpoint.method} ${endpoint.url}`),
    safe: "Nothing was sent.",
    next: "a public read that is meant belongs into the function's `endpoints`: docs/add-a-function.md",
  });
}

// ky costs 22 MB of memory: an idle runtime does without.
let loaded: KyInstance | undefined;

async function loadKy(): Promise<KyInstance> {
  loaded ??= (await import("ky")).default.create({
    // Retries and deadlines belong to the caller, who knows its slot; two owners would multiply.
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    redirect: "manual",
  });
  return loaded;
}

async function send(ky: KyInstance, request: HttpRequest, userAgent: string): Promise<Response> {
  let response: Response;
  try {
    response = await ky(request.url, {
      method: request.method,
      headers: { "user-agent": userAgent, ...request.headers },
      signal: request.signal,
      ...(request.body === undefined ? {} : { body: request.body as string }),
    });
  } catch (error) {
    throw failureOf(error, request, {});
  }
  if (response.status >= 300 && response.status < 400 && response.status !== 304) {
    await response.body?.cancel();
    const target = response.headers.get("location") ?? "an unnamed place";
    throw new HttpFailure("redirect", `${request.url} redirects to ${target}: not followed`, {
      status: response.status,
    });
  }
  return response;
}

async function readBody(response: Response, request: HttpRequest): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const seen = (): { status: number; partial: Buffer } => ({
    status: response.status,
    partial: Buffer.concat(chunks),
  });
  const reader = response.body?.getReader();
  // fetch ties a body to its signal by weak references, which a garbage collection in mid-body cuts: a venue
  // that stalls would then hold the run for five minutes.
  const giveUp = (): void => void reader?.cancel().catch(() => {});
  request.signal.addEventListener("abort", giveUp, { once: true });
  try {
    for (;;) {
      request.signal.throwIfAborted();
      const piece = await reader?.read();
      request.signal.throwIfAborted();
      if (piece === undefined || piece.done) break;
      bytes += piece.value.length;
      if (bytes > request.bytesMax) break;
      chunks.push(piece.value);
    }
  } catch (error) {
    throw failureOf(error, request, seen());
  } finally {
    request.signal.removeEventListener("abort", giveUp);
    giveUp();
  }
  if (bytes <= request.bytesMax) return Buffer.concat(chunks);
  const message = `${request.url} answered more than ${request.bytesMax} bytes`;
  throw new HttpFailure("too-large", message, seen());
}

function failureOf(
  error: unknown,
  request: HttpRequest,
  seen: { status?: number; partial?: Buffer },
): HttpFailure {
  if (request.signal.aborted) {
    return new HttpFailure("aborted", `${request.url}: given up`, { ...seen, cause: error });
  }
  return new HttpFailure("network", `${request.url}: ${rootMessage(error)}`, {
    ...seen,
    cause: error,
  });
}

// fetch says "fetch failed"; what failed is in the last cause.
function rootMessage(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root instanceof Error ? root.message : String(root);
}
