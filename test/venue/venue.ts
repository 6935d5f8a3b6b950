/**
 * The simulated venue: answers like Polymarket's public Gamma and CLOB APIs, on this machine, for tests,
 * the demo and benchmarks.
 *
 * Everything that it answers is decided by the seed and the clock, so a run repeats exactly; whatever a
 * real venue may do wrong can be asked for (`faults`); and what was truly sent is kept (`served`), to
 * hold an archive against.
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../runtime/doors/clock.ts";
import { clob } from "./clob.ts";
import { faultControl, type Fault, type FaultControl } from "./faults.ts";
import { gamma } from "./gamma.ts";
import { payloadWorld } from "./payloads.ts";
import { ledger as newLedger, type Remember, type Served } from "./served.ts";
import { serve } from "./serve.ts";
import { simulatedWorld } from "./simulated.ts";
import { serveStream } from "./stream.ts";
import { truthOf, type Truth } from "./truth.ts";
import type { World } from "./world.ts";

export interface VenueOptions {
  seed: number;
  clock: Clock;
  /** Open markets at any time, two tokens each. Default 50. */
  markets?: number;
  /**
   * The share of books that change within a minute, 0 to 1; the busiest change every second. Default
   * 0.25.
   */
  churn?: number;
  /** The share of markets that live 15 minutes to 4 hours; 0: none ever opens or closes. Default 0.05. */
  turnover?: number;
  /** false: every market is a plain, tradable one with a book, and no page is short. Default true. */
  quirks?: boolean;
  /** How old Gamma's answers may be. Default 5 minutes. */
  gammaCacheMs?: number;
  /** A folder of captured books and markets to serve as they are, instead of simulated ones. */
  payloads?: string;
  /** Gamma's port; the CLOB and the stream get the next one. Default: two free ones. */
  port?: number;
  /** Compress for clients that accept it. Default false. */
  gzip?: boolean;
  faults?: readonly Fault[];
  /** What to keep of served books. Default "texts". */
  remember?: Remember;
  streamSchema?: "new" | "flat";
  /** A frame of the stream was sent to a client, or taken from one. */
  onFrame?: (what: "said" | "heard") => void;
  onPark?: (hold: string) => void;
  onUnpark?: (hold: string) => void;
}

export interface Venue {
  gammaUrl: string;
  clobUrl: string;
  /** With its path, as the venue publishes it. */
  streamUrl: string;
  faults: FaultControl;
  served: Served;
  truth: Truth;
  close(): Promise<void>;
}

export async function startVenue(options: VenueOptions): Promise<Venue> {
  const { clock, quirks = true } = options;
  const world = worldOf(options);
  const faults = faultControl(options.faults);
  const ledger = newLedger(options.remember ?? "texts");
  const waits = { clock, onPark: options.onPark, onUnpark: options.onUnpark };
  const house = { world, faults, ledger, waits, gzip: options.gzip ?? false };

  const listings = gamma({ world, cacheMs: options.gammaCacheMs ?? 300_000, shortPages: quirks });
  const gammaServer = serve("gamma", listings, house);
  const clobServer = serve("clob", clob(world), house);
  const schema = options.streamSchema ?? "new";
  const { onFrame } = options;
  const stream = serveStream(clobServer, { world, clock, faults, ledger, schema, onFrame });
  const gammaPort = await listen(gammaServer, options.port ?? 0);
  const clobPort = await listen(clobServer, options.port === undefined ? 0 : gammaPort + 1);

  return {
    gammaUrl: `http://127.0.0.1:${gammaPort}`,
    clobUrl: `http://127.0.0.1:${clobPort}`,
    streamUrl: `ws://127.0.0.1:${clobPort}/ws/market`,
    faults,
    served: ledger,
    truth: truthOf(world, clock),
    async close() {
      stream.close();
      await Promise.all([gammaServer, clobServer].map(close));
    },
  };
}

function worldOf(options: VenueOptions): World {
  const startedAt = options.clock.now();
  if (options.payloads !== undefined) return payloadWorld(options.payloads, startedAt);
  const { seed, markets = 50, churn = 0.25, turnover = 0.05, quirks = true } = options;
  return simulatedWorld({ seed, markets, churn, turnover, quirks, startedAt });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
