/** The market channel's door: upgrades connections and gives each a client of its own. */
import type { Server } from "node:http";
import { WebSocketServer } from "ws";
import { StreamClient, type StreamOptions } from "./stream-client.ts";

const path = "/ws/market";

export function serveStream(server: Server, options: StreamOptions): { close(): void } {
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (!request.url?.split("?")[0]?.endsWith(path)) {
      socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      options.ledger.stream.connections += 1;
      const served = new StreamClient(client, options);
      client.on("message", (data) => {
        served.hear((data as Buffer).toString());
        options.onFrame?.("heard");
      });
      client.on("error", () => served.stop());
      client.on("close", () => served.stop());
    });
  });
  return {
    close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}
