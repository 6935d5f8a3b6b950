/** Runs a step under strace: once to count its system calls, then once for each of them, killed as it enters it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Ack, StepName } from "./steps.ts";

/** Where a process can be killed so that it matters: what changes files, and what opens them. */
const syscalls = [
  "write",
  "pwrite64",
  "fdatasync",
  "fsync",
  "ftruncate",
  "link",
  "rename",
  "unlink",
  "rmdir",
  "mkdir",
  "openat",
];

export interface Point {
  step: StepName;
  syscall: string;
  /** The n-th of its kind, from 1. */
  n: number;
}

export interface Traced {
  points: Point[];
  /** Relative to the root. */
  paths: string[];
}

const worker = join(import.meta.dirname, "worker.ts");

export function hasStrace(): boolean {
  return spawnSync("strace", ["-V"]).status === 0;
}

/** Every call that the step makes on a file below `root`; the step is done afterwards. */
export function countCalls(root: string, step: StepName, log: string): Traced {
  const traced = spawnSync(
    "strace",
    [
      "-f",
      "-qq",
      "-y",
      "-s",
      "4096",
      "-o",
      log,
      "-e",
      `trace=${syscalls.map((name) => `?${name}`).join(",")}`,
      ...command(root, step),
    ],
    options(),
  );
  if (traced.status !== 0) throw new Error(`${step} failed: ${traced.stderr.toString()}`);
  const counts = new Map<string, number>();
  const paths = new Set<string>();
  for (const line of readFileSync(log, "utf8").split("\n")) {
    const [, thread, syscall] = /^(\d+)\s+(\w+)\(/.exec(line) ?? [];
    if (thread === undefined || syscall === undefined) continue;
    const found = [...line.matchAll(/["<](\/[^">]*)[">]/g)]
      .map(([, path]) => path ?? "")
      .filter((path) => path.startsWith(`${root}/`));
    const touched = found
      .map((path) => path.slice(root.length + 1))
      .filter((path) => !path.startsWith("data/state/locks"));
    if (touched.length === 0) continue;
    for (const path of touched) paths.add(path);
    const key = `${syscall} ${thread}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return { points: pointsOf(step, counts), paths: [...paths] };
}

// strace counts for each thread apart; the thread pool has one.
function pointsOf(step: StepName, counts: ReadonlyMap<string, number>): Point[] {
  const most = new Map<string, number>();
  for (const [key, count] of counts) {
    const [syscall = ""] = key.split(" ");
    most.set(syscall, Math.max(most.get(syscall) ?? 0, count));
  }
  return [...most].flatMap(([syscall, count]) =>
    Array.from({ length: count }, (_, at) => ({ step, syscall, n: at + 1 })),
  );
}

export interface KilledRun {
  acks: Ack[];
  /** `false`: it ended before it came to that call. */
  wasKilled: boolean;
}

export async function runAndKill(
  root: string,
  { step, syscall, n }: Point,
  paths: readonly string[],
): Promise<KilledRun> {
  const only = paths.flatMap((path) => ["-P", join(root, path)]);
  const inject = ["-e", `trace=${syscall}`, "-e", `inject=${syscall}:signal=KILL:when=${n}`];
  const child = spawn(
    "strace",
    ["-f", "-qq", "-o", "/dev/null", ...only, ...inject, ...command(root, step)],
    options(),
  );
  const { acks, code, signal, errors } = await listen(child);
  const wasKilled = signal === "SIGKILL" || code === 137;
  if (code !== 0 && !wasKilled)
    throw new Error(`the worker ended with ${code ?? signal}: ${errors}`);
  return { acks, wasKilled };
}

/** The run after the crash; `problem` is what it died of, if it did. */
export async function runNext(
  root: string,
  step: StepName,
): Promise<{ acks: Ack[]; problem: string | undefined }> {
  const child = spawn(process.execPath, [worker, step, root, "next"], options());
  const { acks, code, errors } = await listen(child);
  return { acks, problem: code === 0 ? undefined : errors };
}

interface Ended {
  acks: Ack[];
  code: number | null;
  signal: NodeJS.Signals | null;
  errors: string;
}

async function listen(child: ChildProcess): Promise<Ended> {
  let [out, errors] = ["", ""];
  child.stdout?.on("data", (piece: Buffer) => void (out += piece.toString()));
  child.stderr?.on("data", (piece: Buffer) => void (errors += piece.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  // A last line without its end was not said.
  const lines = out.split("\n").slice(0, -1);
  return { acks: lines.map((line) => JSON.parse(line) as Ack), code, signal, errors };
}

function command(root: string, step: StepName): string[] {
  return [process.execPath, worker, step, root, "first"];
}

// One thread in the pool makes the count exact.
function options(): { env: NodeJS.ProcessEnv; timeout: number } {
  return { env: { ...process.env, UV_THREADPOOL_SIZE: "1" }, timeout: 60_000 };
}
