/** The processes of a soak: the venue, and the daemon as `npm start` has it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { type Places, type Plan, root } from "./plan.ts";

export type Environment = Record<string, string>;

const markets = 250;
const venueNames = 3;

export interface Venue {
  /** What points the daemon at it; nothing for the live one. */
  env: Environment;
  stop(): void;
}

export async function startVenue({ venue, seed }: Plan): Promise<Venue> {
  if (venue === "live") return { env: {}, stop: () => {} };
  const args = [join(root, "test/soak/venue.ts"), String(seed), String(markets)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const env: Environment = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [name = "", value = ""] = line.split("=");
    env[name] = value;
    if (Object.keys(env).length === venueNames) break;
  }
  return { env, stop: () => child.stdin.end() };
}

/** Its own, and nothing of whoever starts the soak. */
export function environment(places: Places, venue: Environment): Environment {
  return {
    ...venue,
    PATH: process.env["PATH"] ?? "",
    HOURBOOK_DATA: places.data,
    HOURBOOK_COLLECTOR: "soak",
    HOURBOOK_REMOTE: `dir:${places.offsite}`,
    HOURBOOK_SCHEDULES: places.schedules,
    HOURBOOK_LOG_FILE: places.log,
  };
}

/** A group of its own, so that Ctrl-C on the terminal asks the soak alone, which then asks the daemon. */
export function startDaemon(folder: string, env: Environment): ChildProcess {
  const script = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: { start: string };
  };
  const args = script.scripts.start.split(" ").slice(1).map(fromRoot);
  return spawn(process.execPath, args, { cwd: folder, env, stdio: "ignore", detached: true });
}

export async function runByHand(
  folder: string,
  env: Environment,
  ...args: string[]
): Promise<void> {
  const words = ["--import", "./runtime/guard.js", "runtime/fn.ts"].map(fromRoot);
  await promisify(execFile)(process.execPath, [...words, ...args], { cwd: folder, env });
}

// In the soak's own folder no `.env` of the project counts.
function fromRoot(word: string): string {
  return /^(\.\/)?runtime\//.test(word) ? join(root, word) : word;
}

export interface Held {
  rssKB: number;
  fds: number;
}

/** `undefined` once it is gone. */
export function look(pid: number): Held | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const rssKB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    return Number.isNaN(rssKB) ? undefined : { rssKB, fds: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}

const goneAfterMs = 60_000;

/** Asks it to stop, and ends it where it does not. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new AbortController();
  const ended = once(child, "exit").finally(() => over.abort());
  child.kill("SIGTERM");
  void wait(goneAfterMs, undefined, { signal: over.signal }).then(
    () => child.kill("SIGKILL"),
    () => undefined,
  );
  await ended;
}

/** A daemon that outlived its soak holds the data folder: it is asked to go. */
export async function stopOrphan(pid: number, places: Places): Promise<void> {
  const isOurs = (): boolean => {
    try {
      const words = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      return words.includes(`HOURBOOK_DATA=${places.data}`);
    } catch {
      return false;
    }
  };
  for (let waited = 0; isOurs(); waited += 100) {
    if (waited === 0) process.kill(pid, "SIGTERM");
    if (waited >= goneAfterMs) process.kill(pid, "SIGKILL");
    await wait(100);
  }
}
