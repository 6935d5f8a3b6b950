/** `record FOLDER TOKENS POLLS [cheap]`, `seal FOLDER`: one step in a process of its own, whose cost is its own. */
import { readFileSync } from "node:fs";
import { sealHour } from "../../functions/archive/seal.ts";
import { systemClock } from "../../runtime/doors/clock.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { collector, hour, record } from "./archive-feed.ts";

export interface Step {
  cpuMs: number;
  wallMs: number;
  peakMiB: number;
  rawBytes: number;
}

const [step = "", dataFolder = "", tokens, polls, manner] = process.argv.slice(2);
const steps: Record<string, () => Promise<number>> = {
  record: () => {
    const isCheap = manner === "cheap";
    return record(dataFolder, { tokens: Number(tokens), polls: Number(polls), isCheap });
  },
  async seal() {
    const stream = "polymarket.books";
    const machine = { files: systemFiles, clock: systemClock };
    await hourLog({ machine, dataFolder, stream }).close(hour);
    const { signal } = new AbortController();
    const context = { ...machine, dataFolder, collector, signal };
    const { index } = await sealHour(context, { venue: "polymarket", stream: "books", hour });
    return index?.data.rawBytes ?? 0;
  },
};

const startedAt = systemClock.monotonic();
const before = process.cpuUsage();
const rawBytes = (await steps[step]?.()) ?? 0;
const used = process.cpuUsage(before);
const measured: Step = {
  cpuMs: (used.user + used.system) / 1000,
  wallMs: systemClock.monotonic() - startedAt,
  // Not getrusage's: that of a child begins with its parent's.
  peakMiB: Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024,
  rawBytes,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
