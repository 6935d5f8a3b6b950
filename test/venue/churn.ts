/**
 * When books change: a few every second, most rarely, as on a real venue.
 *
 * Time is cut into steps of a market's own length, with one change at a seeded moment of each. So the
 * count of changes up to any moment is one division: a clock may jump a month, or step back, at no cost.
 */
import { mix } from "./random.ts";

export interface Pace {
  seed: number;
  opensAt: number;
  /** One change in each step of this length; Infinity: the book never changes. */
  everyMs: number;
}

const fastestMs = 1_000;
const slowestMs = 24 * 3_600_000;
const minuteMs = 60_000;

/**
 * From a market's rank (0 the busiest, towards 1 the quietest) to its step, so that `share` of all books
 * change within a minute. Steps grow exponentially over the ranks, which gives the heavy tail; `bend`
 * moves its knee.
 */
export function paces(share: number): (rank: number) => number {
  if (share <= 0) return () => Infinity;
  let [low, high] = [-8, 12];
  for (let halving = 0; halving < 30; halving += 1) {
    const middle = (low + high) / 2;
    if (shareThatChanges(2 ** middle) < share) low = middle;
    else high = middle;
  }
  const bend = 2 ** high;
  return (rank) => stepMs(rank, bend);
}

/** How often the book had changed by then; 0 is the book it opened with. */
export function versionAt(pace: Pace, now: number): number {
  if (pace.everyMs === Infinity) return 0;
  const step = Math.floor((now - pace.opensAt) / pace.everyMs);
  return now >= changedAt(pace, step + 1) ? step + 1 : step;
}

/** The moment at which that version came to be. */
export function changedAt(pace: Pace, version: number): number {
  if (version <= 0) return pace.opensAt;
  if (pace.everyMs === Infinity) return Infinity;
  const step = version - 1;
  return pace.opensAt + step * pace.everyMs + (mix(pace.seed, 1, step) % pace.everyMs);
}

function stepMs(rank: number, bend: number): number {
  return Math.round(fastestMs * (slowestMs / fastestMs) ** (rank ** bend));
}

function shareThatChanges(bend: number): number {
  const samples = 512;
  let sum = 0;
  for (let sample = 0; sample < samples; sample += 1) {
    sum += Math.min(1, minuteMs / stepMs((sample + 0.5) / samples, bend));
  }
  return sum / samples;
}
