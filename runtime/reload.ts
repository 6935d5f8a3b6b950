/**
 * Follows `schedules.json`: a save is in force within half a second, function by function, without a restart. A
 * text that is not right is refused whole, with every problem at once, and what was in force goes on.
 *
 * A hint from the folder's watcher leads to a look, and so does SIGHUP; now and then it looks unasked, which is
 * what makes it right where watchers are deaf: behind links, on network filesystems, after the folder itself was
 * exchanged. What is looked at is the text: saving the same one again does nothing.
 */
import { basename, dirname } from "node:path";
import { count } from "./columns.ts";
import { sleep } from "./doors/clock.ts";
import type { Machine } from "./doors/machine.ts";
import { OperatorError, messageOf } from "./errors.ts";
import type { AnyFunction, Log } from "./function.ts";
import type { Refusal } from "./journal.ts";
import { readSchedulesText } from "./configuration.ts";
import { describeChanges } from "./schedule-changes.ts";
import { type Schedules, readSchedules, revisionOf } from "./schedules.ts";
import { formatDuration, secondMs } from "./time.ts";

export interface ReloadOptions {
  machine: Pick<Machine, "clock" | "files" | "watch">;
  /** Absolute path of `schedules.json`. */
  file: string;
  functions: ReadonlyMap<string, AnyFunction>;
  log: Log;
  inForce: Schedules;
  apply(schedules: Schedules): void;
  refuse(refusal: Refusal): void;
}

export interface Reload {
  /** Looks now, and says so where nothing has changed; settles when what it found is in force or refused. */
  now(): Promise<void>;
  stop(): void;
}

/** A save makes several changes in the folder: the look comes when it has been quiet for so long, */
const quietMs = 50;
/** … or at the latest this long after the first of them: others may write in the same folder all the time. */
const quietMsMax = 200;
/** What is not right is looked at twice: a slow editor may be in the middle of it. */
const secondLookMs = 150;
const lookUnaskedMs = 30 * secondMs;
// What the log and the journal say of one bad text.
const problemsMax = 50;
const problemCharsMax = 300;

type Why = "asked" | "hint" | "unasked";

export function followSchedules(options: ReloadOptions): Reload {
  const follower = new Follower(options);
  return {
    now: () => follower.look("asked"),
    stop: () => follower.stop(),
  };
}

