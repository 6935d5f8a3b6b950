/**
 * A whole deployment in virtual time: the real runtime and the real functions, before a simulated venue, on a disk in
 * memory that holds the recorder's data and its remote. A process can die at any call of its disk.
 */
import { around } from "../../runtime/doors/around.ts";
import { type Runtime, startRuntime } from "../../runtime/app.ts";
import type { AnyFunction } from "../../runtime/function.ts";
import { loadFunctions } from "../../runtime/load.ts";
import type { Observer } from "../../runtime/observer.ts";
import { readSchedules, type Schedules } from "../../runtime/schedules.ts";
import { readSettings } from "../../runtime/settings.ts";
import { minuteMs } from "../../runtime/time.ts";
import { virtualMachine } from "../support/machine.ts";
import { MemoryDisk, type MemoryProcess } from "../support/memory-files.ts";
import { mortal } from "../support/mortal.ts";
import { silentLog } from "../support/silent-log.ts";
import { type VirtualClock, virtualClock } from "../support/virtual-clock.ts";
import { startVenue, type Venue } from "../venue/venue.ts";

export const dataFolder = "/vps/data";
export const remoteFolder = "/offsite";
export const collector = "sim";

/** A poll that the runtime was told is on record. */
export interface Ack {
  hour: string;
  poll: number;
  books: number;
}

export interface DeploymentOptions {
  seed: number;
  /** Epoch ms. */
  start: number;
  /** Two tokens each. */
  markets: number;
}

interface Life {
  isOver: boolean;
  /** Calls of its disk until it dies; `Infinity` if it does not. */
  callsLeft: number;
  process: MemoryProcess;
  runtime: Runtime | undefined;
}

export class Deployment {
  readonly clock: VirtualClock;
  readonly disk = new MemoryDisk();
  readonly acks: Ack[] = [];
  venue!: Venue;
  /** The furthest that the wall clock ever was. */
  latest: number;
  #options: DeploymentOptions;
  #functions!: ReadonlyMap<string, AnyFunction>;
  #schedules!: Schedules;
  #life: Life | undefined;

  constructor(options: DeploymentOptions) {
    this.#options = options;
    this.clock = virtualClock({ start: options.start });
    this.latest = options.start;
  }

  async open(): Promise<void> {
    const { seed, markets } = this.#options;
    const { clock } = this;
    this.venue = await startVenue({
      seed,
      clock,
      markets,
      turnover: 0.2,
      remember: "digests",
      onPark: (hold) => clock.park(hold),
      onUnpark: (hold) => clock.unpark(hold),
    });
    this.#functions = await loadFunctions();
    this.#schedules = readSchedules(JSON.stringify(schedules), this.#functions);
    await this.disk.process().files.makeFolder(remoteFolder);
  }

  async close(): Promise<void> {
    await this.stop();
    await this.venue.close();
  }

  get isUp(): boolean {
    return this.#life !== undefined && !this.#life.isOver;
  }

  /** `false`: it died on its way up. */
  async start(): Promise<boolean> {
    const life: Life = {
      isOver: false,
      callsLeft: Infinity,
      process: this.disk.process(),
      runtime: undefined,
    };
    this.#life = life;
    const settings = readSettings(
      {
        HOURBOOK_DATA: dataFolder,
        HOURBOOK_COLLECTOR: collector,
        HOURBOOK_REMOTE: `dir:${remoteFolder}`,
        HOURBOOK_GAMMA_URL: this.venue.gammaUrl,
        HOURBOOK_CLOB_URL: this.venue.clobUrl,
        HOURBOOK_STREAM_URL: this.venue.streamUrl,
      },
      this.#functions,
    );
    const starting = startRuntime({
      machine: this.#machineOf(life),
      settings,
      functions: this.#functions,
      schedules: this.#schedules,
      log: silentLog,
      version: "1.2.3",
      observers: [this.#observer(life)],
    });
    try {
      life.runtime = await this.clock.runUntil(starting);
    } catch (error) {
      starting.catch(() => {});
      this.#die(life);
      if (error instanceof Error && /killed|EIO|ENOSPC|stands still|room|disk/i.test(error.message))
        return false;
      throw error;
    }
    return !life.isOver;
  }

  /** As by SIGTERM. */
  async stop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    if (life?.runtime === undefined || life.isOver) return;
    await this.clock.runUntil(life.runtime.stop("SIGTERM"));
    this.#die(life);
  }

  /** As by kill -9. */
  kill(): void {
    if (this.#life !== undefined) this.#die(this.#life);
    this.#life = undefined;
  }

  /** As by kill -9, that many calls of its disk from now. */
  killAfter(calls: number): void {
    if (this.#life !== undefined) this.#life.callsLeft = calls;
  }

  /** `kept`: how much of what was appended and not synced the disk took. */
  powerCut(kept: () => number): void {
    this.kill();
    this.disk.powerCut(kept);
  }

  async run(ms: number): Promise<void> {
    const until = this.clock.monotonic() + ms;
    for (let left = ms; left > 0; left = until - this.clock.monotonic()) {
      await this.clock.run(this.clock.now() + Math.min(minuteMs, Math.ceil(left)));
      this.latest = Math.max(this.latest, this.clock.now());
    }
  }

  step(ms: number): void {
    this.clock.step(ms);
    this.latest = Math.max(this.latest, this.clock.now());
  }

  #die(life: Life): void {
    life.isOver = true;
    life.process.kill();
  }

  #machineOf(life: Life) {
    const { clock } = this;
    const files = around(life.process.files, (_method, call) => {
      life.callsLeft -= 1;
      if (life.callsLeft <= 0) this.#die(life);
      return call();
    });
    const machine = virtualMachine({ clock, seed: this.#options.seed, files });
    return { ...machine, clock: mortal(clock, life) };
  }

  #observer(life: Life): Observer {
    return {
      started() {},
      reloaded() {},
      ended: ({ function: name, result }) => {
        if (life.isOver || name !== "snapshot-poll" || result === undefined) return;
        const { hour, poll, books } = result as Ack;
        this.acks.push({ hour, poll, books });
      },
      stopped: async () => {},
    };
  }
}

/** Every function that ships, at a pace at which days pass in seconds. */
const schedules = {
  discover: { cron: "3 */2 * * *", timeout: "4m", atStart: true },
  "snapshot-poll": { cron: "*/5 * * * *", timeout: "1m" },
  "seal-hour": { cron: "2 * * * *", timeout: "30m", atStart: true },
  "build-manifest": { cron: "6,36 * * * *", timeout: "20m", atStart: true },
  offload: { cron: "10 * * * *", timeout: "20m", atStart: true },
  "gap-report": { cron: "25 */3 * * *", timeout: "20m" },
  "quality-report": { cron: "32 */6 * * *", timeout: "20m" },
  "incident-report": { cron: "38 */6 * * *", timeout: "10m" },
  prune: {
    cron: "50 */4 * * *",
    timeout: "30m",
    input: { keepDates: 1, allowSameDisk: true },
  },
};
