/**
 * A proxy that answers for some hosts itself and reaches none at all: whoever is told to use it cannot get
 * past this machine.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { Certificate } from "./certificate.ts";

export interface Proxy {
  url: string;
  /** `host:port` of each connection that was asked for and refused. */
  refused: string[];
  /** Drops the connection without a word, as a broken network does. */
  reset(connection: Socket): void;
  stop(): Promise<void>;
}

/** `server` gets the connections to `hosts`, decrypted. */
export async function startProxy(
  server: Server,
  hosts: readonly string[],
  { key, cert }: Certificate,
): Promise<Proxy> {
  const secureContext = createSecureContext({ key, cert });
  const refused: string[] = [];
  const open = new Set<Socket>();
  const under = new WeakMap<Socket, Socket>();
  const proxy = createServer((request, response) => {
    refused.push(request.url ?? "");
    response.writeHead(403).end();
  });
  proxy.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    // A client that is killed resets its connection.
    socket.on("error", () => socket.destroy());
  });
  proxy.on("connect", (request, socket: Socket) => {
    const asked = request.url ?? "";
    if (!hosts.some((host) => asked === `${host}:443`)) {
      refused.push(asked);
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    const secure = new TLSSocket(socket, { isServer: true, secureContext });
    under.set(secure, socket);
    secure.on("error", () => socket.destroy());
    server.emit("connection", secure);
  });
  proxy.listen(0, "127.0.0.1");
  await new Promise((resolve) => proxy.once("listening", resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    refused,
    reset(connection) {
      under.get(connection)?.resetAndDestroy();
      connection.destroy();
    },
    async stop() {
      const closed = new Promise((resolve) => proxy.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
