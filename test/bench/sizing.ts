/**
 * `npm run sizing`: CPU and memory of the daemon by the number of tokens, and the bytes that a written book takes in the
 * open hour and sealed. docs/operations.md makes its sizing table of these, and this prints that table.
 */
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Step } from "./archive-child.ts";
import { measureDaemon, startVenue } from "./poll.ts";

const root = join(import.meta.dirname, "../..");
const sizes = [200, 1_000, 5_000];
const cadenceMs = 5_000;
const polls = 6;
/** An hour at one poll every 10 s, of which 40 % of the books change at each. */
const hour = { tokens: 300, polls: 360, changing: 0.4 };
const secondsPerDay = 86_400;

await measure();

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hourbook-bench-"));
  try {
    const book = bytesOfBook(join(folder, "hour"));
    const { open, sealed } = book;
    print(`a written book: ${open.toFixed(0)} B open, ${sealed.toFixed(0)} B sealed; sealing`);
    print(
      `  ${book.cpuMs.toFixed(2)} ms of CPU for 1,000 books, ${book.peakMiB.toFixed(0)} MiB at its peak`,
    );
    for (const tokens of sizes) {
      const { cpuMs, peakMiB } = await measureAt(join(folder, String(tokens)), tokens);
      print(
        `${tokens} tokens: ${cpuMs.toFixed(0)} ms of CPU a poll, ${peakMiB.toFixed(0)} MiB at its peak`,
      );
      for (const seconds of [5, 10, 60]) row({ tokens, seconds, cpuMs, book });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Book {
  open: number;
  sealed: number;
  /** For 1,000 books. */
  cpuMs: number;
  peakMiB: number;
}

function bytesOfBook(folder: string): Book {
  const { tokens, polls: many, changing } = hour;
  child("record", folder, tokens, many, "real");
  const open = bytesIn(folder, "open/*");
  const { cpuMs, peakMiB } = child("seal", folder);
  const sealed = bytesIn(folder, "archive/**/*.gz");
  const books = tokens * (1 + (many - 1) * changing);
  return { open: open / books, sealed: sealed / books, cpuMs: (1000 * cpuMs) / books, peakMiB };
}

async function measureAt(
  folder: string,
  tokens: number,
): Promise<{ cpuMs: number; peakMiB: number }> {
  execFileSync("mkdir", [folder]);
  const venue = await startVenue(tokens);
  try {
    return await measureDaemon(folder, venue.env, { tokens, cadenceMs, polls });
  } finally {
    venue.process.kill();
  }
}

function row(of: { tokens: number; seconds: number; cpuMs: number; book: Book }): void {
  const { tokens, seconds, cpuMs, book } = of;
  const pollsPerDay = secondsPerDay / seconds;
  const gigabytes = (bytes: number, share: number): string =>
    ((tokens * pollsPerDay * share * bytes) / 1e9).toFixed(2);
  const share = (cpuMs / 1000 / seconds) * 100;
  const cells = [0.1, 0.4].flatMap((changed) => [
    gigabytes(book.open, changed),
    gigabytes(book.sealed, changed),
  ]);
  print(`| ${tokens} | ${seconds} s | ${cells.join(" | ")} | ${share.toFixed(1)} % |`);
}

function child(...args: (string | number)[]): Step {
  const command = ["test/bench/archive-child.ts", ...args.map(String)];
  return JSON.parse(execFileSync(process.execPath, command, { cwd: root }).toString()) as Step;
}

function bytesIn(folder: string, pattern: string): number {
  const paths = globSync(pattern, { cwd: folder });
  return paths.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
