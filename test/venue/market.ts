/** One market: what never changes while it is open, from its seed, its place and its generation. */
import type { Pace } from "./churn.ts";
import { named, namedWindow, slugOf, type Naming } from "./names.ts";
import { digits, mix, unit } from "./random.ts";

export interface Market extends Pace {
  id: string;
  conditionId: string;
  questionId: string;
  question: string;
  slug: string;
  event: { id: string; slug: string; title: string; negRiskMarketId: string };
  outcomes: string[];
  tokens: string[];
  /** In ten-thousandths. */
  tick: number;
  negRisk: boolean;
  closesAt: number;
  endsAt: number;
  /** 0 the busiest, towards 1 the quietest: volume follows it. */
  rank: number;
  enableOrderBook: boolean;
  acceptingOrders: boolean;
  /** Listed as tradable, yet the CLOB has no book for it. */
  bookless: boolean;
  neverTraded: "" | "absent" | undefined;
  /** The price around which it trades, 0 to 1, and about how many levels its book has. */
  price: number;
  depth: number;
}

export interface Place {
  seed: number;
  slot: number;
  /** Counts the markets that this slot has held. */
  generation: number;
  /** Markets with the same key are legs of one event. */
  eventKey: string;
  legs: number;
  window: boolean;
  opensAt: number;
  closesAt: number;
  rank: number;
  everyMs: number;
  quirks: boolean;
}

const dayMs = 86_400_000;
// Each generation gets its own range of ids, so that no slot ever takes another's.
const slotsMax = 40_000;

export function makeMarket(place: Place): Market {
  const { slot, generation, quirks } = place;
  const seed = mix(place.seed, slot, generation);
  const rare = (salt: number, oneIn: number): boolean => quirks && mix(seed, salt) % oneIn === 0;

  const naming = namesFor(place, seed);
  // Rows of the first years have three outcomes and no order book.
  const legacy = !place.window && rare(20, 80);
  if (legacy) naming.outcomes = ["Left", "Right", "Neither"];
  const id = String(600_000 + slot + (generation % 50_000) * slotsMax);
  const hex = (name: string): string => digits(place.seed, name, slot, generation);

  return {
    seed,
    opensAt: place.opensAt,
    everyMs: place.everyMs,
    id,
    conditionId: `0x${rare(21, 25) ? hex("condition").slice(2) : hex("condition")}`,
    questionId: rare(22, 12) ? "" : `0x${hex("question")}`,
    question: naming.question,
    slug: slugOf(naming.question, id),
    event: eventOf(place, naming),
    outcomes: naming.outcomes,
    tokens: naming.outcomes.map((_, side) => tokenId(place, side)),
    tick: tickOf(seed, quirks),
    negRisk: place.legs > 1,
    closesAt: place.closesAt,
    // The date shown is nominal: markets trade past it and close before it.
    endsAt: place.closesAt === Infinity ? place.opensAt + 400 * dayMs : place.closesAt,
    rank: place.rank,
    enableOrderBook: !legacy && !rare(23, 40),
    acceptingOrders: !legacy && !rare(24, 30),
    bookless: rare(25, 50),
    neverTraded: rare(26, 20) ? (mix(seed, 27) % 2 === 0 ? "" : "absent") : undefined,
    price: priceOf(seed),
    depth: rare(28, 20) ? 3 : 70 + (mix(seed, 29) % 80),
  };
}

/** Whether the CLOB answers for its tokens while it is open. */
export function hasBook(market: Market): boolean {
  return market.enableOrderBook && market.acceptingOrders && !market.bookless;
}

function namesFor(place: Place, seed: number): Naming {
  if (place.window) return namedWindow(place.seed, place.slot, place.opensAt);
  return named(seed, place.quirks && place.legs === 1);
}

function eventOf(place: Place, naming: Naming): Market["event"] {
  const seed = digits(place.seed, "event", place.eventKey);
  const id = String(10_000 + (Number.parseInt(seed.slice(0, 8), 16) % 9_000_000));
  return {
    id,
    slug: slugOf(naming.title, `event-${id}`),
    title: naming.title,
    negRiskMarketId: `0x${seed.slice(0, 62)}00`,
  };
}

/** 76 to 78 decimal digits: far beyond what a JSON number can carry. */
function tokenId(place: Place, side: number): string {
  for (let attempt = 0; ; attempt += 1) {
    const token = BigInt(
      `0x${digits(place.seed, "token", place.slot, place.generation, side, attempt)}`,
    );
    if (token >= 10n ** 75n) return token.toString();
  }
}

function tickOf(seed: number, quirks: boolean): number {
  const draw = mix(seed, 30) % 100;
  if (quirks && draw < 6) return [50, 25, 1][draw % 3]!;
  return draw < 50 ? 100 : 10;
}

/** Most markets sit near an end: long shots and near certainties. */
function priceOf(seed: number): number {
  const [draw, spread] = [mix(seed, 31) % 100, unit(seed, 32)];
  if (draw < 35) return 0.002 + 0.05 * spread;
  if (draw < 50) return 0.998 - 0.05 * spread;
  return 0.05 + 0.9 * spread;
}
