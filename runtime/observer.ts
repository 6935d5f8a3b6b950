/** Who is told what the runtime does, to tell the world: never in the way of a run. */
import type { RunReport } from "./run-report.ts";
import type { Schedules } from "./schedules.ts";

export interface Observer {
  /** Everything is in force and fires. */
  started(vitals: Vitals): void;
  /** It was asked to look at its schedules; until that is over. */
  reloading?(isOver: Promise<void>): void;
  /** Another schedule is in force. */
  reloaded(schedules: Schedules): void;
  ended(report: RunReport): void;
  /** Nothing fires any more; runs under way are being ended. */
  stopping?(reason: string): void;
  /** Nothing fires any more, no run is left. The process waits for what is returned, which bounds itself. */
  stopped(reason: string, exitCode: number): Promise<void>;
}

/** How the runtime is, to be asked at any time. */
export interface Vitals {
  functions: number;
  next(): { name: string; at: number } | undefined;
  /** Why it makes no progress, or nothing. */
  trouble(): string | undefined;
}
