/**
 * The only way to a WebSocket, and only to the addresses that were declared. What is sent is what the caller
 * writes: the fence of public reads knows no bodies, so a function declares a channel that can only be listened to.
 */
import type { WebSocket } from "ws";
import { OperatorError, messageOf } from "../errors.ts";

export interface Sockets {
  /** Settles when the connection stands. Throws `SocketFailure`, or `OperatorError` where it may not connect. */
  connect(url: string, options: SocketOptions): Promise<Socket>;
}

export interface SocketOptions {
  signal: AbortSignal;
  /** A longer frame ends the connection. */
  frameBytesMax: number;
  /** A peer that takes longer to agree is given up. */
  handshakeMsMax: number;
}

export interface Socket {
  /** The next frame as text, in the order of arrival; `undefined` once the connection is over. */
  next(): Promise<string | undefined>;
  send(text: string): Promise<void>;
  close(): Promise<void>;
}

export class SocketFailure extends Error {
  override name = "SocketFailure";
}

/** Frames that wait for their reader, and their characters; with more of either the socket is not read any further. */
const waitingMax = 1_000;
const waitingCharsMax = 16 * 1024 * 1024;

export function systemSockets(urls: readonly string[], userAgent: string): Sockets {
  return {
    async connect(url, { signal, frameBytesMax, handshakeMsMax }) {
      refuseUnlessDeclared(url, urls);
      // 17 MB that an idle runtime does without.
      const { WebSocket: Client } = await import("ws");
      const socket = new Client(url, {
        maxPayload: frameBytesMax,
        handshakeTimeout: handshakeMsMax,
        headers: { "user-agent": userAgent },
        followRedirects: false,
      });
      const abort = (): void => socket.terminate();
      signal.addEventListener("abort", abort, { once: true });
      socket.on("close", () => signal.removeEventListener("abort", abort));
      if (signal.aborted) abort();
      const frames = queueOf(socket);
      await opened(socket, url);
      return {
        next: frames.next,
        send: (text) => sent(socket, text),
        async close() {
          socket.terminate();
        },
      };
    },
  };
}

function refuseUnlessDeclared(url: string, urls: readonly string[]): void {
  if (urls.includes(url)) return;
  throw new OperatorError("READ_ONLY_FENCE", {
    message: `refused the socket ${url}: not on the list of public channels`,
    details: urls.map((allowed) => `allowed: ${allowed}`),
    safe: "Nothing was sent.",
    next: "a public channel that is meant belongs into the function's `channels`: functions/audit-stream.ts shows how",
  });
}

function opened(socket: WebSocket, url: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("open", resolve);
  socket.once("error", (error) => reject(new SocketFailure(`${url}: ${messageOf(error)}`)));
  socket.once("close", () => reject(new SocketFailure(`${url}: closed before it stood`)));
  return promise;
}

function queueOf(socket: WebSocket): Pick<Socket, "next"> {
  const waiting: string[] = [];
  const state = { isOver: false };
  let chars = 0;
  let wake = (): void => {};
  const fill = (): number => Math.max(waiting.length / waitingMax, chars / waitingCharsMax);
  socket.on("message", (data, isBinary) => {
    const text = isBinary ? "" : (data as Buffer).toString();
    waiting.push(text);
    chars += text.length;
    if (fill() >= 1) socket.pause();
    wake();
  });
  // Without a listener an error would end the process; the close that follows tells enough.
  socket.on("error", () => {});
  socket.on("close", () => {
    state.isOver = true;
    wake();
  });
  return {
    async next() {
      while (waiting.length === 0 && !state.isOver) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
      const text = waiting.shift();
      chars -= text?.length ?? 0;
      if (socket.isPaused && fill() <= 1 / 2) socket.resume();
      return text;
    },
  };
}

function sent(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(text, (error) => {
      if (error) reject(new SocketFailure(messageOf(error)));
      else resolve();
    });
  });
}
