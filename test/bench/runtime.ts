/**
 * What firing costs: seven jobs a second under the runtime, under node-cron and on bare timers, in rounds that take
 * turns, idle and beside a load; then what an idle runtime holds, how soon it is ready, and what a run by hand adds to
 * npm. Ratios count: times on a machine that others use are not to be compared with those of another day.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { Fired } from "./fire.ts";

const root = join(import.meta.dirname, "../..");
const guarded = ["--import", "./runtime/guard.js"];
const rounds = 3;
const secondsPerRound = 10;
const systems = ["bare", "node-cron", "hourbook"] as const;
const idleMs = 6_000;

export async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hourbook-bench-"));
  const venue = await serveBooks();
  try {
    await reportFiring("idle");
    await reportFiring("beside a poll of 500 books every 2 s", venue.url);
    await reportDaemon(folder);
    reportByHand(folder);
  } finally {
    venue.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function reportFiring(what: string, url?: string): Promise<void> {
  const fired = new Map(systems.map((system): [string, Fired[]] => [system, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const system of systems) {
      const args = [...guarded, `test/bench/fire-${system}.ts`, String(secondsPerRound)];
      const output = execFile(url === undefined ? args : [...args, url]);
      fired.get(system)?.push(JSON.parse(await output) as Fired);
    }
  }
  print(`7 jobs a second, ${what}: ms after the second, ${rounds} rounds of ${secondsPerRound} s`);
  print(row("", "p50", "p99", "max", "CPU ms a fire"));
  for (const [system, each] of fired) {
    const late = each.flatMap(({ lateness }) => lateness).sort((a, b) => a - b);
    const at = (share: number): string =>
      (late[Math.floor(share * (late.length - 1))] ?? 0).toFixed(1);
    const cpu = each.reduce((sum, { cpuMsPerFire }) => sum + cpuMsPerFire, 0) / each.length;
    print(row(system, at(0.5), at(0.99), at(1), cpu.toFixed(2)));
  }
  print("");
}

async function execFile(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
  await once(child, "close");
  return output;
}

/** Memory of a daemon with every function loaded and nothing to fire, and how long it takes to be ready. */
async function reportDaemon(folder: string): Promise<void> {
  const env = settings(folder);
  const starts: number[] = [];
  let idle = 0;
  for (let start = 0; start < 6; start += 1) {
    const before = performance.now();
    const daemon = spawn(process.execPath, startArgs(), {
      cwd: root,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    for await (const line of createInterface({ input: daemon.stderr })) {
      if (line.includes('"ready"')) break;
    }
    // The first compiles, as after an upgrade.
    if (start > 0) starts.push(performance.now() - before);
    if (start === 5) idle = await memoryAfter(daemon, idleMs);
    daemon.kill("SIGTERM");
    await once(daemon, "exit");
  }
  const bare = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const floor = await memoryAfter(bare, idleMs);
  bare.kill("SIGKILL");
  const parts = spawn(process.execPath, ["test/bench/floor.js"], {
    cwd: root,
    env,
    stdio: "ignore",
  });
  const withParts = await memoryAfter(parts, idleMs);
  parts.kill("SIGKILL");
  const times = (mb: number): string =>
    `${mb} MB, ${(mb / floor).toFixed(2)} times bare Node (${floor} MB)`;
  print(
    `idle memory: ${times(idle)}; the packages and modules that it uses alone: ${times(withParts)}`,
  );
  print(`start to ready: ${median(starts)} ms, bare Node ${median(bareStarts())} ms`);
}

/** As `npm start` has it. */
function startArgs(): string[] {
  const text = readFileSync(join(root, "package.json"), "utf8");
  const { scripts } = JSON.parse(text) as { scripts: { start: string } };
  return scripts.start.split(" ").slice(1);
}

async function memoryAfter({ pid }: ChildProcess, ms: number): Promise<number> {
  await wait(ms);
  return Math.round(
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024,
  );
}

function reportByHand(folder: string): void {
  const options = { cwd: root, env: settings(folder), stdio: "ignore" } as const;
  const direct = [...guarded, "runtime/fn.ts", "gap-report"];
  const byNpm = Array.from({ length: 5 }, () =>
    timed(() => execFileSync("npm", ["run", "-s", "fn", "--", "gap-report"], options)),
  );
  const byNode = Array.from({ length: 5 }, () =>
    timed(() => execFileSync(process.execPath, direct, options)),
  );
  const own = median(byNode);
  print(
    `npm run fn: ${median(byNpm)} ms, of which node ${own} ms, bare Node ${median(bareStarts())} ms`,
  );
}

function bareStarts(): number[] {
  return Array.from({ length: 5 }, () => timed(() => execFileSync(process.execPath, ["-e", "0"])));
}

function timed(work: () => unknown): number {
  const before = performance.now();
  work();
  return performance.now() - before;
}

function settings(folder: string): Record<string, string> {
  const file = join(folder, "schedules.json");
  writeFileSync(file, "{}");
  return {
    PATH: process.env["PATH"] ?? "",
    HOURBOOK_DATA: join(folder, "data"),
    HOURBOOK_COLLECTOR: "bench",
    HOURBOOK_SCHEDULES: file,
  };
}

async function serveBooks(): Promise<{ url: string; close(): void }> {
  const levels = Array.from({ length: 20 }, (_, level) => ({
    price: `0.${level + 10}`,
    size: "1234.5",
  }));
  const book = (token: number): object => ({ asset_id: String(token), bids: levels, asks: levels });
  const body = JSON.stringify(Array.from({ length: 500 }, (_, token) => book(token)));
  const server = createServer((_request, response) => response.end(body)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

function median(values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}

function row(name: string, ...cells: string[]): string {
  return `  ${name.padEnd(10)}${cells.map((cell) => cell.padStart(10)).join("")}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
