/**
 * discover: walks the venue's open markets and chooses which books are watched.
 *
 * Pages through the list until it ends or enough markets are chosen, archives each chosen market's raw object
 * and one line about the walk, and replaces the watch list in one step. A walk that failed or saw only a part
 * never takes a market off the list; one that is taken off stays until the hour ends. Where the venue
 * contradicts an earlier token-to-outcome mapping, the earlier one stays and the contradiction is set aside.
 * Exits 69 if the venue could not be reached. Safe to run twice, and to be killed at any line.
 */
import * as v from "valibot";
import { count } from "../runtime/columns.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction, type Run } from "../runtime/function.ts";
import { type Appended } from "../runtime/hours/hour-log.ts";
import { hourOf, iso } from "../runtime/time.ts";
import { quarantine } from "./archive/quarantine.ts";
import { conflictingMarkets } from "./polymarket/choose.ts";
import { marketsEndpoint, venue, venueSettings } from "./polymarket/endpoints.ts";
import { appendWalk, type WalkCounts } from "./polymarket/market-lines.ts";
import { nextList } from "./polymarket/next-list.ts";
import { type Survey, survey } from "./polymarket/survey.ts";
import { replaceWatchList, takeWatchList, type WatchEntry } from "./polymarket/watch-list.ts";

const atLeastZero = v.pipe(v.number(), v.minValue(0));
const names = v.array(v.pipe(v.string(), v.minLength(1)));

const input = v.strictObject({
  include: v.optional(
    v.pipe(names, v.description("slugs or condition ids to take whatever the other rules say")),
    [],
  ),
  exclude: v.optional(
    v.pipe(names, v.description("slugs (* for any text) or condition ids never to take")),
    [],
  ),
  volumeMin: v.optional(
    v.pipe(atLeastZero, v.description("smallest total volume of a market, in dollars")),
    0,
  ),
  liquidityMin: v.optional(
    v.pipe(atLeastZero, v.description("smallest liquidity of a market, in dollars")),
    0,
  ),
  marketsMax: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(20_000),
      v.description("how many markets to watch"),
    ),
    500,
  ),
  pagesMax: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(2_000),
      v.description("pages of 100 markets to look at"),
    ),
    100,
  ),
  outcomes: v.optional(
    v.pipe(
      v.picklist(["both", "first"]),
      v.description("watch every outcome's book of a market, or the first only"),
    ),
    "both",
  ),
  order: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[a-z][A-Za-z0-9]*$/, "write a field of the venue, such as volume24hr"),
      v.description("the venue's field that puts the markets in order, largest first"),
    ),
    "volume24hr",
  ),
});

export interface DiscoverResult extends WalkCounts {
  walk: number;
  /** The hour that it was written into. */
  hour: string;
  outcome: Survey["walk"]["outcome"];
  stopped?: string;
  pages: number;
  marketsSeen: number;
  /** Chosen. */
  markets: number;
  closed: number;
  conflicts: { market: string; what: string }[];
  /** Included, yet unknown to the venue or not open for trading. */
  notFound: string[];
  quarantined: number;
}

export default defineFunction({
  input,
  settings: venueSettings,
  endpoints: (settings) => [marketsEndpoint(settings)],

  async run(rules, run: Run<typeof venueSettings>): Promise<DiscoverResult> {
    const previous = await takeWatchList(run);
    const found = await survey(run, marketsEndpoint(run.settings).url, rules, previous);
    const now = run.clock.now();
    const tokens = nextList(previous, {
      now,
      chosen: found.choice.tokens,
      conflicting: conflictingMarkets(found.choice),
      closed: new Set(found.closed.keys()),
      mayDrop: found.mayDrop,
    });
    const counts = countsOf(previous, tokens);

    // The evidence first: no token is watched whose market is not on record.
    const hour = hourOf(run.scheduledAt ?? run.startedAt);
    const pieces = [...found.pieces, ...found.choice.pieces];
    await quarantine({ ...run, ...run.settings }, venue, pieces, hour);
    const appended = await appendWalk(run, hour, found, counts);
    const result = resultOf(appended, found, counts, pieces.length);
    refuseUnreachable(result, found);
    await replaceWatchList(run, { updated: iso(now), tokens });
    if (tokens.length === 0)
      run.log.warn(
        { marketsSeen: result.marketsSeen },
        "nothing is watched: not one market seen fits the rules",
      );
    for (const { market, what } of found.choice.conflicts)
      run.log.warn({ market }, `market ${what}`);
    return result;
  },

  summary(result) {
    const {
      outcome,
      stopped,
      pages,
      markets,
      watched,
      added,
      leaving,
      closed,
      conflicts,
      notFound,
    } = result;
    const walk = `${outcome} walk over ${count(pages, "page")}${stopped === undefined ? "" : ` (${stopped})`}`;
    const changes = `${added} added, ${leaving} leaving, ${count(closed, "market")} closed`;
    return [
      `${walk}: ${count(markets, "market")} chosen; ${count(watched, "token")} watched, ${changes}`,
      ...(conflicts.length > 0
        ? [
            `left as known before, since the venue contradicts itself: ${count(conflicts.length, "market")}`,
          ]
        : []),
      ...(notFound.length > 0 ? [`not open for trading: ${notFound.join(", ")}`] : []),
    ].join("\n");
  },
});

function countsOf(previous: readonly WatchEntry[], tokens: readonly WatchEntry[]): WalkCounts {
  const known = new Set(previous.map(({ token }) => token));
  return {
    watched: tokens.length,
    added: tokens.filter(({ token }) => !known.has(token)).length,
    leaving: tokens.filter(({ until }) => until !== undefined).length,
  };
}

function resultOf(
  appended: Appended,
  found: Survey,
  counts: WalkCounts,
  quarantined: number,
): DiscoverResult {
  const { walk, choice, closed, notFound } = found;
  return {
    walk: appended.number,
    hour: appended.hour,
    outcome: walk.outcome,
    ...(walk.stopped !== undefined && { stopped: walk.stopped }),
    pages: walk.records.length,
    marketsSeen: walk.records.reduce((sum, page) => sum + page.markets, 0),
    markets: choice.chosen.size,
    ...counts,
    closed: closed.size,
    conflicts: choice.conflicts.map(({ market, what }) => ({ market, what })),
    notFound,
    quarantined,
  };
}

function refuseUnreachable(result: DiscoverResult, { lookUps, walk }: Survey): void {
  if (walk.outcome !== "failed" || lookUps.some(({ sha256 }) => sha256 !== null)) return;
  const errors = new Set(
    [...walk.records, ...lookUps].flatMap(({ error }) => (error === undefined ? [] : [error])),
  );
  throw new OperatorError("NO_MARKETS", {
    message: "the venue's list of markets could not be read",
    exit: "unavailable",
    details: [...errors].slice(0, 5),
    safe: `The watch list is as it was; the attempt is on record as walk ${result.walk} of ${result.hour}Z.`,
    next: "npm run fn -- discover",
    result,
  });
}
