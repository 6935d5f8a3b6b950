/** A recorder before a simulated venue, on a virtual clock: discover and snapshot-poll, and what they left. */
import { join } from "node:path";
import type { TestContext } from "node:test";
import auditStream, { type AuditResult } from "../../functions/audit-stream.ts";
import discover, { type DiscoverResult } from "../../functions/discover.ts";
import snapshotPoll, { type PollResult } from "../../functions/snapshot-poll.ts";
import { bookOf, rawOf, type PollLine, type WatchLine } from "../../functions/archive/lines.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import { deadline } from "../../runtime/doors/clock.ts";
import type { FunctionDefinition, InputSchema } from "../../runtime/function.ts";
import type { venueSettings } from "../../functions/polymarket/endpoints.ts";
import type { Http } from "../../runtime/doors/http.ts";
import type { Machine } from "../../runtime/doors/machine.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { listParts } from "../../runtime/hours/parts.ts";
import { readLines } from "../../runtime/hours/read.ts";
import { hourMs } from "../../runtime/time.ts";
import { startVenue, type Venue, type VenueOptions } from "../venue/venue.ts";
import { temporaryFolder } from "./folder.ts";
import { virtualMachine } from "./machine.ts";
import { aRun, call, type Logged, type TestRun } from "./run.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";
import { wire } from "./wire.ts";

export interface RecorderOptions extends Partial<Omit<VenueOptions, "clock">> {
  /** `2026-11-22T15:00:00Z` */
  start?: string;
  files?: Files;
  /** Another network than the one that leads to the venue. */
  http?: Http;
}

/** Of one run; without a slot it is by hand. */
export interface Call {
  scheduledAt?: number;
  nextSlotAt?: number;
  timeoutMs?: number;
}

export interface Recorder {
  clock: VirtualClock;
  machine: Machine;
  venue: Venue;
  dataFolder: string;
  logged: Logged[];
  discover(input?: object, options?: Call): Promise<DiscoverResult>;
  audit(input?: object, options?: Call): Promise<AuditResult>;
  /** By hand. */
  poll(input?: object, options?: Call): Promise<PollResult>;
  /** As the daemon does: in the slot that comes next on a grid of `everyMs`. */
  pollSlot(everyMs?: number, input?: object): Promise<PollResult>;
  /** Several things at the same time, polls among them. */
  together<T>(
    begin: (poll: (input?: object, options?: Call) => Promise<PollResult>) => Promise<T>[],
  ): Promise<T[]>;
  /** Every line of a stream's open hours, in the order of writing. */
  lines(stream: string): Promise<Line[]>;
}

export type Line = Record<string, unknown> & { kind: string; text: Buffer };

export async function aRecorder(t: TestContext, options: RecorderOptions = {}): Promise<Recorder> {
  const { start = "2026-11-22T15:00:00Z", files, http, ...venueOptions } = options;
  const clock = virtualClock({ start: Date.parse(start) });
  const frames = wire(clock);
  const machine = virtualMachine({
    clock,
    ...(files && { files }),
    ...(http && { http: () => http }),
    wire: frames,
  });
  const dataFolder = join(temporaryFolder(t), "data");
  const venue = await startVenue({
    seed: 7,
    clock,
    markets: 10,
    turnover: 0,
    quirks: false,
    gammaCacheMs: 0,
    onFrame: frames.onFrame,
    onPark: (hold) => clock.park(hold),
    onUnpark: (hold) => clock.unpark(hold),
    ...venueOptions,
  });
  t.after(() => venue.close());
  const settings = {
    HOURBOOK_GAMMA_URL: venue.gammaUrl,
    HOURBOOK_CLOB_URL: venue.clobUrl,
    HOURBOOK_STREAM_URL: venue.streamUrl,
  };
  const logged: Logged[] = [];

  async function fire<I extends InputSchema, R extends object>(
    definition: FunctionDefinition<I, typeof venueSettings, R>,
    input: object = {},
    { scheduledAt, nextSlotAt, timeoutMs = 60_000 }: Call = {},
  ): Promise<R> {
    const timer = deadline(clock, timeoutMs, new Error("timeout of the run"));
    const { random, ...doors } = machine;
    const run: TestRun<typeof venueSettings> = {
      ...aRun<typeof venueSettings>({ dataFolder, settings, clock, signal: timer.signal }),
      ...doors,
      random,
      http: machine.http(definition.endpoints?.(settings) ?? []),
      sockets: machine.sockets(definition.channels?.(settings) ?? []),
      children: machine.children([]),
      clock,
      trigger: scheduledAt === undefined ? "hand" : "schedule",
      scheduledAt,
      nextSlotAt,
      deadlineAt: clock.now() + timeoutMs,
    };
    try {
      return await call(definition, { ...input }, run);
    } finally {
      timer.clear();
      logged.push(...run.logged);
    }
  }

  const recorder: Recorder = {
    clock,
    machine,
    venue,
    dataFolder,
    logged,
    audit: (input = {}, more = { timeoutMs: hourMs }) =>
      clock.runUntil(fire(auditStream, input, more)),
    discover: (input = {}, more = {}) => clock.runUntil(fire(discover, input, more)),
    poll: (input = {}, more = {}) => clock.runUntil(fire(snapshotPoll, input, more)),
    together: (begin) =>
      clock.runUntil(Promise.all(begin((input, more) => fire(snapshotPoll, input, more)))),
    async pollSlot(everyMs = 10_000, input = {}) {
      const scheduledAt = (Math.floor(clock.now() / everyMs) + 1) * everyMs;
      await clock.run(scheduledAt);
      return recorder.poll(input, { scheduledAt, nextSlotAt: scheduledAt + everyMs });
    },
    async lines(stream) {
      const lines: Line[] = [];
      for (const part of await listParts(systemFiles, dataFolder, stream)) {
        for await (const text of readLines(systemFiles, part.path)) {
          lines.push({ ...(JSON.parse(text.toString()) as { kind: string }), text });
        }
      }
      return lines;
    },
  };
  return recorder;
}

export function pollLines(lines: readonly Line[]): PollLine[] {
  return lines.filter(({ kind }) => kind === "poll") as unknown as PollLine[];
}

export function watchLines(lines: readonly Line[]): WatchLine[] {
  return lines.filter(({ kind }) => kind === "watch") as unknown as WatchLine[];
}

/** Token → its recorded texts, oldest first. */
export function textsOf(lines: readonly Line[]): Map<string, string[]> {
  const texts = new Map<string, string[]>();
  for (const { text } of lines) {
    const book = bookOf(text);
    if (book === undefined) continue;
    const own = texts.get(book.token) ?? [];
    own.push(rawOf(text).toString());
    texts.set(book.token, own);
  }
  return texts;
}

/** What a poll threw, which it must have. */
export async function failureOf(run: Promise<unknown>): Promise<OperatorError> {
  try {
    await run;
  } catch (error) {
    if (error instanceof OperatorError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}
