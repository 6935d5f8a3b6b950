/** What stands above a soak's figures: the command, the software that ran, the machine. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { version } from "../../runtime/version.ts";
import type { Head } from "./evaluate.ts";
import { root } from "./places.ts";
import type { Plan } from "./plan.ts";
import type { Recorded } from "./records.ts";

/** The revision is that of the daemons that ran, not of the checkout as it is now. */
export function headOf(plan: Plan, notes: readonly Recorded[]): Head {
  const { seed, venue, everySeconds, wantedHours } = plan;
  const time =
    wantedHours >= 1 ? `--hours ${wantedHours}` : `--minutes ${Math.round(wantedHours * 600) / 10}`;
  const more = [
    ...(venue === "live" ? ["--live"] : [`--seed ${seed}`]),
    ...(everySeconds === null ? [] : [`--every ${everySeconds}`]),
  ];
  return {
    command: `npm run soak -- ${[time, ...more].join(" ")}`,
    software: { version, revision: revisionsIn(notes), node: process.versions.node },
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

/** Each that was started, the oldest first. */
export function revisionsIn(notes: readonly Recorded[]): string {
  const found = notes.flatMap((note) =>
    note.kind === "start" ? [note.revision ?? "not noted"] : [],
  );
  return [...new Set(found)].join(", ");
}

/** Of the checkout as it is now: to be asked when a daemon is started. */
export function revisionNow(): string {
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
