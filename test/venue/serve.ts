/** From a request to its answer: the fault that hits it, the honest words, what is sent and what is noted. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorAnswer, type Answer } from "./answer.ts";
import { damaged, type Surroundings } from "./damage.ts";
import { before, deliver, type Errand, type Waits } from "./deliver.ts";
import type { Endpoint, Fault, FaultControl } from "./faults.ts";
import type { Route } from "./gamma.ts";
import type { Ledger } from "./served.ts";
import type { Book, World } from "./world.ts";

export interface House {
  world: World;
  faults: FaultControl;
  ledger: Ledger;
  waits: Waits;
  gzip: boolean;
}

const bodyBytesMax = 5 * 1024 * 1024;
const edgeHeaders = { server: "cloudflare", "cf-cache-status": "DYNAMIC" };

export function serve(api: "gamma" | "clob", route: Route, house: House): Server {
  const server = createServer(
    (request, response) => void answer(api, route, house, request, response),
  );
  // Only the clock given decides about time: Node's own timeouts go by the machine's.
  server.keepAliveTimeout = server.headersTimeout = server.requestTimeout = 0;
  return server;
}

async function answer(
  api: "gamma" | "clob",
  route: Route,
  house: House,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { ledger, faults, waits } = house;
  const { headers, method = "GET" } = request;
  const url = new URL(`http://venue${request.url ?? "/"}`);
  const now = waits.clock.now();
  const endpoint = endpointOf(api, method, url.pathname);
  const fault = endpoint === "other" ? undefined : faults.take(endpoint, now);
  const entry = ledger.begin({
    at: now,
    api,
    endpoint,
    method,
    path: url.pathname + url.search,
    host: headers.host ?? "",
    userAgent: headers["user-agent"] ?? "",
    status: 0,
    fault: fault?.kind,
  });

  const body = await bodyOf(request);
  const errand: Errand = {
    response,
    hold: headers["x-hold"]?.toString(),
    fault,
    gzip: house.gzip && (headers["accept-encoding"] ?? "").includes("gzip"),
  };
  if (body === undefined || !(await before(errand, waits))) {
    ledger.end(entry, false, []);
    return;
  }

  // A slow answer was queued first, as a throttled one is: it tells of the moment when it was worked out.
  entry.at = waits.clock.now();
  const { pathname: path, searchParams: query } = url;
  const honest = route({ method, path, query, body, now: entry.at, fault });
  if (honest === undefined) entry.endpoint = "other";
  const reply = spoilt(honest ?? errorAnswer(404, "Not Found"), fault, {
    now: entry.at,
    path: entry.path,
    elsewhere: `http://localhost:${request.socket.localPort}`,
    strangeBook: () => stranger(house.world, entry.at, body + entry.path),
  });
  entry.status = reply.status;
  response.sendDate = false;
  const date = new Date(entry.at).toUTCString();
  const sent = { ...reply, headers: { date, ...edgeHeaders, ...reply.headers } };
  const whole = await deliver(sent, errand, waits);
  ledger.end(entry, whole, reply.items);
}

function spoilt(honest: Answer, fault: Fault | undefined, around: Surroundings): Answer {
  return fault === undefined ? honest : damaged(honest, fault, around);
}

function endpointOf(api: "gamma" | "clob", method: string, path: string): Endpoint | "other" {
  if (api === "gamma") {
    const [, name] = path.split("/");
    return method === "GET" && (name === "markets" || name === "events") ? name : "other";
  }
  if (method === "POST") return path === "/books" ? "books" : "other";
  if (method !== "GET") return "other";
  return path === "/book" ? "book" : "clob";
}

/** An open book of a market that nobody asked about here. */
function stranger(world: World, now: number, request: string): Book {
  const asked = new Set(request.match(/\d+/g));
  const markets = new Set([...asked].map((token) => world.book(token, now)?.market));
  for (const token of world.tokens(now)) {
    const book = asked.has(token) ? undefined : world.book(token, now);
    if (book !== undefined && !markets.has(book.market)) return book;
  }
  // Every market was asked about: one that does not exist.
  const [nobody, market] = ["9".repeat(77), `0x${"9".repeat(64)}`];
  const book = { market, asset_id: nobody, timestamp: String(now), hash: "", bids: [], asks: [] };
  return { token: nobody, market, text: JSON.stringify(book) };
}

/** Undefined: the client went away, or sent more than any honest one would. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > bodyBytesMax) return undefined;
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString();
}
