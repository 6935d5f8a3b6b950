/** A soak under way: starts the daemon, watches it, starts it again if it ends, and writes what it sees as it goes. */
import type { ChildProcess } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "../../runtime/errors.ts";
import {
  hourMs,
  hourOf,
  hourStart,
  iso,
  minuteMs,
  nextHour,
  secondMs,
} from "../../runtime/time.ts";
import { treeOf } from "./data-folder.ts";
import type { Evaluated } from "./evaluate.ts";
import { revisionNow } from "./head.ts";
import { type Places, placesIn } from "./places.ts";
import type { Plan } from "./plan.ts";
import {
  type Environment,
  type Venue,
  environment,
  look,
  runByHand,
  startDaemon,
  startVenue,
  stop,
  stopOrphan,
} from "./processes.ts";
import { leftMs, publish } from "./publish.ts";
import { Notebook, endTornLine, readNotes } from "./records.ts";
import { SoakError } from "./soak-error.ts";
import { Trouble } from "./trouble.ts";

const publishEveryMs = minuteMs;
/** Working out the figures takes no more of the machine than one part in so many. */
const publishShare = 50;
const sampleEveryMs = 5 * secondMs;
const samplesWanted = 200;
/** As the service does. */
const restartAfterMs = 5 * secondMs;
const shortLifeMs = 10 * secondMs;
const shortLivesMax = 3;

const staysAndGoesOn = {
  safe: "The daemon was stopped; what is recorded stays.",
  exit: "failed",
} as const;

/** In a folder that is held, so that no other soak works in it. */
export class Watch {
  readonly #folder: string;
  readonly #places: Places;
  readonly #plan: Plan;
  /** Of whoever asks it to stop. */
  readonly #signal: AbortSignal;
  readonly #failed = new AbortController();
  readonly #notebook: Notebook;
  readonly #publishing: Trouble;
  #env: Environment;
  #daemon: ChildProcess | undefined;
  #isWanted = true;
  #shortLives = 0;

  constructor(folder: string, plan: Plan, signal: AbortSignal) {
    this.#folder = folder;
    this.#places = placesIn(folder);
    this.#plan = plan;
    this.#signal = signal;
    this.#notebook = new Notebook(this.#places.notes);
    this.#publishing = new Trouble(`publish the report in ${folder}`);
    this.#env = environment(this.#places, {});
  }

