/** What a soak is: fixed by its first command, and kept in its folder, so that the next one goes on with the same. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { version } from "../../runtime/version.ts";
import type { CronLine } from "../slots/cron-by-the-book.ts";
import type { Head } from "./evaluate.ts";

export const root = join(import.meta.dirname, "../..");

export interface Plan {
  seed: number;
  venue: "simulated" | "live";
  /** The polls' cadence; `null`: as shipped. */
  everySeconds: number | null;
  wantedHours: number;
}

export interface Places {
  plan: string;
  notes: string;
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
    data: at("data"),
    offsite: at("offsite"),
    schedules: at("schedules.json"),
    log: at("daemon.log"),
    json: at("soak.json"),
    page: at("soak.md"),
    picture: at("soak.svg"),
  };
}

/** Of a folder that holds a soak, its own with what `asked` says of the hours; else a new one. */
export function takePlan(folder: string, asked: Partial<Plan>): Plan {
  const places = placesIn(folder);
  mkdirSync(folder, { recursive: true });
  const begun = existsSync(places.plan)
    ? (JSON.parse(readFileSync(places.plan, "utf8")) as Plan)
    : undefined;
  for (const name of ["seed", "venue", "everySeconds"] as const)
    if (begun !== undefined && asked[name] !== undefined && asked[name] !== begun[name])
      throw new Error(
        `${folder} holds a soak with ${name} ${begun[name]}; give another --folder for ${asked[name]}`,
      );
  const fresh: Plan = { seed: 1, venue: "simulated", everySeconds: null, wantedHours: 24 };
  const plan = { ...fresh, ...begun, ...asked };
  writeFileSync(places.plan, `${JSON.stringify(plan, undefined, 1)}\n`);
  writeFileSync(places.schedules, `${JSON.stringify(schedulesOf(plan), undefined, 2)}\n`);
  return plan;
}

type Entry = { cron?: string; timezone?: string; enabled?: boolean; input?: object };
type Entries = Record<string, Entry>;

/** The shipped ones; the copy lies on the same disk, since it is the runtime that is on trial, not the disk. */
export function schedulesOf({ everySeconds }: Plan): Entries {
  const text = readFileSync(join(root, "schedules.json"), "utf8");
  const { $schema: _, ...entries } = JSON.parse(text) as Entries & { $schema: unknown };
  const shipped: Entries = entries;
  const prune = shipped["prune"];
  if (prune !== undefined) prune.input = { ...prune.input, allowSameDisk: true };
  const poll = shipped["snapshot-poll"];
  if (poll !== undefined && everySeconds !== null) poll.cron = `*/${everySeconds} * * * * *`;
  return shipped;
}

/** What is fired on schedule. */
export function firedBy(plan: Plan): Map<string, CronLine> {
  const fired = new Map<string, CronLine>();
  for (const [name, { cron, timezone = "UTC", enabled = true }] of Object.entries(
    schedulesOf(plan),
  ))
    if (cron !== undefined && enabled) fired.set(name, { cron, timezone });
  return fired;
}

export function headOf(plan: Plan): Head {
  const { seed, venue, everySeconds, wantedHours } = plan;
  const time =
    wantedHours >= 1 ? `--hours ${wantedHours}` : `--minutes ${Math.round(wantedHours * 600) / 10}`;
  const more = [
    ...(venue === "live" ? ["--live"] : [`--seed ${seed}`]),
    ...(everySeconds === null ? [] : [`--every ${everySeconds}`]),
  ];
  return {
    command: `npm run soak -- ${[time, ...more].join(" ")}`,
    software: { version, revision: revision(), node: process.versions.node },
    machine: {
      cpus: cpus().length,
      memoryMB: Math.round(totalmem() / 2 ** 20),
      system: `${process.platform} ${release()}`,
    },
    venue,
    seed,
    schedule: everySeconds === null ? "as shipped" : `as shipped, polls every ${everySeconds} s`,
    wantedHours,
  };
}

function revision(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] })
        .toString()
        .trim();
    return `${git("rev-parse", "--short=10", "HEAD")}${git("status", "--porcelain") === "" ? "" : " and changes"}`;
  } catch {
    return "not from git";
  }
}