class Follower {
  #options: ReloadOptions;
  #inForce: Schedules;
  /** Of the text that was last taken or refused; `null` when it could not be read. */
  #seen: string | null;
  #isRefused = false;
  #firstHintAt: number | undefined;
  #cancelHint: (() => void) | undefined;
  #cancelUnasked: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;
  #isWatchTold = false;
  #looking: Promise<void> | undefined;
  #isLookDue = false;
  #isStopped = false;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#inForce = options.inForce;
    this.#seen = options.inForce.revision;
    this.#watch();
    this.#lookUnasked();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelHint?.();
    this.#cancelUnasked?.();
    this.#stopWatching?.();
  }

  look(why: Why): Promise<void> {
    this.#isLookDue = true;
    this.#looking ??= this.#lookWhileDue(why);
    return this.#looking;
  }

  #watch(): void {
    const { machine, file } = this.#options;
    const onFailure = (error: Error): void => {
      this.#stopWatching = undefined;
      if (!this.#isWatchTold) this.#sayDeaf(error);
      this.#isWatchTold = true;
    };
    this.#stopWatching?.();
    this.#stopWatching = machine.watch(dirname(file), () => this.#onHint(), onFailure);
  }

  #sayDeaf(error: Error): void {
    const every = formatDuration(lookUnaskedMs);
    this.#options.log.warn(
      { error: messageOf(error) },
      `saves of ${this.#name()} are not noticed at once: it is looked at every ${every}, and on SIGHUP`,
    );
  }

  #onHint(): void {
    const { clock } = this.#options.machine;
    this.#firstHintAt ??= clock.monotonic();
    const waitMs = Math.min(quietMs, this.#firstHintAt + quietMsMax - clock.monotonic());
    this.#cancelHint?.();
    this.#cancelHint = clock.after(Math.max(waitMs, 0), () => {
      this.#firstHintAt = undefined;
      void this.look("hint");
    });
  }

  #lookUnasked(): void {
    const look = async (): Promise<void> => {
      if (this.#stopWatching === undefined) this.#watch();
      await this.look("unasked");
      if (!this.#isStopped) this.#lookUnasked();
    };
    this.#cancelUnasked = this.#options.machine.clock.after(lookUnaskedMs, () => void look());
  }

  async #lookWhileDue(why: Why): Promise<void> {
    const { log } = this.#options;
    while (this.#isLookDue && !this.#isStopped) {
      this.#isLookDue = false;
      const before = this.#seen;
      try {
        await this.#lookOnce();
      } catch (error) {
        log.error({ error: messageOf(error) }, `${this.#name()} could not be taken`);
      }
      if (before === this.#seen && why === "asked") this.#sayUnchanged();
      // A change that nobody hinted at: the watcher is deaf, as after the folder was exchanged.
      if (before !== this.#seen && why === "unasked") this.#watch();
    }
    this.#looking = undefined;
  }

  async #lookOnce(): Promise<void> {
    const { machine } = this.#options;
    const text = await this.#read();
    if (seenOf(text) === this.#seen) return;
    const found = this.#check(text);
    if (found instanceof OperatorError) {
      await sleep(machine.clock, secondLookMs);
      if (seenOf(await this.#read()) !== seenOf(text)) {
        this.#isLookDue = true;
        return;
      }
    }
    if (this.#isStopped) return;
    this.#seen = seenOf(text);
    if (found instanceof OperatorError) this.#refuse(found);
    else this.#take(found);
  }

  /** The error where there is none to read. */
  async #read(): Promise<string | OperatorError> {
    const { machine, file } = this.#options;
    try {
      return await readSchedulesText(machine.files, file);
    } catch (error) {
      if (error instanceof OperatorError) return error;
      throw error;
    }
  }

  #check(text: string | OperatorError): Schedules | OperatorError {
    if (typeof text !== "string") return text;
    try {
      return readSchedules(text, this.#options.functions, this.#name());
    } catch (error) {
      if (error instanceof OperatorError) return error;
      throw error;
    }
  }

  #take(schedules: Schedules): void {
    const { log, apply } = this.#options;
    const { revision } = schedules;
    const changes = describeChanges(this.#inForce, schedules);
    const isBack = revision === this.#inForce.revision;
    this.#isRefused = false;
    this.#inForce = schedules;
    apply(schedules);
    const what = isBack
      ? "is again what is in force"
      : `is in force: ${count(changes.length, "change")}`;
    log.info({ revision }, `${this.#name()} ${what}`);
    for (const change of changes) log.info({ revision }, change);
  }

  #refuse({ message, details: told }: OperatorError): void {
    const { log, refuse } = this.#options;
    const details = told.length > 0 ? told : [message];
    const problems = details.slice(0, problemsMax).map((text) => text.slice(0, problemCharsMax));
    const more = details.length - problems.length;
    if (more > 0) problems.push(`… and ${more} more`);
    if (details.some((text) => text.includes("no file functions/")))
      problems.push("a function whose file is new is known after a restart: code is loaded then");
    this.#isRefused = true;
    refuse({ revision: this.#seen, problems });
    const { revision } = this.#inForce;
    log.error({ inForce: revision }, `${message}: refused; what was in force goes on`);
    for (const problem of problems) log.error({}, problem);
  }

  #sayUnchanged(): void {
    const { log } = this.#options;
    if (this.#isRefused) log.warn({}, `${this.#name()} is unchanged, and still refused`);
    else log.info({}, `${this.#name()} is unchanged`);
  }

  #name(): string {
    return basename(this.#options.file);
  }
}

/** The text's revision; `null` for none. */
function seenOf(text: string | OperatorError): string | null {
  return typeof text === "string" ? revisionOf(text) : null;
}
