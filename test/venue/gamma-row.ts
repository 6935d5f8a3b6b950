/**
 * Gamma's market and event objects, in its key order and with its quirks: absent keys, "" for null, JSON
 * in strings.
 */
import { lastTrade, type Sides } from "./book.ts";
import { versionAt, changedAt } from "./churn.ts";
import type { Market } from "./market.ts";
import { digits, mix, unit } from "./random.ts";
import type { Row } from "./world.ts";

const dayMs = 86_400_000;

interface Amounts {
  volume: number;
  liquidity: number;
  day: number;
  week: number;
}

export function marketRow(market: Market, asOf: number, sides: () => Sides | undefined): Row {
  return {
    id: market.id,
    slug: market.slug,
    conditionId: market.conditionId,
    tokens: market.tokens,
    closed: asOf >= market.closesAt,
    sort: sortOf(market, asOf),
    text: () => goJson(marketObject(market, asOf, sides())),
  };
}

export function eventRow(legs: Market[], asOf: number, rowOf: (leg: Market) => Row): Row {
  const [first] = legs as [Market];
  const rows = legs.map(rowOf);
  const sum = (pick: (row: Row) => number): number =>
    round(rows.reduce((total, row) => total + pick(row), 0));
  return {
    id: first.event.id,
    slug: first.event.slug,
    conditionId: "",
    tokens: legs.flatMap((leg) => leg.tokens),
    closed: rows.every((row) => row.closed),
    sort: {
      id: Number(first.event.id),
      volumeNum: sum((row) => row.sort.volumeNum),
      volume24hr: sum((row) => row.sort.volume24hr),
      liquidityNum: sum((row) => row.sort.liquidityNum),
      endDate: first.endsAt,
    },
    text() {
      const head = goJson(eventObject(first, asOf)).slice(0, -1);
      return `${head},"markets":[${rows.map((row) => row.text()).join(",")}]}`;
    },
  };
}

function sortOf(market: Market, asOf: number): Row["sort"] {
  const { volume, day, liquidity } = amounts(market, asOf);
  return {
    id: Number(market.id),
    volumeNum: volume,
    volume24hr: day,
    liquidityNum: liquidity,
    endDate: market.endsAt,
  };
}

function amounts(market: Market, asOf: number): Amounts {
  const alive = Math.min(asOf, market.closesAt - 1);
  const version = versionAt(market, alive);
  const since = (ms: number): number => version - Math.max(0, versionAt(market, alive - ms));
  // The busiest markets trade some ten million, the quietest some hundred.
  const size = 100 * 100_000 ** (1 - market.rank) * (0.5 + unit(market.seed, 70));
  const perChange = size / 100_000;
  return {
    volume: round(size + version * perChange),
    liquidity: round(size / 4 + (mix(market.seed, 71, version) % 1_000) / 7),
    day: round(since(dayMs) * perChange),
    week: round(since(7 * dayMs) * perChange),
  };
}

