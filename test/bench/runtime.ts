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
import { type Row, compared, ms } from "./rows.ts";

const root = join(import.meta.dirname, "../..");
const guarded = ["--import", "./runtime/guard.js"];
const rounds = 3;
const secondsPerRound = 10;
const systems = ["bare", "node-cron", "hourbook"] as const;
const idleMs = 6_000;

export async function bench(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "hourbook-bench-"));
  const venue = await serveBooks();
  try {
    return [
      ...(await measureFiring("idle")),
      ...(await measureFiring("beside a poll of 500 books every 2 s", venue.url)),
      ...(await measureDaemon(folder)),
      byHand(folder),
    ];
  } finally {
    venue.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureFiring(what: string, url?: string): Promise<Row[]> {
  const fired = new Map(systems.map((system): [string, Fired[]] => [system, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const system of systems) {
      const args = [...guarded, `test/bench/fire-${system}.ts`, String(secondsPerRound)];
      const output = execFile(url === undefined ? args : [...args, url]);
      fired.get(system)?.push(JSON.parse(await output) as Fired);
    }
  }
  const [bare, cron, ours] = systems.map((system) => sumUp(fired.get(system) ?? []));
  if (bare === undefined || cron === undefined || ours === undefined) return [];
  const [p50, p99] = [`lateness p50, ${what}`, `lateness p99, ${what}`];
  const name = "node-cron";
  return [
    {
      ...compared({ what: p50, ours: ours.p50, theirs: bare.p50, name: "bare timers", show: ms }),
      goal: `<= ${beyondBareMs} ms more`,
      met: ours.p50 <= bare.p50 + beyondBareMs,
    },
    compared({ what: p50, ours: ours.p50, theirs: cron.p50, name, show: ms }),
    {
      ...compared({ what: p99, ours: ours.p99, theirs: bare.p99, name: "bare timers", show: ms }),
      goal: `<= ${p99MsMax} ms`,
      met: ours.p99 <= p99MsMax,
    },
    compared({ what: p99, ours: ours.p99, theirs: cron.p99, name, show: ms }),
    compared({
      what: `CPU of a fire, on record and under a lock, ${what}`,
      ours: ours.cpu,
      theirs: cron.cpu,
      name,
      show: (value) => `${value.toFixed(2)} ms`,
    }),
  ];
}

const beyondBareMs = 1;
const p99MsMax = 25;

function sumUp(each: readonly Fired[]): { p50: number; p99: number; cpu: number } {
  const late = each.flatMap(({ lateness }) => lateness).sort((a, b) => a - b);
  const at = (share: number): number => late[Math.floor(share * (late.length - 1))] ?? 0;
  const cpu = each.reduce((sum, { cpuMsPerFire }) => sum + cpuMsPerFire, 0) / each.length;
  return { p50: at(0.5), p99: at(0.99), cpu };
}

async function execFile(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
  await once(child, "close");
  return output;
}

/** Memory of a daemon with every function loaded and nothing to fire, and how long it takes to be ready. */
async function measureDaemon(folder: string): Promise<Row[]> {
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
  const name = "bare Node";
  const mb = (value: number): string => `${value} MB`;
  const memory = { theirs: floor, name, show: mb };
  return [
    compared({ what: "idle memory", ours: idle, ...memory }),
    compared({ what: "the packages and modules that it uses, alone", ours: withParts, ...memory }),
    compared({
      what: "start to ready",
      ours: median(starts),
      theirs: median(bareStarts()),
      name,
      show: ms,
    }),
  ];
}

/** As `npm start` has it. */
function startArgs(): string[] {
  const text = readFileSync(join(root, "package.json"), "utf8");
  const { scripts } = JSON.parse(text) as { scripts: { start: string } };
  return scripts.start.split(" ").slice(1);
}

async function memoryAfter({ pid }: ChildProcess, afterMs: number): Promise<number> {
  await wait(afterMs);
  return Math.round(
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024,
  );
}

function byHand(folder: string): Row {
  const options = { cwd: root, env: settings(folder), stdio: "ignore" } as const;
  const direct = [...guarded, "runtime/fn.ts", "gap-report"];
  const byNpm = Array.from({ length: 5 }, () =>
    timed(() => execFileSync("npm", ["run", "-s", "fn", "--", "gap-report"], options)),
  );
  const byNode = Array.from({ length: 5 }, () =>
    timed(() => execFileSync(process.execPath, direct, options)),
  );
  return compared({
    what: `a function by hand, npm run fn (node itself ${ms(median(byNode))})`,
    ours: median(byNpm),
    theirs: median(bareStarts()),
    name: "bare Node",
    show: ms,
  });
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
