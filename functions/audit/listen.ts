/**
 * Listens to the market channel for a bounded time: subscribes, keeps the connection alive, and comes back with
 * fresh books when it breaks, falls silent, or says what cannot be understood. Never longer than it was told to.
 */
import { sleep } from "../../runtime/doors/clock.ts";
import { type Socket, SocketFailure } from "../../runtime/doors/sockets.ts";
import { messageOf } from "../../runtime/errors.ts";
import type { Run } from "../../runtime/function.ts";
import { minuteMs, secondMs } from "../../runtime/time.ts";

export type ListenRun = Pick<Run, "clock" | "sockets" | "signal" | "random" | "log">;

export interface Listener {
  /** A new connection: what comes next are whole books. */
  begun(at: number): Promise<void>;
  /** `false`: it cannot be understood, so what it changed is unknown. */
  heard(text: string, at: number): Promise<boolean>;
  /** What was heard until `at` is the last that can be relied on. */
  lost(at: number, why: Loss): Promise<void>;
}

/** `quiet`: it answered, and told of nothing for so long that it may have forgotten us. */
export type Loss = "refused" | "closed" | "silent" | "quiet" | "garbage" | "ended";

export interface Channel {
  url: string;
  tokens: readonly string[];
  /** On the monotonic clock. */
  until: number;
}

// docs.polymarket.com: a client says PING every 10 s; the official SDK gives up after 30 s without an answer.
const pingEveryMs = 10 * secondMs;
const silentMsMax = 30 * secondMs;
/** A busy sample that tells of nothing for so long is asked for its books again. */
const quietMsMax = minuteMs;
/** The channel closes on frames with thousands of ids. */
const tokensPerOrder = 100;
const backOffMs = 250;
const backOffMsMax = 30 * secondMs;
const handshakeMs = 10 * secondMs;
/** 500 books of the deepest were never this long together. */
const frameBytesMax = 16 * 1024 * 1024;

export async function listen(run: ListenRun, channel: Channel, listener: Listener): Promise<void> {
  const { clock, signal } = run;
  let failures = 0;
  while (clock.monotonic() < channel.until && !signal.aborted) {
    const outcome = await listenOnce(run, channel, listener);
    await listener.lost(outcome.at, outcome.why);
    if (outcome.why === "ended") return;
    failures = outcome.frames > 0 ? 0 : failures + 1;
    run.log.debug({ why: outcome.why, failures }, `the stream was lost: ${outcome.why}`);
    // Full jitter, so that many who were thrown out together do not come back together.
    const pauseMs = run.random() * Math.min(backOffMsMax, backOffMs * 2 ** failures);
    await sleep(clock, Math.min(pauseMs, Math.max(0, channel.until - clock.monotonic())), signal);
  }
}

interface Outcome {
  why: Loss;
  /** When the last frame came that can be relied on; epoch ms. */
  at: number;
  frames: number;
}

async function listenOnce(run: ListenRun, channel: Channel, listener: Listener): Promise<Outcome> {
  const { clock, sockets, signal } = run;
  let socket: Socket;
  try {
    const leftMs = channel.until - clock.monotonic();
    const handshakeMsMax = Math.max(1, Math.min(handshakeMs, leftMs));
    socket = await sockets.connect(channel.url, { signal, frameBytesMax, handshakeMsMax });
  } catch (error) {
    if (!(error instanceof SocketFailure)) throw error;
    run.log.debug({ url: channel.url }, messageOf(error));
    return { why: "refused", at: clock.now(), frames: 0 };
  }
  const watch = new Watch(run, channel, socket);
  try {
    await listener.begun(clock.now());
    await subscribe(socket, channel.tokens);
    watch.start();
    for (;;) {
      const text = await socket.next();
      if (text === undefined) return watch.outcome("closed");
      const at = clock.now();
      const isAnswer = text === "PONG";
      if (!isAnswer && !(await listener.heard(text, at))) return watch.outcome("garbage");
      watch.heard(at, isAnswer);
    }
  } catch (error) {
    if (!(error instanceof SocketFailure)) throw error;
    return watch.outcome("closed");
  } finally {
    watch.stop();
    await socket.close();
  }
}

async function subscribe(socket: Socket, tokens: readonly string[]): Promise<void> {
  for (let start = 0; start < tokens.length; start += tokensPerOrder) {
    const some = tokens.slice(start, start + tokensPerOrder);
    const order = start === 0 ? { type: "market" } : { operation: "subscribe" };
    await socket.send(JSON.stringify({ assets_ids: some, ...order, initial_dump: true }));
  }
}

/** Says PING, and ends the connection when it is over, silent, or quiet for too long. */
class Watch {
  #run: ListenRun;
  #until: number;
  #socket: Socket;
  #cancel = (): void => {};
  #lastFrame: number;
  #lastData: number;
  #lastDataAt: number;
  #frames = 0;
  #why: Loss | undefined;

  constructor(run: ListenRun, { until }: Channel, socket: Socket) {
    this.#run = run;
    this.#until = until;
    this.#socket = socket;
    const now = run.clock.monotonic();
    this.#lastFrame = now;
    this.#lastData = now;
    this.#lastDataAt = run.clock.now();
  }

  start(): void {
    const { clock } = this.#run;
    const waitMs = Math.max(0, Math.min(pingEveryMs, this.#until - clock.monotonic()));
    this.#cancel = clock.after(waitMs, () => {
      this.#why = this.#trouble();
      if (this.#why === undefined) {
        this.#socket.send("PING").catch(() => {});
        this.start();
      } else void this.#socket.close();
    });
  }

  stop(): void {
    this.#cancel();
  }

  heard(at: number, isAnswer: boolean): void {
    this.#lastFrame = this.#run.clock.monotonic();
    if (isAnswer) return;
    this.#lastData = this.#lastFrame;
    this.#lastDataAt = at;
    this.#frames += 1;
  }

  outcome(why: Loss): Outcome {
    const reason = this.#why ?? why;
    // Up to now it answered, or was told of its end; otherwise only what came is known.
    const at = reason === "ended" ? this.#run.clock.now() : this.#lastDataAt;
    return { why: reason, at, frames: this.#frames };
  }

  #trouble(): Loss | undefined {
    const now = this.#run.clock.monotonic();
    if (now >= this.#until) return "ended";
    if (now - this.#lastFrame >= silentMsMax) return "silent";
    return now - this.#lastData >= quietMsMax ? "quiet" : undefined;
  }
}
