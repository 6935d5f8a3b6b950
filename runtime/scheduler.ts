/**
 * Fires functions on the grid of the wall clock, which may step, stand still (a suspended machine) or be read
 * late (a blocked event loop). Each slot that comes up is run, skipped or counted as missed, once; one that
 * comes up again after the clock was set back is run again, marked `repeat`.
 */
import type { Clock } from "./doors/clock.ts";
import { type Lost, newestDue, recordMissed } from "./due.ts";
import { nextSlot } from "./cron.ts";
import { messageOf } from "./errors.ts";
import type { AnyFunction, Log } from "./function.ts";
import type { Journal } from "./journal.ts";
import { LockedError, describeHolder } from "./locks.ts";
import type { Runner } from "./runner.ts";
import type { ScheduleEntry, Schedules } from "./schedules.ts";
import { formatDuration, iso, minuteMs, secondMs } from "./time.ts";

export interface SchedulerOptions {
  clock: Clock;
  runner: Pick<Runner, "run">;
  journal: Pick<Journal, "write">;
  log: Log;
  functions: ReadonlyMap<string, AnyFunction>;
  /** What came up before this start. */
  past: { newestAt: number | undefined; newestSlots: ReadonlyMap<string, number> };
}

export interface Scheduler {
  /** Puts a schedule in force, function by function: what is unchanged keeps its next slot. */
  apply(schedules: Schedules): void;
  /** Runs each function that asks for it once, one after the other, beside what is scheduled. */
  runAtStart(): Promise<void>;
  /** Fires nothing more. Settles when what was missed until now is counted. */
  stop(): Promise<void>;
  /** What fires next; `undefined` if nothing ever does. */
  next(): { name: string; at: number } | undefined;
  /** For how long it should have looked at the clock and has not: a timer that does not fire, a loop that died. */
  overdueMs(): number;
}

/** A clock set back by less is waited out: no slot comes up twice. */
const waitOutMs = minuteMs;
// A step of the clock is noticed within this, also where the next slot is far.
const wakeAfterMsMax = 10 * secondMs;
// Less is what timers and a correction of the clock's pace amount to.
const stepNoticedMs = secondMs / 2;

type Cause = Lost["cause"];

interface Timed {
  entry: ScheduleEntry & { cron: string };
  next: number | undefined;
}

export function createScheduler(options: SchedulerOptions): Scheduler {
  return new GridScheduler(options);
}

