/** Where the things of a soak lie. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../..");

export interface Places {
  plan: string;
  notes: string;
  lock: string;
  data: string;
  offsite: string;
  schedules: string;
  log: string;
  json: string;
  page: string;
  picture: string;
}

export function placesIn(folder: string): Places {
  const at = (name: string): string => join(folder, name);
  return {
    plan: at("plan.json"),
    notes: at("samples.jsonl"),
    lock: at("soak.lock"),
    data: at("data"),
    offsite: at("offsite"),
    schedules: at("schedules.json"),
    log: at("daemon.log"),
    json: at("soak.json"),
    page: at("soak.md"),
    picture: at("soak.svg"),
  };
}

/** In one step: a reader, and a soak that goes on after a crash, finds the old text or the new one. */
export function replace(path: string, text: string): void {
  writeFileSync(temporaryOf(path), text);
  renameSync(temporaryOf(path), path);
}

export function temporaryOf(path: string): string {
  return `${path}.tmp`;
}
