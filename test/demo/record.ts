/**
 * Records some hours of a simulated venue with the real runtime, over real HTTP, on a clock that runs as fast as
 * the machine allows and stands still while anything is under way.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startRuntime } from "../../runtime/app.ts";
import { loadFunctions } from "../../runtime/load.ts";
import { createLog } from "../../runtime/logs.ts";
import { readSchedules, type Schedules } from "../../runtime/schedules.ts";
import { readSettings } from "../../runtime/settings.ts";
import { hourMs, iso, minuteMs } from "../../runtime/time.ts";
import { version } from "../../runtime/version.ts";
import { virtualMachine } from "../support/machine.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { startVenue } from "../venue/venue.ts";

export interface Recorded {
  folder: string;
  collector: string;
  outage: { from: string; until: string };
  from: string;
  until: string;
}

export const collector = "demo";
const seed = 3;
const markets = 6;
const startsAt = Date.parse("2026-03-02T09:58:30Z");
const endsAt = startsAt + 3 * hourMs + 40 * minuteMs;
// The venue answers 503 for seven minutes in the middle of the second full hour.
const outage = { from: startsAt + 100 * minuteMs, until: startsAt + 107 * minuteMs };

export async function record(
  folder: string,
  onProgress: (at: number, from: number, until: number) => void,
): Promise<Recorded> {
  const clock = virtualClock({ start: startsAt });
  const venue = await startVenue({
    seed,
    clock,
    markets,
    turnover: 0,
    remember: "counts",
    onPark: (hold) => clock.park(hold),
    onUnpark: (hold) => clock.unpark(hold),
  });
  venue.faults.inject({ kind: "503", on: "books", ...outage });
  const functions = await loadFunctions();
  const settings = readSettings(
    {
      HOURBOOK_DATA: join(folder, "data"),
      HOURBOOK_COLLECTOR: collector,
      HOURBOOK_REMOTE: `dir:${join(folder, "offsite")}`,
      HOURBOOK_GAMMA_URL: venue.gammaUrl,
      HOURBOOK_CLOB_URL: venue.clobUrl,
    },
    functions,
  );
  const log = createLog({ level: "info", file: join(folder, "hourbook.log"), now: clock.now });
  const machine = virtualMachine({ clock, seed });
  const options = {
    machine,
    settings,
    functions,
    schedules: demoSchedules(functions),
    log,
    version,
  };
  const runtime = await clock.runUntil(startRuntime(options));
  for (let at = startsAt; at < endsAt; at += minuteMs) {
    await clock.run(at);
    onProgress(at, startsAt, endsAt);
  }
  await clock.runUntil(runtime.stop("the demo is over"));
  await venue.close();
  return {
    folder,
    collector,
    outage: { from: iso(outage.from), until: iso(outage.until) },
    from: iso(startsAt),
    until: iso(endsAt),
  };
}

/** The schedule that ships, for a smaller venue. */
function demoSchedules(functions: Parameters<typeof readSchedules>[1]): Schedules {
  const shipped = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../schedules.json"), "utf8"),
  ) as Record<string, Record<string, unknown>>;
  const changed = {
    ...shipped,
    discover: { ...shipped["discover"], input: { outcomes: "both" } },
    "snapshot-poll": { ...shipped["snapshot-poll"], cron: "*/30 * * * * *" },
  };
  return readSchedules(JSON.stringify(changed), functions);
}
