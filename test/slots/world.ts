/**
 * Daemons one after another on a disk in memory and a virtual clock: weeks in seconds. A daemon can be asked to
 * stop, or killed: its timers and its disk are gone at once, and what it had not written is lost.
 */
import { join } from "node:path";
import * as v from "valibot";
import { type Runtime, startRuntime } from "../../runtime/app.ts";
import type { AnyFunction, Run } from "../../runtime/function.ts";
import { listParts, openFolder } from "../../runtime/hours/parts.ts";
import { readLineBatches } from "../../runtime/hours/read.ts";
import type { Schedules } from "../../runtime/schedules.ts";
import { hourMs, hourOf, iso } from "../../runtime/time.ts";
import { unit } from "../venue/random.ts";
import { holdZlib } from "../support/hold-zlib.ts";
import { MemoryDisk, type MemoryProcess } from "../support/memory-files.ts";
import { mortal } from "../support/mortal.ts";
import { silentLog } from "../support/silent-log.ts";
import { type VirtualClock, virtualClock } from "../support/virtual-clock.ts";

export type Work = (run: Run, random: () => number) => Promise<object>;

export interface WorldOptions {
  seed: number;
  /** Epoch ms. */
  start: number;
  schedules: Schedules;
  work: Record<string, Work>;
}

export interface Line {
  kind: string;
  at: string;
  function?: string;
  scheduled?: string | null;
  repeat?: true | undefined;
  from?: string;
  to?: string;
  count?: number;
}

const dataFolder = "/data";
const putAwayFolder = "/away";
// A runtime that starts looks back at the newest ones.
const hoursKept = 3;
export class World {
  clock: VirtualClock;
  random: () => number;
  #options: WorldOptions;
  #disk = new MemoryDisk();
  #daemon: { runtime: Runtime; process: MemoryProcess; life: { isOver: boolean } } | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.clock = virtualClock({ start: options.start });
    holdZlib(this.clock);
    let asked = 0;
    this.random = () => unit(options.seed, (asked += 1));
  }

  async start(): Promise<void> {
    const { schedules, work } = this.#options;
    const process = this.#disk.process();
    const life = { isOver: false };
    const functions = new Map(
      Object.entries(work).map(([name, each]) => [
        name,
        aFunction((run) => each(run, this.random)),
      ]),
    );
    const runtime = await this.clock.runUntil(
      startRuntime({
        machine: {
          clock: mortal(this.clock, life),
          files: process.files,
          watch: () => () => {},
          http: () => ({ request: () => Promise.reject(new Error("no network")) }),
          sockets: () => ({ connect: () => Promise.reject(new Error("no network")) }),
          children: () => ({ run: () => Promise.reject(new Error("no programs")) }),
          random: this.random,
          uid: undefined,
        },
        settings: { core: { dataFolder, collector: "world" }, of: () => ({}) },
        functions,
        schedules,
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
    daemon.life.isOver = true;
    daemon.process.kill();
  }

  /** As by kill -9. */
  kill(): void {
    if (this.#daemon === undefined) return;
    this.#daemon.life.isOver = true;
    this.#daemon.process.kill();
    this.#daemon = undefined;
  }

  async run(ms: number): Promise<void> {
    await this.clock.run(this.clock.now() + ms);
  }

  /** Puts away the hours that are over, as sealing does; a runtime with weeks of open hours would only be slow. */
  async putAway(): Promise<void> {
    const { files } = this.#disk.process();
    const keptFrom = hourOf(this.clock.now() - hoursKept * hourMs);
    await files.makeFolder(openFolder(putAwayFolder));
    for (const part of await listParts(files, dataFolder, "journal")) {
      const target = join(openFolder(putAwayFolder), part.name);
      if (part.hour < keptFrom) await files.rename(part.path, target);
    }
  }

  /** Every line of the journal, hour by hour, as any program would read it. */
  async *journal(): AsyncGenerator<Line> {
    const { files } = this.#disk.process();
    const away = await listParts(files, putAwayFolder, "journal");
    for (const part of [...away, ...(await listParts(files, dataFolder, "journal"))]) {
      for await (const batch of readLineBatches(files, part.path, { damage: "throw" })) {
        for (const line of batch) yield JSON.parse(line.toString()) as Line;
      }
    }
  }

  now(): string {
    return iso(this.clock.now());
  }
}

function aFunction(run: (run: Run) => Promise<object>): AnyFunction {
  return {
    input: v.strictObject({}),
    settings: {},
    summary: () => "done",
    run: (_input, handed) => run(handed),
  };
}
