/**
 * The HTTP door is the fence that makes Hourbook a reader and nothing else: what is not on its list must not
 * leave the process, not one byte, not even a connection.
 *
 * Method: real servers on loopback that count every connection, byte and request.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { suite, test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import {
  type HttpAnswer,
  HttpFailure,
  type HttpRequest,
  systemHttp,
} from "../../../runtime/doors/http.ts";
import { OperatorError } from "../../../runtime/errors.ts";

suite("the fence", () => {
  const refused: [string, (base: string, elsewhere: string) => Partial<HttpRequest>][] = [
    ["a trading path", (base) => ({ url: `${base}/order`, method: "POST" })],
    ["cancelling", (base) => ({ url: `${base}/orders`, method: "DELETE" as "POST" })],
    ["another method on a known path", (base) => ({ url: `${base}/books`, method: "GET" })],
    ["a method in other letters", (base) => ({ url: `${base}/books`, method: "post" as "POST" })],
    ["PUT", (base) => ({ url: `${base}/books`, method: "PUT" as "POST" })],
    ["another host", (_, elsewhere) => ({ url: `${elsewhere}/books` })],
    [
      "the same host under another name",
      (base) => ({ url: `${base.replace("127.0.0.1", "localhost")}/books` }),
    ],
    [
      "another port",
      (base) => ({ url: `${base.replace(/\d+$/, (port) => String(Number(port) + 1))}/books` }),
    ],
    ["another scheme", (base) => ({ url: `${base.replace("http:", "https:")}/books` })],
    ["a path below", (base) => ({ url: `${base}/books/1` })],
    ["a path above", (base) => ({ url: `${base}/books/..` })],
    ["a path around", (base) => ({ url: `${base}/books/../order` })],
    ["an encoded way around", (base) => ({ url: `${base}/books/%2e%2e/order` })],
    ["a doubled slash", (base) => ({ url: `${base}//books` })],
    ["other letters in the path", (base) => ({ url: `${base}/Books` })],
    ["an encoded letter in the path", (base) => ({ url: `${base}/%62ooks` })],
    ["a closing slash", (base) => ({ url: `${base}/books/` })],
    ["credentials", (base) => ({ url: `${base.replace("//", "//key:secret@")}/books` })],
    [
      "another host behind an @",
      (base, elsewhere) => ({ url: `${base}@${new URL(elsewhere).host}/books` }),
    ],
    ["a file", () => ({ url: "file:///etc/passwd" })],
    ["no address at all", () => ({ url: "/books" })],
  ];
  for (const [what, request] of refused) {
    test(`refuses ${what} before a byte leaves`, async (t) => {
      const [server, elsewhere] = [await aServer(t), await aServer(t)];
      const error = await failure(
        door(server).request({ ...anyRequest(server), ...request(server.url, elsewhere.url) }),
      );
      assert.ok(error instanceof OperatorError, String(error));
      assert.equal(error.code, "READ_ONLY_FENCE");
      assert.deepEqual(error.details, [
        `allowed: POST ${server.url}/books`,
        `allowed: GET ${server.url}/list`,
      ]);
      assert.equal(error.safe, "Nothing was sent.");
      assert.deepEqual([server.seen, elsewhere.seen], [nothing, nothing]);
    });
  }

  for (const status of [301, 302, 303, 307, 308]) {
    test(`does not follow a ${status} to elsewhere, nor to a trading path`, async (t) => {
      const elsewhere = await aServer(t);
      for (const location of [`${elsewhere.url}/books`, "/order"]) {
        const server = await aServer(t, (_, response) =>
          response.writeHead(status, { location }).end("moved"),
        );
        const error = await failure(door(server).request(anyRequest(server)));
        assert.ok(error instanceof HttpFailure);
        assert.deepEqual([error.kind, error.status], ["redirect", status]);
        assert.match(error.message, /not followed/);
        assert.equal(server.seen.requests, 1);
      }
      assert.deepEqual(elsewhere.seen, nothing);
    });
  }

  test("lets what is on its list through, whatever the query", async (t) => {
    const server = await aServer(t);
    const answers = [
      await door(server).request({ ...anyRequest(server), body: '[{"token_id":"1"}]' }),
      await door(server).request({
        ...anyRequest(server),
        method: "GET",
        url: `${server.url}/list?a=/order&b=%2F`,
      }),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
    assert.deepEqual(server.asked, ['POST /books [{"token_id":"1"}]', "GET /list?a=/order&b=%2F "]);
  });

  test("has a list even if a function declares nothing: an empty one", async (t) => {
    const server = await aServer(t);
    const http = systemHttp({ endpoints: [], userAgent: "test" });
    assert.ok((await failure(http.request(anyRequest(server)))) instanceof OperatorError);
    assert.deepEqual(server.seen, nothing);
  });
});

suite("an answer", () => {
  test("is one whatever its status, and is asked for once", async (t) => {
    for (const status of [204, 304, 400, 404, 429, 500, 503]) {
      const server = await aServer(t, (_, response) =>
        response.writeHead(status, { "Retry-After": "0", "X-A": "b" }).end(),
      );
      const answer = await door(server).request(anyRequest(server));
      assert.deepEqual(
        [answer.status, answer.headers["x-a"], server.seen.requests],
        [status, "b", 1],
      );
    }
  });

  test("comes decoded, to a server that is told who asks", async (t) => {
    const server = await aServer(t, (request, response) => {
      assert.match(String(request.headers["accept-encoding"]), /gzip/);
      assert.equal(request.headers["user-agent"], "hourbook-test");
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("text"));
    });
    assert.equal((await door(server).request(anyRequest(server))).body.toString(), "text");
  });

  test("longer than the bound is cut there, decoded or not", async (t) => {
    for (const [headers, body] of [
      [{}, Buffer.alloc(100_000, "x")],
      [{ "content-encoding": "gzip" }, gzipSync(Buffer.alloc(100_000_000, "x"))],
    ] as const) {
      const server = await aServer(t, (_, response) => response.writeHead(200, headers).end(body));
      const error = await failure(door(server).request(anyRequest(server)));
      assert.ok(error instanceof HttpFailure);
      assert.equal(error.kind, "too-large");
      assert.ok(error.partial.length <= bytesMax);
    }
  });

  test("that breaks off gives what had come of it", async (t) => {
    const server = await aServer(t, (_, response) => {
      response.writeHead(200, { "content-length": 10 }).write("half", () => response.destroy());
    });
    const error = await failure(door(server).request(anyRequest(server)));
    assert.ok(error instanceof HttpFailure);
    assert.deepEqual(
      [error.kind, error.status, error.partial.toString()],
      ["network", 200, "half"],
    );
  });

  test("that is given up before its first byte says so", async (t) => {
    const controller = new AbortController();
    const server = await aServer(t, () => controller.abort(new Error("enough")));
    const error = await failure(
      door(server).request({ ...anyRequest(server), signal: controller.signal }),
    );
    assert.ok(error instanceof HttpFailure);
    assert.deepEqual([error.kind, error.status, error.partial.length], ["aborted", undefined, 0]);
  });

  test("that is given up halfway gives what had come of it", async (t) => {
    const controller = new AbortController();
    // More than all buffers between the two take: when it is written, a part has come through.
    const half = Buffer.alloc(32 * 1024 * 1024, "x");
    const server = await aServer(t, (_, response) => {
      response.writeHead(200, { "content-length": 2 * half.length });
      response.write(half, () => controller.abort(new Error("enough")));
    });
    const request = { ...anyRequest(server), bytesMax: 2 * half.length, signal: controller.signal };
    const error = await failure(door(server).request(request));
    assert.ok(error instanceof HttpFailure);
    assert.deepEqual([error.kind, error.status], ["aborted", 200]);
    assert.ok(error.partial.length > 0 && error.partial.length <= half.length);
  });

  test("that never comes, since nobody listens, says why", async (t) => {
    const server = await aServer(t);
    server.server.close();
    server.server.closeAllConnections();
    const error = await failure(door(server).request(anyRequest(server)));
    assert.ok(error instanceof HttpFailure);
    assert.equal(error.kind, "network");
    assert.match(error.message, /ECONNREFUSED/);
  });
});

const bytesMax = 50_000;
const nothing = { connections: 0, bytes: 0, requests: 0 };

interface Counted {
  server: Server;
  url: string;
  seen: { connections: number; bytes: number; requests: number };
  asked: string[];
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function aServer(
  t: TestContext,
  handle: Handler = (_, response) => response.end("[]"),
): Promise<Counted> {
  const seen = { ...nothing };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    seen.requests += 1;
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${body}`);
      handle(request, response);
    });
  });
  server.on("connection", (socket: Socket) => {
    seen.connections += 1;
    socket.on("data", (chunk: Buffer) => (seen.bytes += chunk.length));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, asked };
}

function door({ url }: Counted): ReturnType<typeof systemHttp> {
  const endpoints = [
    { method: "POST", url: `${url}/books` },
    { method: "GET", url: `${url}/list` },
  ] as const;
  return systemHttp({ endpoints, userAgent: "hourbook-test" });
}

function anyRequest({ url }: Counted): HttpRequest {
  return { method: "POST", url: `${url}/books`, bytesMax, signal: new AbortController().signal };
}

async function failure(asked: Promise<HttpAnswer>): Promise<unknown> {
  try {
    await asked;
  } catch (error) {
    return error;
  }
  throw new Error("it was let through");
}
