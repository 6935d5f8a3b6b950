/** The processes of a soak: the venue, and the daemon as `npm start` has it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { type Places, root } from "./places.ts";
import type { Plan } from "./plan.ts";
import { SoakError } from "./soak-error.ts";

export type Environment = Record<string, string>;

const markets = 250;
const venueNames = 3;

export interface Venue {
  /** What points the daemon at it; nothing for the live one. */
  env: Environment;
  pid?: number | undefined;
  stop(): void;
}

/** `failed` hears of its end if nobody had asked for it: all that is recorded after it is worth nothing. */
export async function startVenue(
  { venue, seed }: Plan,
  failed: (error: Error) => void,
): Promise<Venue> {
  if (venue === "live") return { env: {}, stop: () => {} };
  const args = [join(root, "test/soak/venue.ts"), String(seed), String(markets)];
  // A group of its own, as the daemon has: Ctrl-C on the terminal must not end it before the soak asks.
  const child = spawn(process.execPath, args, {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  let isWanted = true;
  child.once("error", failed);
  child.once("exit", (code, signal) => {
    if (isWanted) failed(venueEnded(child.pid, signal ?? `exit code ${code}`));
  });
  // It may be gone when it is asked to stop.
  child.stdin.on("error", () => undefined);
  const env: Environment = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [name = "", value = ""] = line.split("=");
    env[name] = value;
    if (Object.keys(env).length === venueNames) break;
  }
  if (Object.keys(env).length < venueNames) throw venueEnded(child.pid, "before it was ready");
  const stopVenue = (): void => {
    isWanted = false;
    child.stdin.end();
  };
  return { env, pid: child.pid, stop: stopVenue };
}

function venueEnded(pid: number | undefined, how: string): SoakError {
  return new SoakError({
    what: `the simulated venue (test/soak/venue.ts, pid ${pid}) ended by itself: ${how}`,
    safe: "The daemon was stopped; what is recorded stays, and its report is published.",
    next: "the same command goes on with it; free -m; dmesg | tail, if memory was short",
    exit: "failed",
  });
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
