/** A health-check service on the loopback: it notes each ping, and answers well, badly or never. */
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { text } from "node:stream/consumers";
import { holdHeader } from "./machine.ts";

export interface HealthCheck {
  url: string;
  pings: Ping[];
  /** 200 at first; `never` keeps the sender waiting. */
  answers: number | "never";
}

export interface Ping {
  method: string;
  /** After the check's own: `/start`, `` for well. */
  suffix: string;
  rid: string | null;
  body: string;
}

const path = "/ping/0b7c2a4e-secret";

export async function healthCheck(
  t: TestContext,
  onPark: (hold: string) => void = () => {},
): Promise<HealthCheck> {
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const check: HealthCheck = { url: `http://127.0.0.1:${port}${path}`, pings: [], answers: 200 };

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", check.url);
    const body = await text(request);
    check.pings.push({
      method: request.method ?? "",
      suffix: url.pathname.replace(path, ""),
      rid: url.searchParams.get("rid"),
      body,
    });
    if (check.answers === "never") onPark(String(request.headers[holdHeader]));
    else response.writeHead(check.answers).end("OK");
  }
  return check;
}
