/** Whether `schedules.json` is right, and whether what it says can work: beyond what its schema can know. */
import { nextSlot } from "../../runtime/cron.ts";
import type { Schedules } from "../../runtime/schedules.ts";
import type { ScheduleEntry } from "../../runtime/schedule-entry.ts";
import { formatDuration } from "../../runtime/time.ts";
import { listHours } from "../archive/layout.ts";
import { receiptsFolder } from "../remote/receipts.ts";
import { isOnSameDisk } from "../remote/same-disk.ts";
import { remoteId } from "../remote/settings.ts";
import { type Check, type DoctorRun, type Noted, ok, problem, warning } from "./finding.ts";

export const scheduleCheck: Check = {
  name: "schedule",
  needs: ["HOURBOOK_REMOTE"],
  limitMs: 30_000,
  async look(run) {
    const { schedules, refusals = [] } = run.configuration ?? {};
    const refused = refusals.filter(({ code }) => code !== "BAD_SETTINGS");
    if (refused.length > 0) return refused.flatMap(refusalOf);
    // Under a daemon the schedule in force is the daemon's own.
    if (schedules === undefined) return [ok("in force")];
    const found = [
      ...judgeSchedules(schedules, run.clock.now()),
      ...(await judgePrune(run, schedules)),
    ];
    const scheduled = [...schedules.entries.values()].filter(fires).length;
    return found.length > 0 ? found : [ok(`valid; ${scheduled} functions are fired by it`)];
  },
};

function refusalOf({
  message,
  details,
  next,
}: {
  message: string;
  details: readonly string[];
  next?: string | undefined;
}): Noted[] {
  const fix = next ?? "mend it in schedules.json; a running daemon takes it when it is saved";
  return (details.length > 0 ? details : [message]).map((detail) => problem(detail, fix));
}

/** What nothing else does in its place. */
const needed: Record<string, string> = {
  discover: "the watch list is never renewed: new markets are not recorded",
  "seal-hour": "hours stay open, and are never offloaded",
  "build-manifest": "sealed hours get no manifest, and are never offloaded",
  offload: "nothing is copied off this machine",
  scrub: "a copy that vanishes or changes on the remote is not noticed",
};

export function judgeSchedules({ entries }: Pick<Schedules, "entries">, now: number): Noted[] {
  const found: Noted[] = [];
  const poll = entries.get("snapshot-poll");
  if (!fires(poll))
    found.push(
      problem(
        "snapshot-poll is not scheduled: nothing is recorded",
        fixOf("snapshot-poll", '"cron": "*/10 * * * * *"'),
      ),
    );
  else {
    const intervalMs = shortestInterval(poll, now);
    if (poll.timeoutMs >= intervalMs) {
      const what = `snapshot-poll may take ${formatDuration(poll.timeoutMs)} and comes every ${formatDuration(intervalMs)}: a slow one costs the next its slot`;
      found.push(
        warning(
          what,
          fixOf("snapshot-poll", `"timeout": "${Math.max(1, Math.floor(intervalMs / 1000) - 1)}s"`),
        ),
      );
    }
  }
  for (const [name, loss] of Object.entries(needed))
    if (!fires(entries.get(name)))
      found.push(warning(`${name} is not scheduled: ${loss}`, fixOf(name, '"cron": …')));
  return found;
}

async function judgePrune(run: DoctorRun, { entries }: Schedules): Promise<Noted[]> {
  const { files, settings } = run;
  const prune = entries.get("prune");
  if (!fires(prune)) {
    const what = "prune is not scheduled: the disk fills up, and polls stop before it is full";
    return [warning(what, fixOf("prune", '"cron": "50 3 * * *"'))];
  }
  const { allowSameDisk } = prune.input as { allowSameDisk?: boolean };
  if (allowSameDisk !== true && (await isOnSameDisk(run))) {
    const what =
      "prune is scheduled and will refuse: the remote lies on the data folder's own filesystem";
    return [
      warning(what, "set HOURBOOK_REMOTE to rclone:NAME:PATH, or to a folder on another disk"),
    ];
  }
  const { dataFolder, collector, HOURBOOK_REMOTE: remote } = settings;
  const sealed = await listHours(files, dataFolder, collector);
  const receipts = await files.list(receiptsFolder(dataFolder, remoteId(remote)));
  if (sealed.length === 0 || receipts.length > 0) return [];
  const what = `prune is scheduled, and nothing was ever verified on ${remote.spec}: it will delete nothing`;
  return [warning(what, "npm run fn -- offload")];
}

function fires(entry: ScheduleEntry | undefined): entry is ScheduleEntry & { cron: string } {
  return entry?.cron !== undefined && entry.enabled;
}

function fixOf(name: string, what: string): string {
  return `in schedules.json, ${name}: ${what}`;
}

/** Of so many slots the two that are closest: enough for any cadence that changes within the hour. */
const slotsLookedAt = 400;

function shortestInterval(entry: { cron: string; timezone: string }, now: number): number {
  let shortest = Number.POSITIVE_INFINITY;
  let last = nextSlot(entry, now);
  for (let looked = 0; looked < slotsLookedAt && last !== undefined; looked += 1) {
    const next = nextSlot(entry, last);
    if (next !== undefined) shortest = Math.min(shortest, next - last);
    last = next;
  }
  return shortest;
}
