/** One part of the production claim: what was found, by which files, and what to type where it does not hold. */
import type { Run } from "../../runtime/function.ts";
import { type HourId, listHours } from "../archive/layout.ts";
import type { remoteSettings } from "../remote/settings.ts";

export interface Judged {
  passed: boolean;
  what: string;
  /** Below the data folder where they lie there; else absolute. */
  files: string[];
  /** What to type; only a gate that is passed has none. */
  next?: string;
}

export interface Gate {
  name: string;
  look(run: GateRun): Promise<Judged>;
}

export interface GateRun extends Run<typeof remoteSettings> {
  /** Where the evidence of a soak lies, absolute. */
  soakPath: string;
  /** Of the project, absolute. */
  root: string;
}

export function passed(what: string, files: string[]): Judged {
  return { passed: true, what, files };
}

export function failed(what: string, next: string, files: string[] = []): Judged {
  return { passed: false, what, files, next };
}

/** The newest described hours of a stream, newest first. */
export async function describedHours(
  { files, settings }: GateRun,
  stream: string,
  hoursMax: number,
): Promise<HourId[]> {
  const hours = await listHours(files, settings.dataFolder, settings.collector);
  return hours
    .filter((hour) => hour.stream === stream && hour.has.has("manifest"))
    .slice(-hoursMax)
    .toReversed();
}
