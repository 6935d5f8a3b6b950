/** A soak under way: starts the daemon, watches it, starts it again if it ends, and writes what it sees as it goes. */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { systemFiles } from "../../runtime/doors/files.ts";
import { listJournalHours, readJournal } from "../../runtime/journal-read.ts";
import {
  hourMs,
  hourOf,
  hourStart,
  iso,
  minuteMs,
  nextHour,
  secondMs,
} from "../../runtime/time.ts";
import { reportsIn, treeOf } from "./data-folder.ts";
import { type Evaluated, evaluate } from "./evaluate.ts";
import { livesOf, watchedMs } from "./lives.ts";
import { soakPage } from "./page.ts";
import { soakPicture } from "./picture.ts";
import { type Places, type Plan, firedBy, headOf, placesIn } from "./plan.ts";
import {
  type Environment,
  environment,
  look,
  runByHand,
  startDaemon,
  startVenue,
  stop,
  stopOrphan,
} from "./processes.ts";
import { type Note, appendNote, endTornLine, readNotes } from "./records.ts";

const publishEveryMs = minuteMs;
/** Working out the figures takes no more of the machine than one part in so many. */
const publishShare = 50;
const sampleEveryMs = 5 * secondMs;
const samplesWanted = 200;
/** As the service does. */
const restartAfterMs = 5 * secondMs;
const shortLifeMs = 10 * secondMs;
const shortLivesMax = 3;

export class Watch {
  readonly #folder: string;
  readonly #places: Places;
  readonly #plan: Plan;
  readonly #signal: AbortSignal;
  #env: Environment = {};
  #daemon: ChildProcess | undefined;
  #isWanted = true;
  #shortLives = 0;

  constructor(folder: string, plan: Plan, signal: AbortSignal) {
    this.#folder = folder;
    this.#places = placesIn(folder);
    this.#plan = plan;
    this.#signal = signal;
  }

  /** Until its hours are full, or it is interrupted; `told` hears each state of the figures. */
  async run(told: (evaluated: Evaluated) => void): Promise<Evaluated | undefined> {
    const { notes, data, offsite } = this.#places;
    for (const made of [data, offsite]) mkdirSync(made, { recursive: true });
    const orphan = readNotes(notes).findLast(({ kind }) => kind === "start");
    if (orphan?.kind === "start") await stopOrphan(orphan.pid, this.#places);
    endTornLine(notes);
    this.#note({ kind: "watch" });
    const venue = await startVenue(this.#plan);
    this.#env = environment(this.#places, venue.env);
    this.#start();
    try {
      await this.#watch(told);
    } finally {
      this.#isWanted = false;
      this.#sample(true);
      this.#note({ kind: "rest" });
      if (this.#daemon !== undefined) await stop(this.#daemon);
      venue.stop();
    }
    if (!this.#signal.aborted) await this.#close();
    return this.publish();
  }

  async #watch(told: (evaluated: Evaluated) => void): Promise<void> {
    const { wantedHours } = this.#plan;
    const everyMs = Math.min(sampleEveryMs, (wantedHours * hourMs) / samplesWanted);
    let publishAt = Date.now() + Math.min(publishEveryMs, 10 * everyMs);
    let leftMs = wantedHours * hourMs - this.#ranMs();
    while (leftMs > 0 && !this.#signal.aborted) {
      if (this.#shortLives >= shortLivesMax)
        throw new Error(`the daemon does not stay: see ${this.#places.log}`);
      const isDue = Date.now() >= publishAt;
      this.#sample(isDue);
      if (isDue) {
        const before = Date.now();
        const evaluated = await this.publish();
        if (evaluated !== undefined) told(evaluated);
        leftMs = wantedHours * hourMs - this.#ranMs();
        publishAt = before + Math.max(publishEveryMs, publishShare * (Date.now() - before));
      }
      const pause = Math.min(everyMs, Math.max(1, leftMs));
      await wait(pause, undefined, { signal: this.#signal }).catch(() => undefined);
      if (this.#daemon !== undefined) leftMs -= pause;
    }
  }

  /** Replaces the figures, each file in one step. */
  async publish(): Promise<Evaluated | undefined> {
    const { notes, data, json, page, picture } = this.#places;
    const place = { dataFolder: data, collector: "soak" };
    const evaluated = await evaluate(headOf(this.#plan), {
      notes: readNotes(notes),
      journal: readJournal(systemFiles, place, await listJournalHours(systemFiles, place)),
      reports: reportsIn(data),
      functions: firedBy(this.#plan),
    });
    if (evaluated === undefined) return undefined;
    replace(json, `${JSON.stringify(evaluated.soak, undefined, 1)}\n`);
    replace(picture, soakPicture(evaluated.lives, evaluated.late));
    replace(page, soakPage(evaluated.soak));
    return evaluated;
  }

  /** The hour under way is sealed and reported before its end, so that all of the soak is accounted for. */
  async #close(): Promise<void> {
    const asOf = iso(hourStart(nextHour(hourOf(Date.now()))) + 10 * minuteMs);
    for (const name of ["seal-hour", "build-manifest", "gap-report"]) {
      // What it leaves undone shows in the figures; a day's evidence must not go with it.
      await runByHand(this.#folder, this.#env, name, "--as-of", asOf).catch((error: Error) =>
        process.stderr.write(`${error.message}\n`),
      );
    }
  }

  #start(): void {
    const child = startDaemon(this.#folder, this.#env);
    const pid = child.pid ?? 0;
    const startedAt = Date.now();
    this.#daemon = child;
    this.#note({ kind: "start", pid });
    child.once("exit", (code) => {
      const wanted = !this.#isWanted;
      this.#note({ kind: "exit", pid, code, wanted });
      this.#daemon = undefined;
      if (wanted) return;
      this.#shortLives = Date.now() - startedAt < shortLifeMs ? this.#shortLives + 1 : 0;
      setTimeout(() => {
        if (this.#isWanted) this.#start();
      }, restartAfterMs);
    });
  }

  #sample(withTree: boolean): void {
    const pid = this.#daemon?.pid;
    const held = pid === undefined ? undefined : look(pid);
    if (pid === undefined || held === undefined) return;
    const tree = withTree ? { tree: treeOf(this.#places.data) } : {};
    this.#note({ kind: "sample", pid, ...held, ...tree });
  }

  #ranMs(): number {
    return watchedMs(livesOf(readNotes(this.#places.notes)));
  }

  #note(note: Note): void {
    appendNote(this.#places.notes, Date.now(), note);
  }
}

function replace(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}
