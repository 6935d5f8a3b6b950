/** The figures of a soak, worked out from what lies in its folder and put there. */
import { existsSync, readFileSync } from "node:fs";
import { type SoakEvidence, parseSoak } from "../../functions/readiness/soak-evidence.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { listJournalHours, readJournal } from "../../runtime/journal-read.ts";
import { hourMs, iso } from "../../runtime/time.ts";
import { reportsIn } from "./data-folder.ts";
import { type Evaluated, evaluate } from "./evaluate.ts";
import { headOf } from "./head.ts";
import { livesOf, watchedMs } from "./lives.ts";
import { soakPage } from "./page.ts";
import { soakPicture } from "./picture.ts";
import { type Places, replace } from "./places.ts";
import type { Plan } from "./plan.ts";
import { readNotes } from "./records.ts";
import { firedBy } from "./schedules.ts";

/** Replaces the figures, each file in one step; `undefined` before the daemon was seen. */
export async function publish(places: Places, plan: Plan): Promise<Evaluated | undefined> {
  const notes = readNotes(places.notes);
  const place = { dataFolder: places.data, collector: "soak" };
  const evaluated = await evaluate(headOf(plan, notes), {
    notes,
    journal: readJournal(systemFiles, place, await listJournalHours(systemFiles, place)),
    reports: reportsIn(places.data),
    functions: firedBy(places.schedules),
  });
  if (evaluated === undefined) return undefined;
  replace(places.json, `${JSON.stringify(evaluated.soak, undefined, 1)}\n`);
  replace(places.picture, soakPicture(evaluated.lives, evaluated.late));
  replace(places.page, soakPage(evaluated.soak));
  return evaluated;
}

/** How much of its time is still to come. */
export function leftMs({ notes }: Places, { wantedHours }: Plan): number {
  return wantedHours * hourMs - watchedMs(livesOf(readNotes(notes)));
}

/** Of a soak whose hours are full and which was stopped and reported after that; `undefined` where there is more to do. */
export function finishedReport(places: Places, plan: Plan): SoakEvidence | undefined {
  if (leftMs(places, plan) > 0 || !existsSync(places.json)) return undefined;
  const notes = readNotes(places.notes);
  const asked = notes.findLast(({ kind }) => ["watch", "start", "rest"].includes(kind));
  const end = livesOf(notes).at(-1)?.to;
  if (asked?.kind !== "rest" || end === undefined) return undefined;
  const soak = parseSoak(readFileSync(places.json, "utf8"));
  // One from before the end lacks what came last.
  return soak !== undefined && soak.until >= iso(end) ? soak : undefined;
}
