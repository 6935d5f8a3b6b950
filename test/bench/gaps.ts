/**
 * What a day's gap report costs, per million token slots, beside a short script that reads every line of the day into
 * memory and counts. 5,000 tokens at 10 s make 43.2 million; `npm run bench -- gaps 0.1` takes a tenth of the tokens.
 * A tenth of the books change from poll to poll, one answer in 200 leaves a token out, and each hour has an outage.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Measured } from "./gaps-child.ts";
import { type Row, compared, ms } from "./rows.ts";

const root = join(import.meta.dirname, "../..");
const tokens = 5_000;
const slotsPerDay = 8_640;
// The script keeps 43 million set entries and every line: on a small machine it would be killed.
const naiveScaleMax = 0.2;

export async function bench(scale: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "hourbook-bench-"));
  try {
    const ours = await measure(folder, scale);
    print(`  gap-report, 25 hours and the day  ${told(ours, scale)}`);
    const theirScale = Math.min(scale, naiveScaleMax);
    if (theirScale < scale) await measure(join(folder, "naive"), theirScale);
    const place = theirScale < scale ? join(folder, "naive") : folder;
    const theirs = await run("python3", [join(root, "test/bench/gaps-naive.py"), place]);
    const size = theirScale < scale ? `, of ${count(tokens * theirScale)} tokens` : "";
    print(`  all lines in memory, the day${size}  ${told(theirs, theirScale)}; no causes`);
    const [mine, other] = [ours, theirs].map(({ result }) => result as { missing: number });
    if (theirScale === scale) assert.equal(mine?.missing, other?.missing, "they do not agree");
    const name = `all lines in memory${size}`;
    const each = (
      what: string,
      pick: (of: Measured) => number,
      show: (value: number) => string,
    ): Row =>
      compared({
        what: `${what} for a million token slots`,
        ours: pick(ours) / million(scale),
        theirs: pick(theirs) / million(theirScale),
        name,
        show,
      });
    return [
      each("CPU", ({ cpuMs }) => cpuMs, ms),
      each(
        "peak memory",
        ({ peakMiB }) => peakMiB,
        (value) => `${value.toFixed(1)} MiB`,
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, scale: number): Promise<Measured> {
  const watched = Math.round(tokens * scale);
  print(
    `a day of ${count(watched)} tokens at 10 s: ${million(scale).toFixed(1)} million token slots`,
  );
  await child("record", folder, String(watched));
  return child("report", folder);
}

function child(...args: string[]): Promise<Measured> {
  return run(process.execPath, [join(root, "test/bench/gaps-child.ts"), ...args]);
}

async function run(program: string, args: string[]): Promise<Measured> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: root });
  return JSON.parse(stdout) as Measured;
}

function told({ wallMs, cpuMs, peakMiB }: Measured, scale: number): string {
  const each = Math.round(cpuMs / million(scale));
  const memory = (peakMiB / million(scale)).toFixed(1);
  return `${(wallMs / 1000).toFixed(1)} s, ${each} ms of CPU a million; peak ${Math.round(peakMiB)} MiB, ${memory} a million`;
}

function million(scale: number): number {
  return (Math.round(tokens * scale) * slotsPerDay) / 1e6;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
