/**
 * What the three processes of the runtime's benchmark share: when each of their jobs really ran, what that cost, and
 * the load beside it. `node test/bench/fire-….ts SECONDS [LOAD_URL]` prints one JSON line.
 */
import { appendFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export const jobs = 7;

export interface Fired {
  /** Of each fire, ms after its second. */
  lateness: number[];
  cpuMsPerFire: number;
}

// Loading and compiling is over by then.
const warmUpMs = 3_000;
const loadEveryMs = 2_000;

const lateness: number[] = [];
let isWarm = false;

/** A job: says when it ran. */
export function fire(): void {
  if (!isWarm) return;
  const past = (performance.timeOrigin + performance.now()) % 1_000;
  // A timer can be a fraction of a millisecond early.
  lateness.push(past > 900 ? past - 1_000 : past);
}

/** Measures what is fired from now on, then ends the process. */
export function measure(): void {
  const [seconds = "10", url] = process.argv.slice(2);
  if (url !== undefined) setInterval(() => void poll(url), loadEveryMs);
  setTimeout(() => {
    isWarm = true;
    const before = process.cpuUsage();
    setTimeout(
      () => {
        const { user, system } = process.cpuUsage(before);
        const cpuMsPerFire = (user + system) / 1_000 / Math.max(1, lateness.length);
        process.stdout.write(
          `${JSON.stringify({ lateness, cpuMsPerFire } satisfies Fired)}\n`,
          () => process.exit(0),
        );
      },
      Number(seconds) * 1_000,
    );
  }, warmUpMs);
}

const polled = join(tmpdir(), `hourbook-bench-${process.pid}.gz`);
process.on("exit", () => rmSync(polled, { force: true }));

/** 500 books, as someone would write it who records them in passing: the same in all three. */
async function poll(url: string): Promise<void> {
  const answer = await fetch(url);
  const books = (await answer.json()) as unknown[];
  const lines = books.map((book) => `${JSON.stringify(book)}\n`).join("");
  appendFileSync(polled, gzipSync(lines, { level: 1 }));
}
