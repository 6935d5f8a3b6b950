/**
 * The journal: what the runtime did, one line each, durable before it is relied on. Lines that come while the
 * disk is at work are written together. A disk that takes nothing stops no function: the lines are kept, in
 * order, and tried again.
 */
import type { Clock } from "./doors/clock.ts";
import { messageOf } from "./errors.ts";
import type { Log } from "./function.ts";
import type { HourLog, Tail } from "./hours/hour-log.ts";
import type { JournalLineOf, NewLine, ScheduledFunctions } from "./journal-lines.ts";
import type { Schedules } from "./schedules.ts";
import { hourOf, iso, secondMs, type Hour } from "./time.ts";

export interface JournalOptions {
  clock: Clock;
  hours: Pick<HourLog, "append">;
  log: Log;
  by: "daemon" | "hand";
}

export interface ScheduleInForce {
  revision: string;
  functions: ScheduledFunctions;
}

export type Refusal = Omit<JournalLineOf<"refused">, "kind" | "at" | "since">;

export interface Journal {
  /** Queues a line. `true` once it is durable; `false` if the disk refuses it for now, and it is kept. */
  write(line: NewLine): Promise<boolean>;
  /** The schedule that opens each hour from now on; `announced` writes it at once too. */
  inForce(schedule: ScheduleInForce, announced: boolean): Promise<boolean>;
  /** A schedule that was not taken: said now, and in each hour until one is. */
  refused(refusal: Refusal): Promise<boolean>;
  /** Tries a last time to write what is kept. */
  close(): Promise<void>;
}

interface Queued {
  hour: Hour;
  at: number;
  isSchedule: boolean;
  bytes: Buffer;
  settle(isDurable: boolean): void;
}

// About 4 MB, or half a day of a poll every 10 s.
const keptLinesMax = 10_000;
const linesPerAppendMax = 1_000;
const retryAfterMs = 5 * secondMs;
// systemd kills 90 s after it asked; a stop that waits for a hanging disk must be over long before.
const closeWaitMs = 5 * secondMs;

export function createJournal(options: JournalOptions): Journal {
  return new Writer(options);
}

class Writer implements Journal {
  #options: JournalOptions;
  #queue: Queued[] = [];
  /** Lines that were too many to keep. */
  #unwritten = { count: 0, from: 0, to: 0 };
  #schedule: ScheduleInForce | undefined;
  #refusal: Omit<JournalLineOf<"refused">, "at"> | undefined;
  #openedHour: Hour | undefined;
  #writing: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #isFailing = false;
  #isClosed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  write(line: NewLine): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const at = this.#options.clock.now();
    const isSchedule = line.kind === "schedule";
    this.#queue.push({
      hour: hourOf(at),
      at,
      isSchedule,
      bytes: encode(at, line),
      settle: resolve,
    });
    if (this.#queue.length > keptLinesMax) this.#dropOldest();
    this.#startWriting();
    return promise;
  }

  async inForce(schedule: ScheduleInForce, announced: boolean): Promise<boolean> {
    this.#schedule = schedule;
    this.#refusal = undefined;
    return announced ? this.write(this.#scheduleLine(schedule)) : true;
  }

  refused(refusal: Refusal): Promise<boolean> {
    const line = { kind: "refused", since: iso(this.#options.clock.now()), ...refusal } as const;
    this.#refusal = line;
    return this.write(line);
  }

  async close(): Promise<void> {
    const { clock, log } = this.#options;
    this.#isClosed = true;
    if (this.#queue.length > 0) this.#startWriting();
    const { promise: timedOut, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(closeWaitMs, resolve);
    await Promise.race([this.#writing, timedOut]);
    cancel();
    this.#cancelRetry?.();
    const lines = this.#queue.length;
    if (lines > 0) log.error({ lines }, "journal lines are lost: the disk did not take them");
  }

  #dropOldest(): void {
    const dropped = this.#queue.shift();
    if (dropped === undefined) return;
    if (this.#unwritten.count === 0) this.#unwritten.from = dropped.at;
    this.#unwritten.count += 1;
    this.#unwritten.to = dropped.at;
    dropped.settle(false);
  }

  // Not before the caller's own work of this tick: a begin line must not delay the run that it announces.
  #startWriting(): void {
    this.#writing ??= Promise.resolve().then(() => this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    const { clock, log } = this.#options;
    this.#cancelRetry?.();
    try {
      while (this.#queue.length > 0) await this.#writeBatch();
      if (this.#isFailing) log.info({}, "the journal is written again");
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) {
        log.error({ error: messageOf(error) }, "the journal cannot be written; its lines are kept");
      }
      this.#isFailing = true;
      for (const line of this.#queue) line.settle(false);
      if (!this.#isClosed)
        this.#cancelRetry = clock.after(retryAfterMs, () => this.#startWriting());
    } finally {
      this.#writing = undefined;
    }
  }

  /** One append: lines of one hour, as many as there are. */
  async #writeBatch(): Promise<void> {
    const { clock, hours } = this.#options;
    const [first] = this.#queue;
    if (first === undefined) return;
    const other = this.#queue.findIndex((line) => line.hour !== first.hour);
    const batch = this.#queue.splice(
      0,
      Math.min(linesPerAppendMax, other === -1 ? this.#queue.length : other),
    );
    const { count, from, to } = this.#unwritten;
    try {
      const appended = await hours.append(first.hour, (tail) => [
        ...(first.isSchedule ? [] : this.#opening(tail)),
        ...(count === 0
          ? []
          : [encode(clock.now(), { kind: "unwritten", count, from: iso(from), to: iso(to) })]),
        ...batch.map((line) => line.bytes),
      ]);
      this.#openedHour = appended.hour;
    } catch (error) {
      this.#queue.unshift(...batch);
      throw error;
    }
    this.#unwritten.count -= count;
    for (const line of batch) line.settle(true);
  }

  // Whoever opens an hour says what was in force; the daemon says it in each hour, whoever opened that.
  #opening(tail: Tail): Buffer[] {
    const { by, clock } = this.#options;
    const isDue = tail.isFirst || (by === "daemon" && tail.hour !== this.#openedHour);
    if (!isDue || this.#schedule === undefined) return [];
    const lines: NewLine[] = [this.#scheduleLine(this.#schedule)];
    if (this.#refusal !== undefined) lines.push(this.#refusal);
    return lines.map((line) => encode(clock.now(), line));
  }

  #scheduleLine({ revision, functions }: ScheduleInForce): Omit<JournalLineOf<"schedule">, "at"> {
    return { kind: "schedule", revision, by: this.#options.by, functions };
  }
}

function encode(at: number, line: NewLine): Buffer {
  const { kind, ...fields } = line;
  return Buffer.from(`${JSON.stringify({ kind, at: iso(at), ...fields })}\n`);
}

/** What the journal keeps of a schedule: enough to know every slot again, without the functions. */
export function scheduleInForce({ revision, entries }: Schedules): ScheduleInForce {
  const functions: ScheduledFunctions = {};
  for (const [name, { cron, timezone, timeoutMs, enabled, atStart, input }] of entries) {
    functions[name] = { cron: cron ?? null, timezone, timeoutMs, enabled, atStart, input };
  }
  return { revision, functions };
}