  /**
   * Until its hours are full, or it is interrupted; `told` hears each state of the figures. Whatever goes wrong, the
   * daemon and the venue are stopped and the report is published before it throws.
   */
  async run(told: (evaluated: Evaluated) => void): Promise<Evaluated | undefined> {
    const { notes } = this.#places;
    const orphan = readNotes(notes).findLast(({ kind }) => kind === "start");
    if (orphan?.kind === "start") await stopOrphan(orphan.pid, this.#places);
    endTornLine(notes);
    this.#notebook.note({ kind: "watch", pid: process.pid });
    let venue: Venue | undefined;
    try {
      // Else it died after its last hour, before it had its report.
      if (this.#leftMs() > 0) {
        venue = await startVenue(this.#plan, (error) => this.#fail(error));
        this.#env = environment(this.#places, venue.env);
        this.#start();
        await this.#watch(told);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      await this.#stopAll(venue);
    }
    if (!this.#isOver()) await this.#close();
    return this.#report();
  }

  async #watch(told: (evaluated: Evaluated) => void): Promise<void> {
    const { wantedHours } = this.#plan;
    const everyMs = Math.min(sampleEveryMs, (wantedHours * hourMs) / samplesWanted);
    const stopped = AbortSignal.any([this.#signal, this.#failed.signal]);
    let publishAt = Date.now() + Math.min(publishEveryMs, 10 * everyMs);
    let stillMs = this.#leftMs();
    while (stillMs > 0 && !this.#isOver()) {
      if (this.#shortLives >= shortLivesMax) throw doesNotStay(this.#places);
      const isDue = Date.now() >= publishAt;
      this.#sample(isDue);
      if (isDue) {
        const before = Date.now();
        await this.#tryPublish(told);
        stillMs = this.#leftMs();
        publishAt = before + Math.max(publishEveryMs, publishShare * (Date.now() - before));
      }
      const pause = Math.min(everyMs, Math.max(1, stillMs));
      await wait(pause, undefined, { signal: stopped }).catch(() => undefined);
      if (this.#daemon !== undefined) stillMs -= pause;
      // What counts is what is noted: while the disk was full, nothing was.
      if (stillMs <= 0) {
        this.#sample(false);
        stillMs = this.#leftMs();
      }
    }
  }

  async #tryPublish(told: (evaluated: Evaluated) => void): Promise<void> {
    try {
      const evaluated = await publish(this.#places, this.#plan);
      if (evaluated !== undefined) told(evaluated);
      this.#publishing.isOver();
    } catch (error) {
      this.#publishing.goesOn(error);
    }
  }

  /** The last one; throws what ended the soak, or what keeps its report from being true. */
  async #report(): Promise<Evaluated | undefined> {
    let last: Evaluated | undefined;
    try {
      last = await publish(this.#places, this.#plan);
    } catch (error) {
      const next = "make room or mend that; then the same command, which works the report out";
      const what = `cannot publish the report in ${this.#folder}: ${messageOf(error)}`;
      this.#fail(new SoakError({ what, next, cause: error, ...staysAndGoesOn }));
    }
    const { unwritten } = this.#notebook;
    if (unwritten > 0) {
      const what = `${this.#places.notes} lacks ${unwritten} starts and ends, for which there was no room`;
      const next = "make room; then the same command goes on, with an interruption told";
      this.#fail(new SoakError({ what, next, ...staysAndGoesOn }));
    }
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason;
    return last;
  }

  async #stopAll(venue: Venue | undefined): Promise<void> {
    this.#isWanted = false;
    this.#sample(true);
    this.#notebook.note({ kind: "rest" });
    if (this.#daemon !== undefined) await stop(this.#daemon);
    venue?.stop();
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
    const revision = revisionNow();
    const child = startDaemon(this.#folder, this.#env);
    const pid = child.pid ?? 0;
    const startedAt = Date.now();
    this.#daemon = child;
    this.#notebook.note({ kind: "start", pid, revision });
    child.once("error", (error) => {
      // It never was there, and has no end to wait for.
      if (child.pid === undefined) this.#daemon = undefined;
      this.#fail(error);
    });
    child.once("exit", (code) => {
      const wanted = !this.#isWanted;
      this.#notebook.note({ kind: "exit", pid, code, wanted });
      this.#daemon = undefined;
      if (wanted) return;
      this.#shortLives = Date.now() - startedAt < shortLifeMs ? this.#shortLives + 1 : 0;
      setTimeout(() => this.#startAgain(), restartAfterMs);
    });
  }

  #startAgain(): void {
    try {
      if (this.#isWanted) this.#start();
    } catch (error) {
      this.#fail(error);
    }
  }

  #sample(withTree: boolean): void {
    const pid = this.#daemon?.pid;
    const held = pid === undefined ? undefined : look(pid);
    if (pid === undefined || held === undefined) return;
    const tree = withTree ? treeOf(this.#places.data) : undefined;
    this.#notebook.note({ kind: "sample", pid, ...held, ...(tree && { tree }) });
  }

  #leftMs(): number {
    return leftMs(this.#places, this.#plan);
  }

  /** The first failure is the one that is told. */
  #fail(error: unknown): void {
    this.#failed.abort(error);
  }

  #isOver(): boolean {
    return this.#signal.aborted || this.#failed.signal.aborted;
  }
}

function doesNotStay({ log }: Places): SoakError {
  const what = `the daemon does not stay: it ended ${shortLivesMax} times within ${shortLifeMs / secondMs} s`;
  const next = `see ${log}; then the same command goes on with it`;
  return new SoakError({ what, next, ...staysAndGoesOn });
}
