/** The daemon's lives as the soak saw them: when it ran, what it held, and when nobody was there. */
import { hourMs, secondMs } from "../../runtime/time.ts";
import type { SoakEvidence } from "../../functions/readiness/soak-evidence.ts";
import type { Recorded } from "./records.ts";

/** Of a soak that samples every 5 s at most: in a longer stretch nobody watched. */
export const unwatchedAfterMs = 30 * secondMs;

type Sample = Extract<Recorded, { kind: "sample" }>;

export interface Life {
  from: number;
  to: number;
  /** It ran then, and nobody looked: the soak was stopped, or had no room to note what it saw. */
  unwatched: Span[];
  samples: Sample[];
}

export interface Span {
  from: number;
  to: number;
}

/** Of one process each, up to where it was asked to stop; one whose end nobody saw lasted to the last look at it. */
export function livesOf(notes: readonly Recorded[]): Life[] {
  const lives: Life[] = [];
  let isAlive = false;
  for (const note of notes) {
    const life = lives.at(-1);
    if (note.kind === "start") {
      lives.push({ from: note.at, to: note.at, unwatched: [], samples: [] });
      isAlive = true;
    }
    if (!isAlive || life === undefined) continue;
    if (note.kind === "watch") isAlive = false;
    if (note.kind === "sample") life.samples.push(note);
    if (note.kind === "sample" || note.kind === "rest" || note.kind === "exit") {
      if (note.at - life.to > unwatchedAfterMs) life.unwatched.push({ from: life.to, to: note.at });
      life.to = note.at;
    }
    // However long it takes to stop, that is part of the interruption.
    if (note.kind === "rest" || note.kind === "exit") isAlive = false;
  }
  return lives;
}

/** How long the daemon ran and was watched. */
export function watchedMs(lives: readonly Life[]): number {
  const lengthOf = ({ from, to }: Span): number => to - from;
  return lives.reduce(
    (sum, life) =>
      sum + lengthOf(life) - life.unwatched.reduce((all, span) => all + lengthOf(span), 0),
    0,
  );
}

/** In their order, with those that touch each other in one. */
export function joined(spans: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const before = found.at(-1);
    if (before !== undefined && from <= before.to) before.to = Math.max(before.to, to);
    else found.push({ from, to });
  }
  return found;
}

/** From where the watch before had asked the daemon to stop, or was heard last, to the daemon's next start. */
export function interruptionsOf(notes: readonly Recorded[]): Span[] {
  const spans: Span[] = [];
  let lastAt: number | undefined;
  let since: number | undefined;
  let isResting = false;
  for (const { kind, at } of notes) {
    if (kind === "watch") since = lastAt;
    if (kind === "start" && since !== undefined) spans.push({ from: since, to: at });
    if (kind === "start") since = undefined;
    if (kind === "watch" || kind === "start") isResting = false;
    if (!isResting) lastAt = at;
    if (kind === "rest") isResting = true;
  }
  return spans;
}

export function memoryOf(lives: readonly Life[]): SoakEvidence["memory"] {
  const all = lives.flatMap(({ samples }) => samples);
  const second = quarters(lives, 2, 4);
  const fittedHours = hoursOf(second);
  const points = second.map(({ at, rssKB }): [number, number] => [at / hourMs, rssKB / 1024]);
  return {
    peakMB: all.length === 0 ? null : round(Math.max(...all.map(({ rssKB }) => rssKB)) / 1024),
    lastMB: all.length === 0 ? null : round((all.at(-1)?.rssKB ?? 0) / 1024),
    slopeMBPerHour: points.length < pointsMin ? null : round(slopeOf(points)),
    fittedHours,
  };
}

export function descriptorsOf(lives: readonly Life[]): SoakEvidence["descriptors"] {
  const all = lives.flatMap(({ samples }) => samples.map(({ fds }) => fds));
  return {
    early: medianOf(quarters(lives, 1, 2).map(({ fds }) => fds)),
    late: medianOf(quarters(lives, 3, 4).map(({ fds }) => fds)),
    max: all.length === 0 ? null : Math.max(...all),
    fittedHours: hoursOf(quarters(lives, 0, 4)),
  };
}

const pointsMin = 10;

/** Samples of the longest life, from one quarter of its time up to another. */
function quarters(lives: readonly Life[], from: number, to: number): Sample[] {
  const longest = lives.toSorted((a, b) => b.to - b.from - (a.to - a.from))[0];
  if (longest === undefined) return [];
  const length = longest.to - longest.from;
  const at = (quarter: number): number => longest.from + (quarter / 4) * length;
  return longest.samples.filter((sample) => sample.at >= at(from) && sample.at <= at(to));
}

/** Least squares, about the mean: epoch hours squared would cost all digits. */
function slopeOf(points: readonly [number, number][]): number {
  const mean = (which: 0 | 1): number =>
    points.reduce((sum, point) => sum + point[which], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  let [covariance, variance] = [0, 0];
  for (const [at, value] of points) {
    covariance += (at - x) * (value - y);
    variance += (at - x) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}

function hoursOf(samples: readonly Sample[]): number {
  return round(((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)) / hourMs);
}

function medianOf(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
