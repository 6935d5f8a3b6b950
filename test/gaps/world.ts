/**
 * A recorder and its venue for weeks in minutes: real daemons with the real functions, one after another on a disk in
 * memory, a simulated venue over real HTTP, and a virtual clock for all of them.
 */
import { startRuntime, type Runtime } from "../../runtime/app.ts";
import type { Files } from "../../runtime/doors/files.ts";
import type { AnyFunction } from "../../runtime/function.ts";
import { loadFunctions } from "../../runtime/load.ts";
import { readSchedules } from "../../runtime/schedules.ts";
import { readSettings } from "../../runtime/settings.ts";
import { minuteMs } from "../../runtime/time.ts";
import { virtualMachine } from "../support/machine.ts";
import { MemoryDisk, type MemoryProcess } from "../support/memory-files.ts";
import { mortal } from "../support/mortal.ts";
import { silentLog } from "../support/silent-log.ts";
import { type VirtualClock, virtualClock } from "../support/virtual-clock.ts";
import { startVenue, type Venue } from "../venue/venue.ts";

export const dataFolder = "/data";
export const collector = "world";
export const cadenceMs = 10 * minuteMs;

// A restart within the hour comes often; the watch list is walked for twice in it.
const schedule = {
  discover: { cron: "8,38 * * * *", timeout: "2m", atStart: true },
  "snapshot-poll": { cron: "*/10 * * * *", timeout: "4m" },
  "seal-hour": { cron: "2 * * * *", timeout: "9m", atStart: true },
  "build-manifest": { cron: "3,33 * * * *", timeout: "9m", atStart: true },
  "gap-report": { cron: "25 */6 * * *", timeout: "9m" },
};

interface Daemon {
  runtime: Runtime;
  process: MemoryProcess;
  life: { isOver: boolean };
}

export class World {
  clock: VirtualClock;
  disk = new MemoryDisk();
  venue: Venue;
  #functions: ReadonlyMap<string, AnyFunction>;
  #daemon: Daemon | undefined;

  static async open(seed: number, start: number): Promise<World> {
    const clock = virtualClock({ start });
    const venue = await startVenue({
      seed,
      clock,
      markets: 4,
      churn: 0.02,
      turnover: 0.5,
      quirks: false,
      gammaCacheMs: 0,
      remember: "digests",
      onPark: (hold) => clock.park(hold),
      onUnpark: (hold) => clock.unpark(hold),
    });
    return new World(clock, venue, await loadFunctions());
  }

  private constructor(
    clock: VirtualClock,
    venue: Venue,
    functions: ReadonlyMap<string, AnyFunction>,
  ) {
    this.clock = clock;
    this.venue = venue;
    this.#functions = functions;
  }

  async start(): Promise<void> {
    const process = this.disk.process();
    const life = { isOver: false };
    const machine = virtualMachine({ clock: this.clock, files: process.files });
    const runtime = await this.clock.runUntil(
      startRuntime({
        machine: { ...machine, clock: mortal(this.clock, life) },
        settings: readSettings(this.#settings(), this.#functions),
        functions: this.#functions,
        schedules: readSchedules(JSON.stringify(schedule), this.#functions),
        log: silentLog,
        version: "1.2.3",
      }),
    );
    this.#daemon = { runtime, process, life };
  }

  /** As by SIGTERM. */
  async stop(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon === undefined) return;
    await this.clock.runUntil(daemon.runtime.stop("SIGTERM"));
    end(daemon);
  }

  /** As by kill -9. */
  kill(): void {
    if (this.#daemon !== undefined) end(this.#daemon);
    this.#daemon = undefined;
  }

  get isUp(): boolean {
    return this.#daemon !== undefined;
  }

  /** The disk, as any other program sees it. */
  get files(): Files {
    return this.disk.process().files;
  }

  #settings(): Record<string, string> {
    return {
      HOURBOOK_DATA: dataFolder,
      HOURBOOK_COLLECTOR: collector,
      HOURBOOK_REMOTE: "dir:/nowhere",
      HOURBOOK_GAMMA_URL: this.venue.gammaUrl,
      HOURBOOK_CLOB_URL: this.venue.clobUrl,
    };
  }
}

function end({ life, process }: Daemon): void {
  life.isOver = true;
  process.kill();
}