class GridScheduler implements Scheduler {
  #options: SchedulerOptions;
  #entries: ReadonlyMap<string, ScheduleEntry> = new Map();
  #timed = new Map<string, Timed>();
  #newestSlots: Map<string, number>;
  /** Both clocks, when they were last looked at. */
  #seen: { wall: number; monotonic: number };
  /** The furthest that the wall clock ever was, but for a step back that was too long to wait out. */
  #newestWall: number;
  #cancelTimer: (() => void) | undefined;
  /** When the timer is due, on the monotonic clock. */
  #wakesAt = Infinity;
  #counting = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: SchedulerOptions) {
    const { clock, past } = options;
    this.#options = options;
    this.#newestSlots = new Map(past.newestSlots);
    this.#seen = { wall: clock.now(), monotonic: clock.monotonic() };
    this.#newestWall = Math.max(past.newestAt ?? 0, this.#seen.wall);
  }

  apply({ entries }: Schedules): void {
    // What is due under the old schedule is the old schedule's.
    this.#wake();
    this.#entries = entries;
    const before = new Map(this.#timed);
    this.#timed.clear();
    for (const [name, entry] of entries) {
      const { cron, timezone } = entry;
      if (!entry.enabled || cron === undefined) continue;
      const old = before.get(name);
      const isSame =
        old !== undefined && old.entry.cron === cron && old.entry.timezone === timezone;
      const timed = { ...entry, cron };
      this.#timed.set(name, { entry: timed, next: isSame ? old.next : this.#firstSlot(timed) });
    }
    this.#arm();
  }

  async runAtStart(): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (entry.enabled && entry.atStart && !this.#isStopped)
        await this.#fire(entry, undefined, false);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#wakesAt = Infinity;
    await Promise.allSettled(this.#counting);
  }

  next(): { name: string; at: number } | undefined {
    const coming = [...this.#timed].flatMap(([name, { next: at }]) =>
      at === undefined ? [] : [{ name, at }],
    );
    return coming.sort((a, b) => a.at - b.at)[0];
  }

  overdueMs(): number {
    return Math.max(0, this.#options.clock.monotonic() - this.#wakesAt);
  }

  #firstSlot(entry: Timed["entry"]): number | undefined {
    const newest = this.#newestSlots.get(entry.name) ?? -Infinity;
    const justBefore = this.#seen.wall - 1;
    // Beyond the newest time that counts, it came up before the clock was set back for good.
    return nextSlot(entry, newest > this.#newestWall ? justBefore : Math.max(newest, justBefore));
  }

  #arm(): void {
    this.#cancelTimer?.();
    if (this.#isStopped) return;
    const slots = [...this.#timed.values()].map((timed) => timed.next ?? Infinity);
    const { clock } = this.#options;
    const wakeAt = Math.min(...slots, this.#seen.wall + wakeAfterMsMax);
    const waitMs = Math.max(0, wakeAt - clock.now());
    this.#wakesAt = clock.monotonic() + waitMs;
    this.#cancelTimer = clock.after(waitMs, () => this.#wake());
  }

  #wake(): void {
    const cause = this.#lookAtClock();
    for (const [name, timed] of this.#timed) {
      try {
        this.#fireDue(timed, this.#seen.wall, cause);
      } catch (error) {
        this.#options.log.error(
          { function: name, error: messageOf(error) },
          `${name} could not be fired`,
        );
      }
    }
    this.#arm();
  }

  /** Notices steps; the cause of slots that are overdue now. */
  #lookAtClock(): Cause {
    const { clock, log } = this.#options;
    const now = { wall: clock.now(), monotonic: clock.monotonic() };
    const stepMs = now.wall - this.#seen.wall - (now.monotonic - this.#seen.monotonic);
    this.#seen = now;
    if (Math.abs(stepMs) > stepNoticedMs) {
      const direction = stepMs > 0 ? "forward" : "back";
      const size = formatDuration(Math.abs(stepMs));
      log.warn({ stepMs: Math.round(stepMs) }, `the clock stepped ${direction} by ${size}`);
    }
    const behindMs = this.#newestWall - now.wall;
    if (behindMs > waitOutMs) {
      log.warn(
        {},
        `the clock is ${formatDuration(behindMs)} behind what it was: slots come up again`,
      );
      this.#newestWall = now.wall;
      for (const timed of this.#timed.values()) timed.next = nextSlot(timed.entry, now.wall - 1);
    }
    this.#newestWall = Math.max(this.#newestWall, now.wall);
    return stepMs > stepNoticedMs ? "clock" : "late";
  }

  #fireDue(timed: Timed, now: number, cause: Cause): void {
    const { entry, next: firstDue } = timed;
    if (firstDue === undefined || firstDue > now) return;
    const { slot, next } = newestDue(entry, firstDue, now);
    timed.next = next;
    const newest = this.#newestSlots.get(entry.name) ?? -Infinity;
    this.#newestSlots.set(entry.name, Math.max(newest, slot));
    void this.#fire(entry, slot, slot <= newest);
    if (slot > firstDue) this.#countMissed({ entry, from: firstDue, to: slot, cause });
  }

  /** Never rejects. */
  async #fire(entry: ScheduleEntry, slot: number | undefined, isRepeat: boolean): Promise<void> {
    const { name, input, timeoutMs } = entry;
    const definition = this.#options.functions.get(name);
    if (definition === undefined) return;
    const trigger = slot === undefined ? "start" : "schedule";
    const nextSlotAt = this.#timed.get(name)?.next;
    const request = {
      name,
      definition,
      input,
      timeoutMs,
      trigger,
      scheduledAt: slot,
      nextSlotAt,
      isRepeat,
    } as const;
    try {
      await this.#options.runner.run(request);
    } catch (error) {
      this.#onRefused(name, slot, error);
    }
  }

  #onRefused(name: string, slot: number | undefined, error: unknown): void {
    const { log, journal } = this.#options;
    if (this.#isStopped) return;
    if (!(error instanceof LockedError)) {
      log.error({ function: name, error: messageOf(error) }, `${name} could not be run`);
      return;
    }
    const scheduled = slot === undefined ? null : iso(slot);
    const { holder } = error;
    const why = holder === undefined ? "running already" : describeHolder(holder);
    log.warn({ function: name, scheduled }, `${name} skipped: ${why}`);
    void journal.write({
      kind: "skip",
      function: name,
      scheduled,
      reason: "held",
      holder: holder ?? null,
    });
  }

  #countMissed(lost: Lost): void {
    const counted = recordMissed(this.#options, lost).finally(() => this.#counting.delete(counted));
    this.#counting.add(counted);
  }
}
