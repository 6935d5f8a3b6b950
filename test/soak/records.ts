/** What a soak notes as it goes: one line of JSON each, appended to `samples.jsonl`. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export interface Tree {
  files: number;
  bytes: number;
  freeBytes: number;
}

export type Note =
  /** The soak itself begins to watch, and stops on purpose. */
  | { kind: "watch" }
  | { kind: "rest" }
  | { kind: "start"; pid: number }
  /** `wanted`: the soak had asked it to stop. */
  | { kind: "exit"; pid: number; code: number | null; wanted: boolean }
  /** `tree`: of the data folder, now and then. */
  | { kind: "sample"; pid: number; rssKB: number; fds: number; tree?: Tree };

export type Recorded = Note & { at: number };

export function appendNote(path: string, at: number, note: Note): void {
  appendFileSync(path, `${JSON.stringify({ at, ...note })}\n`);
}

/** A machine that went down may have left a torn last line, behind which the next soak begins. */
export function endTornLine(path: string): void {
  if (existsSync(path)) appendFileSync(path, "\n");
}

export function readNotes(path: string): Recorded[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").split("\n").flatMap(parseNote);
}

function parseNote(line: string): Recorded[] {
  try {
    const note = JSON.parse(line) as Partial<Recorded>;
    return typeof note.at === "number" && typeof note.kind === "string" ? [note as Recorded] : [];
  } catch {
    return [];
  }
}
