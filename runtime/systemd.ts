/**
 * What systemd is told of a service of `Type=notify`: ready, reloading, stopping, a line on how it is, and that it
 * is alive. The watchdog is fed only while functions are fired when they are due and no run is past its last
 * deadline, from a timer of the loop that fires them: one that is blocked, or only pretends to work, starves it.
 *
 * A failure to tell delays nothing: the messages are small, sent one after the other, and given up after 6 s.
 */
import type { Clock } from "./doors/clock.ts";
import { type Notify, systemNotify } from "./doors/service-manager.ts";
import { errnoOf, messageOf } from "./errors.ts";
import type { Log } from "./function.ts";
import type { Observer, Vitals } from "./observer.ts";
import { type RunReport, codeOf } from "./run-report.ts";
import type { Environment } from "./settings.ts";
import { iso, minuteMs, secondMs } from "./time.ts";

export interface SystemdOptions {
  clock: Clock;
  log: Log;
  notify: Notify;
  /** Fed twice within it; `undefined` without a watchdog. */
  watchdogMs: number | undefined;
}

/** What the environment asks for; `undefined` where systemd is not listening. */
export function systemdObserver(
  env: Environment,
  { clock, log }: Pick<SystemdOptions, "clock" | "log">,
): Observer | undefined {
  const socket = env["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return undefined;
  const isForUs = (env["WATCHDOG_PID"] ?? String(process.pid)) === String(process.pid);
  const watchdogMs = isForUs ? Number(env["WATCHDOG_USEC"] ?? 0) / 1_000 : 0;
  const options = { clock, log, notify: systemNotify(socket), watchdogMs: watchdogMs || undefined };
  return createSystemd(options);
}

export function createSystemd(options: SystemdOptions): Observer {
  return new Systemd(options);
}

// Without a watchdog the status line alone.
const statusEveryMs = minuteMs / 2;
// A poll may finish for 20 s, aborted runs tidy up for 5 s, the journal is waited for as long: then it hangs.
const stopMsMax = 45 * secondMs;
// Waited for at the end, so that the last word is not cut off.
const lastWordMsMax = 2 * secondMs;

class Systemd implements Observer {
  #options: SystemdOptions;
  #vitals: Vitals | undefined;
  #lastFailure = "none";
  #trouble: string | undefined;
  #stoppingSince: number | undefined;
  #cancelBeat: (() => void) | undefined;
  /** Messages go out in the order in which they were said. */
  #telling: Promise<void> = Promise.resolve();
  #isBeatUnderWay = false;
  #isFailureTold = false;

  constructor(options: SystemdOptions) {
    this.#options = options;
  }

  started(vitals: Vitals): void {
    this.#vitals = vitals;
    void this.#tell("READY=1", this.#status());
    this.#armBeat();
  }

  reloading(isOver: Promise<void>): void {
    void this.#tell("RELOADING=1");
    void isOver.finally(() => this.#tell("READY=1", this.#status()));
  }

  reloaded(): void {
    void this.#tell(this.#status());
  }

  ended({ function: name, outcome, startedAt, tookMs, error }: RunReport): void {
    if (outcome === "ok" || outcome === "aborted") return;
    this.#lastFailure = `${name} ${timeOfDay(startedAt + tookMs)} (${codeOf(error)})`;
  }

  stopping(reason: string): void {
    this.#stoppingSince = this.#options.clock.monotonic();
    void this.#tell("STOPPING=1", `STATUS=stopping: ${inOneLine(reason)}`);
  }

  async stopped(): Promise<void> {
    this.#cancelBeat?.();
    const { promise: timedOut, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(lastWordMsMax, resolve);
    await Promise.race([this.#telling, timedOut]);
    cancel();
  }

  #armBeat(): void {
    const { clock, watchdogMs } = this.#options;
    const everyMs = watchdogMs === undefined ? statusEveryMs : watchdogMs / 2;
    this.#cancelBeat = clock.after(everyMs, () => {
      void this.#beat();
      this.#armBeat();
    });
  }

  async #beat(): Promise<void> {
    // The one before is still waiting for systemd: another would only wait behind it.
    if (this.#isBeatUnderWay) return;
    this.#noteTrouble(this.#troubleNow());
    const isFed = this.#options.watchdogMs !== undefined && this.#trouble === undefined;
    const status = this.#stoppingSince === undefined ? [this.#status()] : [];
    const message = isFed ? ["WATCHDOG=1", ...status] : status;
    if (message.length === 0) return;
    this.#isBeatUnderWay = true;
    await this.#tell(...message);
    this.#isBeatUnderWay = false;
  }

  #troubleNow(): string | undefined {
    const stoppingMs = this.#options.clock.monotonic() - (this.#stoppingSince ?? Infinity);
    return stoppingMs > stopMsMax ? "the stop hangs" : this.#vitals?.trouble();
  }

  #noteTrouble(trouble: string | undefined): void {
    const { log, watchdogMs } = this.#options;
    if (trouble !== undefined && this.#trouble === undefined) {
      const then = watchdogMs === undefined ? "" : "; systemd's watchdog is not fed";
      log.error({}, `no progress: ${trouble}${then}`);
    }
    this.#trouble = trouble;
  }

  // Read long after it was written, so it names times and not how far off they are.
  #status(): string {
    if (this.#trouble !== undefined) return `STATUS=no progress: ${this.#trouble}`;
    const next = this.#vitals?.next();
    const coming = next === undefined ? "nothing" : `${next.name} ${timeOfDay(next.at)}`;
    const count = this.#vitals?.functions ?? 0;
    return `STATUS=${count} functions, next ${coming}, last failure ${this.#lastFailure}`;
  }

  #tell(...assignments: string[]): Promise<void> {
    this.#telling = this.#telling
      .then(() => this.#options.notify(assignments))
      .catch((error: unknown) => this.#onUntold(error));
    return this.#telling;
  }

  #onUntold(error: unknown): void {
    if (this.#isFailureTold) return;
    this.#isFailureTold = true;
    const why = errnoOf(error) === "ENOENT" ? "systemd-notify is not installed" : messageOf(error);
    this.#options.log.error({}, `systemd cannot be told that this service is alive: ${why}`);
  }
}

// `15:04:10 UTC`
function timeOfDay(ms: number): string {
  return `${iso(ms).slice(11, 19)} UTC`;
}

function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
