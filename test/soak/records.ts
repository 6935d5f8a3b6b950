/** What a soak notes as it goes: one line of JSON each, appended to `samples.jsonl`. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { Trouble } from "./trouble.ts";

export interface Tree {
  files: number;
  bytes: number;
  freeBytes: number;
}

export type Note =
  /** The soak itself begins to watch, and stops on purpose. */
  | { kind: "watch"; pid?: number }
  | { kind: "rest" }
  /** `revision`: of the software that is started. */
  | { kind: "start"; pid: number; revision?: string }
  /** `wanted`: the soak had asked it to stop. */
  | { kind: "exit"; pid: number; code: number | null; wanted: boolean }
  /** `tree`: of the data folder, now and then. */
  | { kind: "sample"; pid: number; rssKB: number; fds: number; tree?: Tree };

export type Recorded = Note & { at: number };

/**
 * Written as it goes, without ever throwing: a full disk must not end a soak. A sample for which there is no room is left
 * out, which shows as a stretch without a watch; what else happened is kept, and written once it can be.
 */
export class Notebook {
  readonly #path: string;
  readonly #trouble: Trouble;
  #kept = "";

  constructor(path: string) {
    this.#path = path;
    this.#trouble = new Trouble(`note what is seen in ${path}`);
  }

  note(note: Note): void {
    const line = lineOf(Date.now(), note);
    // What failed may have left half a line.
    const text = `${this.#trouble.isUnderWay ? "\n" : ""}${this.#kept}${line}`;
    try {
      appendFileSync(this.#path, text);
      this.#kept = "";
      this.#trouble.isOver();
    } catch (error) {
      if (note.kind !== "sample") this.#kept += line;
      this.#trouble.goesOn(error);
    }
  }

  /** What happened and could not be written. */
  get unwritten(): number {
    return this.#kept.split("\n").length - 1;
  }
}

export function appendNote(path: string, at: number, note: Note): void {
  appendFileSync(path, lineOf(at, note));
}

function lineOf(at: number, note: Note): string {
  return `${JSON.stringify({ at, ...note })}\n`;
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
