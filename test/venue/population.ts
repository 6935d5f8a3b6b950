/**
 * Which markets are open when. The venue has a fixed count of slots; each holds one market after another,
 * so the count of open markets is constant while the markets themselves come and go.
 */
import { paces } from "./churn.ts";
import { makeMarket, type Market } from "./market.ts";
import { mix, pick, unit } from "./random.ts";

export interface PopulationOptions {
  seed: number;
  markets: number;
  churn: number;
  turnover: number;
  quirks: boolean;
  startedAt: number;
}

export interface Population {
  /** The market of each slot at that time. */
  open(now: number): readonly Market[];
  /** Those that closed lately, newest first within a slot. */
  closed(now: number): Market[];
  /** The open market that this token belongs to. */
  byToken(token: string, now: number): Market | undefined;
}

interface Life {
  lengthMs: number;
  phase: number;
  window: boolean;
  eventKey: string;
  legs: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const windowLengthsMs = [15 * minuteMs, 60 * minuteMs, 240 * minuteMs];
const closedKept = 3;
const goldenRatio = 0.618033988749895;

export function populate(options: PopulationOptions): Population {
  const { seed } = options;
  const everyMs = paces(options.churn);
  const lives = Array.from({ length: options.markets }, (_, slot) => lifeOf(options, slot));
  const open: Market[] = [];
  const generations: number[] = [];
  const byToken = new Map<string, Market>();
  let valid = { from: Infinity, until: -Infinity };

  const make = (slot: number, generation: number): Market => {
    const life = lives[slot]!;
    const endless = life.lengthMs === Infinity;
    // Steps of the golden ratio spread ranks evenly whatever the count of markets.
    const rank = (unit(seed, 40) + slot * goldenRatio) % 1;
    return makeMarket({
      seed,
      slot,
      generation,
      eventKey: `${life.eventKey}.${generation}`,
      legs: life.legs,
      window: life.window,
      opensAt: endless ? life.phase : life.phase + generation * life.lengthMs,
      closesAt: endless ? Infinity : life.phase + (generation + 1) * life.lengthMs,
      rank,
      everyMs: everyMs(rank),
      quirks: options.quirks,
    });
  };

  const bringTo = (now: number): void => {
    if (now >= valid.from && now < valid.until) return;
    valid = { from: -Infinity, until: Infinity };
    for (const [slot, life] of lives.entries()) {
      const generation =
        life.lengthMs === Infinity ? 0 : Math.floor((now - life.phase) / life.lengthMs);
      if (generations[slot] !== generation) {
        for (const token of open[slot]?.tokens ?? []) byToken.delete(token);
        const market = make(slot, generation);
        open[slot] = market;
        generations[slot] = generation;
        for (const token of market.tokens) byToken.set(token, market);
      }
      valid.from = Math.max(valid.from, open[slot]!.opensAt);
      valid.until = Math.min(valid.until, open[slot]!.closesAt);
    }
  };

  return {
    open(now) {
      bringTo(now);
      return open;
    },
    closed(now) {
      bringTo(now);
      return lives.flatMap((life, slot) =>
        life.lengthMs === Infinity
          ? []
          : Array.from({ length: closedKept }, (_, back) =>
              make(slot, generations[slot]! - 1 - back),
            ),
      );
    },
    byToken(token, now) {
      bringTo(now);
      return byToken.get(token);
    },
  };
}

function lifeOf({ seed, turnover, startedAt }: PopulationOptions, slot: number): Life {
  if (unit(seed, 41, slot) < turnover) {
    const lengthMs = pick(windowLengthsMs, mix(seed, 42, slot));
    return { lengthMs, phase: 0, window: true, eventKey: `window-${slot}`, legs: 1 };
  }
  // Every second group of four is one event with four legs; its legs open and close together.
  const group = Math.floor(slot / 4);
  const grouped = mix(seed, 43, group) % 2 === 0;
  const key = grouped ? group : slot + 1_000_000;
  const age = Math.floor((1 + 199 * unit(seed, 44, key)) * dayMs);
  return {
    lengthMs: turnover > 0 ? Math.floor((201 + 200 * unit(seed, 45, key)) * dayMs) : Infinity,
    phase: startedAt - age,
    window: false,
    eventKey: `${key}`,
    legs: grouped ? 4 : 1,
  };
}
