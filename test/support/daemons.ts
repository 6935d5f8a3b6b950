/** Starts real daemons for a test, and waits for what they log. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { systemFiles } from "../../runtime/doors/files.ts";
import { listJournalHours, readJournal } from "../../runtime/journal-read.ts";
import type { JournalLine } from "../../runtime/journal-lines.ts";

const program = join(import.meta.dirname, "daemon.ts");

export interface Daemon {
  process: ChildProcess;
  /** Settles when a log line says so. */
  says(message: RegExp): Promise<void>;
  exitCode(): Promise<number | null>;
}

/** `wanted`: functions to run at start, `NAME=CRON` on schedule. */
export function startDaemon(t: TestContext, dataFolder: string, ...wanted: string[]): Daemon {
  return startDaemonIn(t, process.env, dataFolder, ...wanted);
}

export function startDaemonIn(
  t: TestContext,
  env: NodeJS.ProcessEnv,
  dataFolder: string,
  ...wanted: string[]
): Daemon {
  const child = spawn(process.execPath, [program, dataFolder, ...wanted], {
    stdio: ["ignore", "ignore", "pipe"],
    env,
  });
  t.after(() => child.kill("SIGKILL"));
  const said: string[] = [];
  const lines = createInterface({ input: child.stderr });
  lines.on("line", (line) => said.push(line));
  const ended = once(child, "exit") as Promise<[number | null]>;
  return {
    process: child,
    async says(message) {
      while (!said.some((line) => message.test(line))) {
        await Promise.race([
          once(lines, "line"),
          ended.then(() => assert.fail(`it ended: ${said.join("\n")}`)),
        ]);
      }
    },
    exitCode: async () => (await ended)[0],
  };
}

export async function journalOf(dataFolder: string): Promise<JournalLine[]> {
  const place = { dataFolder, collector: "test" };
  const hours = await listJournalHours(systemFiles, place);
  return Array.fromAsync(readJournal(systemFiles, place, hours));
}
