/** `npm run soak` under way, for tests: nothing of it outlasts its test. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Ending } from "../support/folder.ts";
import { placesIn } from "./places.ts";
import { type Recorded, readNotes } from "./records.ts";

export interface Soak {
  process: ChildProcess;
  /** What it said on stderr. */
  errors(): string;
  /** Its exit code. */
  ended(): Promise<number | null>;
}

export function startSoak(t: Ending, folder: string, ...flags: string[]): Soak {
  const args = [join(import.meta.dirname, "main.ts"), ...flags, "--folder", folder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exit = once(child, "close") as Promise<[number | null]>;
  t.after(() => {
    child.kill("SIGKILL");
    for (const pid of daemonsOf(folder)) endIfThere(pid, folder);
  });
  return { process: child, errors: () => errors, ended: async () => (await exit)[0] };
}

export function notesOf<K extends Recorded["kind"]>(
  folder: string,
  kind: K,
): Extract<Recorded, { kind: K }>[] {
  return readNotes(placesIn(folder).notes).filter(
    (note): note is Extract<Recorded, { kind: K }> => note.kind === kind,
  );
}

/** More samples than it has now. */
export async function sampled(folder: string, more: number): Promise<void> {
  const wanted = notesOf(folder, "sample").length + more;
  await until(() => notesOf(folder, "sample").length >= wanted);
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await wait(50);
}

export function daemonsOf(folder: string): number[] {
  return notesOf(folder, "start").map(({ pid }) => pid);
}

/** A daemon of this soak, and not another process that has its number by now. */
export function isThere(pid: number, folder: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").includes(folder);
  } catch {
    return false;
  }
}

function endIfThere(pid: number, folder: string): void {
  if (isThere(pid, folder)) process.kill(pid, "SIGKILL");
}
