/**
 * One client of the market channel: a dump of the books it asked for, then each change of them, in order,
 * at its time.
 *
 * Changes come from the same versions as the books over REST, so at any moment a client that applied every
 * frame holds exactly the book that REST would answer.
 */
import type { WebSocket } from "ws";
import type { Clock } from "../../runtime/doors/clock.ts";
import type { FaultControl } from "./faults.ts";
import type { Ledger } from "./served.ts";
import { bookEvent, changeEvents, tradeEvent } from "./stream-events.ts";
import type { Feed, World } from "./world.ts";

export interface StreamOptions {
  world: World;
  clock: Clock;
  faults: FaultControl;
  ledger: Ledger;
  /** "flat": one event per level, as before September 2025. */
  schema: "new" | "flat";
  /** A frame was sent to a client, or taken from one. */
  onFrame?: ((what: "said" | "heard") => void) | undefined;
}

interface Followed {
  feed: Feed;
  /** The last version that went out. */
  version: number;
}

interface Order {
  assets_ids?: unknown;
  operation?: string;
  initial_dump?: boolean;
}

// Beyond this the real channel accepts a subscription and sends no dump.
const dumpTokensMax = 500;

export class StreamClient {
  private readonly socket: WebSocket;
  private readonly options: StreamOptions;
  private readonly tokens = new Set<string>();
  private readonly followed = new Map<string, Followed>();
  private frozen = false;
  private cancel: (() => void) | undefined;

  constructor(socket: WebSocket, options: StreamOptions) {
    this.socket = socket;
    this.options = options;
  }

  hear(text: string): void {
    if (text === "PING") {
      this.options.ledger.stream.pings += 1;
      this.say("PONG");
      return;
    }
    const order = parsed(text);
    if (order === undefined || !Array.isArray(order.assets_ids)) {
      this.say("INVALID OPERATION");
      return;
    }
    // What is due by now goes out first, so that the dump is the newer word.
    this.sendDue();
    const asked = order.assets_ids.map(String);
    if (order.operation === "unsubscribe") this.unsubscribe(asked);
    else this.subscribe(asked, order.initial_dump ?? true);
    this.schedule();
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private subscribe(asked: string[], dump: boolean): void {
    const { world, clock, ledger } = this.options;
    const now = clock.now();
    for (const token of asked) {
      this.tokens.add(token);
      const feed = world.feed(token, now);
      if (feed === undefined || this.followed.has(feed.market)) continue;
      this.followed.set(feed.market, { feed, version: feed.versionAt(now) });
    }
    if (!dump || this.tokens.size > dumpTokensMax) return;
    const books = asked.flatMap((token) => world.book(token, now) ?? []);
    if (this.send(`[${books.map(bookEvent).join(",")}]`)) ledger.stream.dumps += 1;
  }

  private unsubscribe(asked: string[]): void {
    for (const token of asked) this.tokens.delete(token);
    for (const [market, { feed }] of this.followed) {
      if (!feed.tokens.some((token) => this.tokens.has(token))) this.followed.delete(market);
    }
  }

  private schedule(): void {
    this.stop();
    const due = [...this.followed.values()].map(({ feed, version }) => feed.changedAt(version + 1));
    const next = Math.min(...due);
    if (next === Infinity || this.socket.readyState !== this.socket.OPEN) return;
    const { clock } = this.options;
    this.cancel = clock.after(Math.max(0, next - clock.now()), () => {
      this.sendDue();
      this.schedule();
    });
  }

  /** A late timer, or a clock that jumped, may find many changes due: each is sent, by its time. */
  private sendDue(): void {
    const now = this.options.clock.now();
    const due: { feed: Feed; version: number; at: number }[] = [];
    for (const one of this.followed.values()) {
      const until = one.feed.versionAt(now);
      for (; one.version < until; one.version += 1) {
        const version = one.version + 1;
        due.push({ feed: one.feed, version, at: one.feed.changedAt(version) });
      }
    }
    for (const { feed, version, at } of due.sort((a, b) => a.at - b.at)) {
      this.sendChange(feed, version, at);
    }
  }

  private sendChange(feed: Feed, version: number, at: number): void {
    const change = feed.change(version);
    const events = changeEvents(feed, change, at, this.options.schema);
    const sent = events.map((event) => this.send(event));
    if (sent.every(Boolean)) {
      for (const { token } of change) this.options.ledger.change(token, at);
    }
    const trade = feed.trade(version);
    if (trade !== undefined) this.send(tradeEvent(feed, trade, at));
  }

  /** True: the frame went out as it is. */
  private send(frame: string): boolean {
    const { faults, clock, ledger } = this.options;
    if (this.frozen || this.socket.readyState !== this.socket.OPEN) return false;
    const fault = faults.take("stream", clock.now());
    if (fault?.kind === "stream-freeze") this.frozen = true;
    if (fault?.kind === "stream-reset") this.socket.terminate();
    if (fault?.kind === "stream-garbage") this.say("\u0000{[garbage");
    if (fault !== undefined) return false;
    this.say(frame);
    ledger.stream.frames += 1;
    return true;
  }

  private say(text: string): void {
    this.options.onFrame?.("said");
    this.socket.send(text);
  }
}

function parsed(text: string): Order | undefined {
  try {
    return JSON.parse(text) as Order;
  } catch {
    return undefined;
  }
}
