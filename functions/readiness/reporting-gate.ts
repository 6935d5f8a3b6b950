/** Gaps and data quality are documented, and each described hour of books is reported in both. */
import { join } from "node:path";
import { count } from "../../runtime/columns.ts";
import { hourMs, hourStart } from "../../runtime/time.ts";
import { reportPaths } from "../coverage/store.ts";
import { qualityPaths } from "../quality/hours.ts";
import { type Gate, type GateRun, describedHours, failed, passed } from "./gate.ts";

const hoursLookedAt = 24;
/** Reports are made in the hour after; two of them may be late. */
const settledAfterMs = 3 * hourMs;
const pages = ["docs/gaps.md", "docs/data-quality.md"];

export const reportingGate: Gate = {
  name: "metrics",
  async look(run) {
    const { files, settings, clock, root } = run;
    for (const page of pages)
      if ((await files.stat(join(root, page))) === undefined)
        return failed(`${page} is not there`, "install the whole project", [page]);
    const hours = (await describedHours(run, "books", hoursLookedAt)).filter(
      ({ hour }) => hourStart(hour) + settledAfterMs <= clock.now(),
    );
    const [newest] = hours;
    if (newest === undefined)
      return failed("no hour is old enough to be reported", "wait for three hours", pages);
    const collector = settings.collector;
    const kinds: [name: string, paths: (hour: string) => string[]][] = [
      ["gap-report", (hour) => [false, true].map((is) => reportPaths(hour, collector, is).json)],
      ["quality-report", (hour) => [qualityPaths(hour, collector).json]],
    ];
    const evidence = [...pages];
    for (const [name, paths] of kinds) {
      for (const { hour } of hours) {
        const found = await firstThere(run, paths(hour));
        if (found === undefined)
          return failed(`${hour}Z has no ${name}`, `npm run fn -- ${name}`, evidence);
        if (hour === newest.hour) evidence.push(found);
      }
    }
    return passed(`${count(hours.length, "hour")} to ${newest.hour}Z reported in both`, evidence);
  },
};

async function firstThere(
  { files, settings }: GateRun,
  paths: readonly string[],
): Promise<string | undefined> {
  for (const path of paths)
    if ((await files.stat(join(settings.dataFolder, path))) !== undefined) return path;
  return undefined;
}
