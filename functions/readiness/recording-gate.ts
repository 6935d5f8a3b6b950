/** Raw collection works: hours of books are sealed and described, and hold nearly all that was due. */
import { count } from "../../runtime/columns.ts";
import { hourMs, hourStart } from "../../runtime/time.ts";
import { hourPaths } from "../archive/layout.ts";
import { readManifest } from "../archive/manifest.ts";
import { percent } from "../coverage/percent.ts";
import { readReportHead } from "../coverage/report-head.ts";
import { reportPaths } from "../coverage/store.ts";
import { type Gate, describedHours, failed, passed } from "./gate.ts";

const hoursLookedAt = 24;
const coverageMin = 0.95;
/** An hour is described within one; a machine may have been down for some. */
const newestEndedMsMax = 6 * hourMs;

export const recordingGate: Gate = {
  name: "raw collection",
  async look(run) {
    const { clock, files, settings } = run;
    const { dataFolder, collector } = settings;
    const hours = await describedHours(run, "books", hoursLookedAt);
    const [newest] = hours;
    if (newest === undefined)
      return failed("no hour of books is described", "npm start, and wait for the hour's end");
    const evidence = [`archive/${hourPaths(newest, collector).manifest}`];
    if (clock.now() - hourStart(newest.hour) - hourMs > newestEndedMsMax)
      return failed(`no hour since ${newest.hour}Z is described`, "npm run status", evidence);
    let [books, due, kept, reports] = [0, 0, 0, 0];
    for (const hour of hours) {
      const { manifest } = await readManifest(files, dataFolder, hour, collector);
      books += manifest.data.books;
      for (const provisional of [false, true]) {
        const path = reportPaths(hour.hour, collector, provisional).json;
        const head = await readReportHead(files, dataFolder, path);
        if (head === undefined) continue;
        const { tokenSlots, recorded, unchanged, byCause } = head.totals;
        due += tokenSlots - (byCause["market-closed"] ?? 0) - (byCause["not-yet-watched"] ?? 0);
        kept += recorded + unchanged;
        reports += 1;
        evidence.push(path);
        break;
      }
    }
    const what = `${count(hours.length, "hour")} to ${newest.hour}Z with ${count(books, "book")}`;
    if (books === 0) return failed(what, "npm run status -- --why snapshot-poll", evidence);
    if (due === 0) return failed(`${what}, none reported`, "npm run fn -- gap-report", evidence);
    const told = `${what}; coverage ${percent(kept / due)} of ${count(reports, "hour")} reported`;
    return kept / due >= coverageMin
      ? passed(told, evidence)
      : failed(`${told}, less than ${percent(coverageMin)}`, `read ${evidence[1]}`, evidence);
  },
};
