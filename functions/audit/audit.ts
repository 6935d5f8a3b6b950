/** One audit: the stream and the polls side by side for a while, then what the polls missed. */
import type { Run } from "../../runtime/function.ts";
import { iso } from "../../runtime/time.ts";
import type { WatchedToken } from "../archive/lines.ts";
import { booksEndpoint, type venueSettings } from "../polymarket/endpoints.ts";
import { cadencesFor } from "./cadences.ts";
import { compare, noComparison } from "./compare.ts";
import { FollowedToken } from "./followed.ts";
import { eventsIn } from "./frame-events.ts";
import { FrameLines } from "./frame-lines.ts";
import { listen, type Listener, type Loss } from "./listen.ts";
import { type Polled, pollSample } from "./poll-sample.ts";
import type { StreamAudit } from "./report.ts";

export type AuditRun = Run<typeof venueSettings>;

export interface AuditOptions {
  sample: readonly WatchedToken[];
  /** Tokens on the watch list. */
  watched: number;
  everyMs: number;
  durationMs: number;
  /** The share of changes that one would like to see. */
  target: number;
}

export async function audit(run: AuditRun, options: AuditOptions): Promise<StreamAudit> {
  const { clock, settings } = run;
  const { sample, everyMs, durationMs } = options;
  const startedAt = clock.now();
  const until = clock.monotonic() + durationMs;
  const ear = new Ear(run, sample);
  const channel = {
    url: settings.HOURBOOK_STREAM_URL,
    tokens: sample.map(({ token }) => token),
    until,
  };
  const polling = { url: booksEndpoint(settings).url, tokens: sample, everyMs, until };
  const [, polled] = await Promise.all([listen(run, channel, ear), pollSample(run, polling)]);
  await ear.lines.flush();
  return reportOf(run, options, { ear, polled, startedAt });
}

/** Everything that is heard, as books and as lines. */
class Ear implements Listener {
  readonly lines: FrameLines;
  readonly followed: ReadonlyMap<string, FollowedToken>;
  frames = { frames: 0, others: 0, broken: 0 };
  connections = 0;
  losses: { at: string; why: Loss }[] = [];

  constructor(run: AuditRun, sample: readonly WatchedToken[]) {
    this.lines = new FrameLines(run);
    this.followed = new Map(sample.map(({ token }) => [token, new FollowedToken()]));
  }

  async begun(at: number): Promise<void> {
    this.connections += 1;
    await this.lines.note("subscribed", at, { tokens: [...this.followed.keys()] });
  }

  async heard(text: string, at: number): Promise<boolean> {
    await this.lines.frame(text, at);
    const frame = eventsIn(text);
    if (frame === undefined) {
      this.frames.broken += 1;
      return false;
    }
    this.frames.frames += 1;
    this.frames.others += frame.others;
    this.frames.broken += frame.broken;
    for (const [token, events] of Map.groupBy(frame.events, (event) => event.token))
      this.followed.get(token)?.hear(events, at);
    return frame.broken === 0;
  }

  async lost(at: number, why: Loss): Promise<void> {
    if (why !== "ended") this.losses.push({ at: iso(at), why });
    for (const token of this.followed.values()) token.lose(at);
    await this.lines.note("lost", at, { why });
  }
}

interface Heard {
  ear: Ear;
  polled: Polled;
  startedAt: number;
}

function reportOf(
  run: AuditRun,
  options: AuditOptions,
  { ear, polled, startedAt }: Heard,
): StreamAudit {
  const { everyMs, watched, sample, target } = options;
  const now = run.clock.now();
  const stretches = [...ear.followed.values()].map((token) => token.stretches);
  const comparison = noComparison();
  for (const [token, followed] of ear.followed)
    compare(comparison, followed.stretches, polled.books.get(token) ?? []);
  const heardMs = stretches.flat().reduce((sum, { from, to }) => sum + Math.min(to, now) - from, 0);
  const { polls, bookBytes } = polled;
  return {
    schema: 1,
    kind: "stream-audit",
    collector: run.settings.collector,
    venue: "polymarket",
    run: run.id,
    from: iso(startedAt),
    to: iso(now),
    everyMs,
    target,
    tokens: sample.length,
    watched,
    polls,
    bookBytes,
    stream: {
      connections: ear.connections,
      ...ear.frames,
      losses: ear.losses,
      heard: heardMs / Math.max(1, (now - startedAt) * sample.length),
    },
    ...comparison,
    missed: comparison.changes === 0 ? null : 1 - comparison.seen / comparison.changes,
    changesPerPoll: polls < 2 ? null : comparison.changes / (polls - 1) / sample.length,
    cadences: cadencesFor({ stretches, bookBytes, watched, now }),
  };
}
