/** The sockets door, before a real server on this machine. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { suite, test, type TestContext } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { SocketFailure, systemSockets } from "../../../runtime/doors/sockets.ts";
import { OperatorError } from "../../../runtime/errors.ts";

const frameBytesMax = 1_000;
const handshakeMsMax = 2_000;
/** Long enough for a busy machine to send something more. */
const quietMs = 300;

async function aServer(t: TestContext): Promise<{ server: WebSocketServer; url: string }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  t.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, "listening");
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws` };
}

function connect(url: string, signal = new AbortController().signal) {
  return systemSockets([url], "hourbook-test").connect(url, {
    signal,
    frameBytesMax,
    handshakeMsMax,
  });
}

suite("the sockets door", () => {
  test("connects to no address that was not declared", async (t) => {
    const { server, url } = await aServer(t);
    const door = systemSockets([url], "hourbook-test");
    const options = { signal: new AbortController().signal, frameBytesMax, handshakeMsMax };
    for (const other of [`${url}2`, url.replace("/ws", "/ws?user=1"), "ws://127.0.0.1:1/"]) {
      await assert.rejects(door.connect(other, options), (error: unknown) => {
        assert.ok(error instanceof OperatorError);
        assert.equal(error.code, "READ_ONLY_FENCE");
        return true;
      });
    }
    assert.equal(server.clients.size, 0);
  });

  test("gives up a peer that takes the connection and never answers", async (t) => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
    const door = systemSockets([url], "hourbook-test");
    const { signal } = new AbortController();
    const connecting = door.connect(url, { signal, frameBytesMax, handshakeMsMax: 50 });
    await assert.rejects(connecting, (error: unknown) => {
      assert.ok(error instanceof SocketFailure);
      assert.match(error.message, /handshake has timed out/);
      return true;
    });
  });

  test("hands out frames in their order, and undefined once the connection is over", async (t) => {
    const { server, url } = await aServer(t);
    server.on("connection", (client) => {
      client.on("message", (data) => {
        for (let frame = 0; frame < 3_000; frame += 1)
          client.send(`${(data as Buffer).toString()} ${frame}`);
        client.close();
      });
    });
    const socket = await connect(url);
    await socket.send("frame");
    for (let frame = 0; frame < 3_000; frame += 1)
      assert.equal(await socket.next(), `frame ${frame}`);
    assert.equal(await socket.next(), undefined);
    await assert.rejects(socket.send("more"), SocketFailure);
  });

  test("reads no further while many megabytes wait, and hands all of them out later", async (t) => {
    const { server, url } = await aServer(t);
    const [frames, megabyte] = [64, 1024 * 1024];
    const { promise: connected, resolve } = Promise.withResolvers<WebSocket>();
    server.on("connection", (client) => {
      for (let frame = 0; frame < frames; frame += 1) client.send("x".repeat(megabyte));
      resolve(client);
    });
    const { signal } = new AbortController();
    const door = systemSockets([url], "hourbook-test");
    const socket = await door.connect(url, { signal, frameBytesMax: 2 * megabyte, handshakeMsMax });
    const client = await connected;
    let left = Infinity;
    // Until what is not sent stays the same: the kernel's buffers hold some MB themselves.
    while (left > client.bufferedAmount) {
      left = client.bufferedAmount;
      await new Promise((done) => setTimeout(done, quietMs));
    }
    assert.ok(left > (frames / 4) * megabyte, `${left} B wait at the server`);
    for (let frame = 0; frame < frames; frame += 1)
      assert.equal((await socket.next())?.length, megabyte);
  });

  test("ends a connection whose frame is too long, and one whose run is over", async (t) => {
    const { server, url } = await aServer(t);
    server.once("connection", (client) => client.send("x".repeat(frameBytesMax + 1)));
    assert.equal(await (await connect(url)).next(), undefined);

    const run = new AbortController();
    const socket = await connect(url, run.signal);
    run.abort();
    assert.equal(await socket.next(), undefined);
  });

  test("says why it could not connect", async (t) => {
    const { server, url } = await aServer(t);
    server.close();
    await assert.rejects(connect(url), SocketFailure);
  });
});