function marketObject(market: Market, asOf: number, sides: Sides | undefined): object {
  const { volume, liquidity, day, week } = amounts(market, asOf);
  const closed = asOf >= market.closesAt;
  const version = versionAt(market, Math.min(asOf, market.closesAt - 1));
  const bid = number(sides?.bids.at(-1)?.rung.price);
  const ask = number(sides?.asks.at(-1)?.rung.price);
  const art = `https://polymarket-upload.s3.us-east-2.amazonaws.com/${market.slug.slice(0, 20)}.png`;
  const seed = market.seed;

  // undefined values leave their key out, which is how the venue says none and zero.
  return {
    id: market.id,
    question: market.question,
    conditionId: market.conditionId,
    slug: market.slug,
    endDate: iso(market.endsAt),
    liquidity: mix(seed, 72) % 3 === 0 ? undefined : String(liquidity),
    startDate: microseconds(market.opensAt, seed),
    image: art,
    icon: art,
    description: `Resolves to "${market.outcomes[0]!}" if so.\n\nOtherwise, to "${market.outcomes[1]!}".`,
    outcomes: inString(market.outcomes),
    outcomePrices: inString(outcomePrices(market, closed)),
    volume: String(volume),
    active: true,
    closed,
    marketMakerAddress: "",
    createdAt: microseconds(market.opensAt - 3_600_000, seed),
    updatedAt: microseconds(closed ? market.closesAt : changedAt(market, version), seed),
    closedTime: closed ? postgres(market.closesAt) : undefined,
    new: false,
    featured: false,
    submitted_by: `0x${digits(seed, "submitter").slice(0, 40)}`,
    archived: false,
    resolvedBy: closed ? `0x${digits(seed, "resolver").slice(0, 40)}` : "",
    restricted: true,
    groupItemTitle: market.negRisk ? market.outcomes[0] : undefined,
    groupItemThreshold: "0",
    questionID: market.questionId,
    umaEndDate: closed ? iso(market.closesAt) : undefined,
    enableOrderBook: market.enableOrderBook,
    orderPriceMinTickSize: market.tick / 10_000,
    orderMinSize: 5,
    umaResolutionStatus: closed ? "resolved" : undefined,
    volumeNum: volume,
    liquidityNum: liquidity,
    endDateIso: iso(market.endsAt).slice(0, 10),
    startDateIso: iso(market.opensAt).slice(0, 10),
    hasReviewedDates: true,
    volume24hr: day || undefined,
    volume1wk: week || undefined,
    clobTokenIds: inString(market.tokens),
    umaBond: "500",
    umaReward: "5",
    volume24hrClob: day || undefined,
    volumeClob: volume,
    liquidityClob: liquidity,
    makerBaseFee: 1000,
    takerBaseFee: 1000,
    customLiveness: 0,
    acceptingOrders: market.acceptingOrders && !closed,
    negRisk: market.negRisk,
    negRiskMarketID: market.negRisk ? market.event.negRiskMarketId : undefined,
    negRiskRequestID: market.negRisk ? `0x${digits(seed, "request")}` : undefined,
    events: [eventObject(market, asOf)],
    ready: false,
    funded: false,
    acceptingOrdersTimestamp: iso(market.opensAt),
    cyom: false,
    competitive: round(unit(seed, 73)),
    pagerDutyNotificationEnabled: false,
    approved: true,
    rewardsMinSize: 100,
    rewardsMaxSpread: 3.5,
    spread: bid === undefined || ask === undefined ? 1 : round(ask - bid),
    oneDayPriceChange: mix(seed, 74) % 2 === 0 ? -0.002 : undefined,
    lastTradePrice: number(lastTrade(market, version)),
    bestBid: bid,
    bestAsk: ask,
    automaticallyActive: true,
    clearBookOnStart: true,
    manualActivation: false,
    negRiskOther: false,
    umaResolutionStatuses: closed ? inString(["proposed"]) : "[]",
    pendingDeployment: false,
    deploying: false,
    rfqEnabled: false,
    holdingRewardsEnabled: false,
    feesEnabled: true,
    requiresTranslation: false,
    feeType: "economics_fees",
    feeSchedule: { exponent: 1, rate: 0.05, takerOnly: true, rebateRate: 0.25 },
  };
}

function eventObject(market: Market, asOf: number): object {
  const { event, negRisk } = market;
  return {
    id: event.id,
    ticker: event.slug,
    slug: event.slug,
    title: event.title,
    resolutionSource: "",
    startDate: iso(market.opensAt),
    endDate: iso(market.endsAt),
    active: true,
    closed: asOf >= market.closesAt,
    archived: false,
    restricted: true,
    enableOrderBook: true,
    negRisk,
    negRiskMarketID: negRisk ? event.negRiskMarketId : undefined,
    commentCount: 1,
  };
}

function outcomePrices(market: Market, closed: boolean): string[] {
  const won = mix(market.seed, 75) % market.outcomes.length;
  if (closed) return market.outcomes.map((_, side) => (side === won ? "1" : "0"));
  const price = Math.round(market.price * 10_000) / 10_000;
  return market.outcomes.map((_, side) => String(side === 0 ? price : round(1 - price)));
}

/** As Go writes JSON: `&`, `<` and `>` are escaped, other characters are not. */
function goJson(value: object): string {
  return JSON.stringify(value).replace(
    /[&<>]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

/** A list as JSON within a string, with the venue's blank after each comma. */
function inString(list: string[]): string {
  return `[${list.map((item) => JSON.stringify(item)).join(", ")}]`;
}

function number(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function iso(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}

function microseconds(at: number, seed: number): string {
  return new Date(at).toISOString().replace("Z", `${mix(seed, 76) % 1000}Z`);
}

function postgres(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}+00`;
}
