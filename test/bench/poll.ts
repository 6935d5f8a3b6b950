/**
 * What recording costs: the daemon on one core, 5,000 tokens every 10 s, against a simulated venue in a process of
 * its own; then `curl | gzip` for the same tokens at the same cadence, as someone would do it under cron.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { type Row, bytes, compared, mib, ms } from "./rows.ts";

const root = join(import.meta.dirname, "../..");
const batch = 500;
const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"]).toString());

export interface Load {
  tokens: number;
  cadenceMs: number;
  polls: number;
}

const usual: Load = { tokens: 5_000, cadenceMs: 10_000, polls: 6 };

interface Cost {
  cpuMs: number;
  bytes: number;
}

export async function bench(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "hourbook-bench-"));
  const venue = await startVenue(usual.tokens);
  try {
    const ours = await measureDaemon(folder, venue.env, usual);
    const tokens = watchedTokens(folder);
    const theirs = await measureCurl(folder, venue.env["HOURBOOK_CLOB_URL"] ?? "", tokens);
    const naive = await measureNaive(folder, venue.env["HOURBOOK_CLOB_URL"] ?? "", tokens);
    const sealed = await sealedBytes(folder, venue.env);
    return rowsOf({ ours, theirs, naive, sealed });
  } finally {
    venue.process.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function startVenue(
  tokens: number,
): Promise<{ process: ChildProcess; env: Record<string, string> }> {
  const markets = String(tokens / 2 + 100);
  const args = [
    "test/venue/main.ts",
    "--markets",
    markets,
    "--churn",
    "0.4",
    "--turnover",
    "0",
    "--plain",
  ];
  const venue = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const env: Record<string, string> = {};
  for await (const line of createInterface({ input: venue.stdout })) {
    const [, name = "", value = ""] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    env[name] = value;
    if (Object.keys(env).length === 3) break;
  }
  return { process: venue, env };
}

interface DaemonCost extends Cost {
  peakMiB: number;
  loop: { own: number; max: number; p99: number };
  polls: number;
}

export async function measureDaemon(
  folder: string,
  venueEnv: Record<string, string>,
  load: Load,
): Promise<DaemonCost> {
  const { polls, cadenceMs } = load;
  const env = environment(folder, venueEnv, load);
  await promisify(execFile)(process.execPath, ["runtime/fn.ts", "discover"], { cwd: root, env });
  const loopFile = join(folder, "loop.json");
  const daemon = spawn(
    "taskset",
    ["-c", "0", process.execPath, "--import", "./test/bench/loop-delay.ts", "runtime/main.ts"],
    { cwd: root, env: { ...env, BENCH_LOOP_DELAY: loopFile }, stdio: "ignore" },
  );
  const pid = daemon.pid ?? 0;
  await wait(cadenceMs / 2 + cadenceMs - (Date.now() % cadenceMs));
  const before = cpuMs(pid);
  await wait(polls * cadenceMs);
  const cpu = cpuMs(pid) - before;
  const peakMiB = peakOf(pid);
  daemon.kill("SIGTERM");
  await once(daemon, "exit");
  const loop = JSON.parse(readFileSync(loopFile, "utf8")) as DaemonCost["loop"];
  return { cpuMs: cpu / polls, bytes: openBytes(folder), peakMiB, loop, polls };
}

function environment(
  folder: string,
  venueEnv: Record<string, string>,
  { tokens, cadenceMs }: Omit<Load, "polls">,
): Record<string, string> {
  const seconds = cadenceMs / 1000;
  const schedules = {
    discover: { input: { marketsMax: tokens / 2, outcomes: "both" } },
    "snapshot-poll": { cron: `*/${seconds} * * * * *`, timeout: `${seconds - 1}s` },
  };
  const file = join(folder, "schedules.json");
  writeFileSync(file, JSON.stringify(schedules));
  return {
    ...venueEnv,
    PATH: process.env["PATH"] ?? "",
    HOURBOOK_DATA: join(folder, "data"),
    HOURBOOK_COLLECTOR: "bench",
    HOURBOOK_SCHEDULES: file,
  };
}

/** The same answers fetched and compressed as they come, one process for each request. */
async function measureCurl(
  folder: string,
  clobUrl: string,
  tokens: readonly string[],
): Promise<Cost> {
  const bodies = join(folder, "bodies");
  mkdirSync(bodies);
  const starts = Array.from({ length: Math.ceil(tokens.length / batch) }, (_, at) => at * batch);
  for (const start of starts) {
    const asked = tokens.slice(start, start + batch).map((token) => ({ token_id: token }));
    writeFileSync(join(bodies, `${start}.json`), JSON.stringify(asked));
  }
  const file = join(folder, "curl.gz");
  const script = `TIMEFORMAT='%U %S'; time (for body in ${bodies}/*.json; do curl -s --json @$body ${clobUrl}/books | gzip >> ${file}; done)`;
  let cpu = 0;
  for (let poll = 0; poll < usual.polls; poll += 1) {
    const due = wait(usual.cadenceMs);
    const { stderr } = await promisify(execFile)("bash", ["-c", script]);
    const [user = 0, system = 0] = stderr.trim().split(" ").map(Number);
    cpu += (user + system) * 1000;
    await due;
  }
  return { cpuMs: cpu / usual.polls, bytes: statSync(file).size };
}

/** A Node process on the same core, which parses what comes and writes it again. */
async function measureNaive(
  folder: string,
  clobUrl: string,
  tokens: readonly string[],
): Promise<Cost & { peakMiB: number }> {
  const file = join(folder, "naive.gz");
  const script = join(root, "test/bench/naive-collector.js");
  const args = ["-c", "0", process.execPath, script, clobUrl, file, String(usual.cadenceMs / 1000)];
  const collector = spawn("taskset", args, { stdio: ["pipe", "ignore", "inherit"] });
  collector.stdin.end(JSON.stringify(tokens));
  const pid = collector.pid ?? 0;
  await wait(usual.cadenceMs / 2);
  const before = cpuMs(pid);
  await wait(usual.polls * usual.cadenceMs);
  const cpu = cpuMs(pid) - before;
  const peakMiB = peakOf(pid);
  collector.kill("SIGTERM");
  await once(collector, "exit");
  return { cpuMs: cpu / usual.polls, bytes: statSync(file).size, peakMiB };
}

async function sealedBytes(folder: string, venueEnv: Record<string, string>): Promise<number> {
  const asOf = new Date(Date.now() + 2 * 3_600_000).toISOString();
  const env = environment(folder, venueEnv, usual);
  await promisify(execFile)(process.execPath, ["runtime/fn.ts", "seal-hour", "--as-of", asOf], {
    cwd: root,
    env,
  });
  const files = readdirSync(join(folder, "data/archive/venue=polymarket/stream=books"), {
    recursive: true,
  });
  return files
    .map((name) => join(folder, "data/archive/venue=polymarket/stream=books", String(name)))
    .filter((path) => path.endsWith(".gz"))
    .reduce((sum, path) => sum + statSync(path).size, 0);
}

function watchedTokens(folder: string): string[] {
  const list = JSON.parse(readFileSync(join(folder, "data/watch/polymarket.json"), "utf8")) as {
    tokens: { token: string }[];
  };
  return list.tokens.map(({ token }) => token);
}

function openBytes(folder: string): number {
  const names = readdirSync(join(folder, "data/open")).filter((name) =>
    name.startsWith("polymarket.books"),
  );
  return names.reduce((sum, name) => sum + statSync(join(folder, "data/open", name)).size, 0);
}

/** User and system time of the process so far. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

function peakOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

const loopMsMax = 100;

function rowsOf(measured: {
  ours: DaemonCost;
  theirs: Cost;
  naive: Cost & { peakMiB: number };
  sealed: number;
}): Row[] {
  const { ours, theirs, naive, sealed } = measured;
  const [curl, node] = ["curl | gzip", "naive Node collector"] as const;
  const cpu = { what: "CPU of a poll", ours: ours.cpuMs, show: ms, goalMax: 1 };
  const atRest = { what: "bytes, sealed", ours: sealed, show: bytes, goalMax: 1 };
  return [
    compared({ ...cpu, theirs: theirs.cpuMs, name: curl }),
    compared({ ...cpu, theirs: naive.cpuMs, name: node }),
    compared({
      what: "bytes, open",
      ours: ours.bytes,
      theirs: theirs.bytes,
      name: curl,
      show: bytes,
    }),
    compared({ ...atRest, theirs: theirs.bytes, name: curl }),
    compared({ ...atRest, theirs: naive.bytes, name: node }),
    compared({
      what: "peak memory",
      ours: ours.peakMiB,
      theirs: naive.peakMiB,
      name: node,
      show: mib,
    }),
    {
      what: "longest work between two turns of the event loop",
      ours: `${ours.loop.own} ms (${ours.loop.max} ms with waiting for the core)`,
      instead: "",
      ratio: undefined,
      goal: `<= ${loopMsMax} ms`,
      met: ours.loop.own <= loopMsMax,
    },
  ];
}
