/**
 * audit-stream: measures what polling misses, against the venue's own stream of changes.
 *
 * Listens to the public market channel for a bounded time, on a sample of the watched tokens, and polls the same tokens
 * beside it. It rebuilds each book from the frames and says how many changes no poll saw, whether a polled book was the
 * stream's book of that time, and which cadence would see how much at what cost. The frames are archived as the stream
 * `frames`. Never a lasting connection: off unless it is scheduled or called. Safe to be killed at any line.
 */
import * as v from "valibot";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import { duration, hourMs, minuteMs, secondMs } from "../runtime/time.ts";
import type { WatchedToken } from "./archive/lines.ts";
import { audit } from "./audit/audit.ts";
import { inWords } from "./audit/markdown.ts";
import { publishAudit, type StreamAudit } from "./audit/report.ts";
import { booksEndpoint, venueSettings } from "./polymarket/endpoints.ts";
import { readWatchList, watchedAt } from "./polymarket/watch-list.ts";

/** The channel sends no dump beyond 500, and each token costs memory while it is followed. */
const tokensMax = 200;
const durationMsMax = hourMs;

export interface AuditResult extends StreamAudit {
  /** Path of the Markdown, relative to the data folder; the JSON lies beside it. */
  report: string;
}

export default defineFunction({
  input: v.strictObject({
    tokens: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.maxValue(tokensMax),
        v.description(`listen to so many of the watched tokens, at most ${tokensMax}`),
      ),
      40,
    ),
    listen: v.optional(
      v.pipe(
        duration,
        v.minValue(minuteMs, "listen for a minute at least"),
        v.maxValue(durationMsMax, "listen for an hour at most"),
        v.description("for how long"),
      ),
      "10m",
    ),
    every: v.optional(
      v.pipe(
        duration,
        v.minValue(secondMs, "poll once a second at most"),
        v.description("poll the sample so often: the cadence of snapshot-poll that is judged"),
      ),
      "10s",
    ),
    target: v.optional(
      v.pipe(
        v.number(),
        v.minValue(1),
        v.maxValue(100),
        v.description("name the cheapest cadence that sees this percentage of the changes"),
      ),
      90,
    ),
  }),
  settings: venueSettings,
  endpoints: (settings) => [booksEndpoint(settings)],
  channels: (settings) => [settings.HOURBOOK_STREAM_URL],

  async run({ tokens, listen, every, target }, run): Promise<AuditResult> {
    const watched = watchedAt(await readWatchList(run), run.startedAt);
    const open = watched.filter(({ closed }) => closed === undefined);
    const sample = sampleOf(open, tokens, run.random());
    const leftMs = run.deadlineAt - run.clock.now() - marginMs;
    const report = await audit(run, {
      sample,
      watched: open.length,
      everyMs: every,
      durationMs: Math.min(listen, leftMs),
      target: target / 100,
    });
    if (report.stream.heard === 0) throw unheard(report);
    const path = await publishAudit({ files: run.files, ...run.settings }, report);
    return { ...report, report: path };
  },

  summary: ({ report, ...audited }) => `${inWords(audited)}\n${report}`,
});

/** For what is written at the end. */
const marginMs = 5 * secondMs;

/** Spread evenly over the list, from a place that chance names. */
function sampleOf(open: readonly WatchedToken[], wanted: number, random: number): WatchedToken[] {
  const number = Math.min(wanted, open.length);
  const first = Math.floor(random * open.length);
  return Array.from({ length: number }, (_, at) => {
    const place = first + Math.floor((at * open.length) / number);
    return open[place % open.length] as WatchedToken;
  });
}

function unheard({ stream }: StreamAudit): OperatorError {
  return new OperatorError("STREAM_UNHEARD", {
    message: "the stream told of no book at all",
    exit: "unavailable",
    details: stream.losses.slice(0, 5).map(({ at, why }) => `${at}: ${why}`),
    safe: "Recording does not depend on it: polls go on.",
    next: "npm run fn -- audit-stream, again; HOURBOOK_STREAM_URL if it is another address",
  });
}
