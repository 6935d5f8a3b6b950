/**
 * Which markets are watched, by an operator's rules; and whether what the venue says of their tokens agrees
 * with itself and with what was said before. A token that changes its market would turn every book recorded
 * of it into a lie, so a conflict leaves the old mapping in force.
 */
import type { Piece } from "../archive/quarantine.ts";
import type { Listed } from "./market-pages.ts";
import type { WatchEntry } from "./watch-list.ts";

export interface Rules {
  /** Slugs or condition ids, always taken. */
  include: readonly string[];
  /** Slugs, with `*` for any text, or condition ids. */
  exclude: readonly string[];
  volumeMin: number;
  liquidityMin: number;
  marketsMax: number;
  outcomes: "both" | "first";
}

export interface ChosenToken {
  token: string;
  market: string;
  outcome: string;
  slug: string;
  question?: string;
}

export interface Conflict {
  market: string;
  reason: "schema" | "mapping";
  what: string;
  /** The market that has the token already. */
  with?: string;
}

export interface Choice {
  /** By market. */
  chosen: Map<string, Listed>;
  tokens: ChosenToken[];
  conflicts: Conflict[];
  pieces: Piece[];
}

export interface Chooser {
  /** Takes an included market, if it can be traded; says whether it could. */
  include(listed: Listed): boolean;
  /** Takes a market if the rules want it; `false` when they want no more. */
  offer(listed: Listed): boolean;
  result(): Choice;
}

export function chooser(rules: Rules, previous: readonly WatchEntry[]): Chooser {
  const isExcluded = matcher(rules.exclude);
  const choice: Choice = { chosen: new Map(), tokens: [], conflicts: [], pieces: [] };
  const owners = new Map(previous.map((entry) => [entry.token, entry]));
  const before = Map.groupBy(previous, ({ market }) => market);
  const taken = new Map<string, string>();

  const take = (listed: Listed): void => {
    const { market } = listed;
    // A copy: a view would hold on to its whole page.
    const own = { ...listed, raw: Buffer.from(listed.raw) };
    const found = conflictIn(listed, owners, before.get(market.id) ?? [], taken);
    if (found !== undefined) {
      const reason = market.tokens === undefined ? "schema" : "mapping";
      choice.conflicts.push({ market: market.id, reason, ...found });
      choice.pieces.push({ from: "markets", reason, bytes: own.raw, market: market.id });
      return;
    }
    choice.chosen.set(market.id, own);
    for (const { token, outcome } of wantedTokens(listed, rules)) {
      const { slug, question } = market;
      choice.tokens.push({
        token,
        market: market.id,
        outcome,
        slug,
        ...(question !== undefined && { question }),
      });
    }
    for (const { token } of market.tokens!) taken.set(token, market.id);
  };

  return {
    include(listed) {
      if (listed.market.isTradable && !choice.chosen.has(listed.market.id)) take(listed);
      return listed.market.isTradable;
    },
    offer(listed) {
      const { market } = listed;
      if (choice.chosen.size >= rules.marketsMax) return false;
      const isWanted =
        market.isTradable &&
        !choice.chosen.has(market.id) &&
        !isExcluded(market) &&
        isBigEnough(listed, rules);
      if (isWanted) take(listed);
      return choice.chosen.size < rules.marketsMax;
    },
    result: () => choice,
  };
}

/** Markets whose tokens are in doubt: what was known of them before stays in force. */
export function conflictingMarkets({ conflicts }: Choice): Set<string> {
  return new Set(
    conflicts.flatMap((conflict) => [conflict.market, conflict.with ?? conflict.market]),
  );
}

function wantedTokens(
  { market }: Listed,
  { outcomes }: Rules,
): { token: string; outcome: string }[] {
  return market.tokens!.slice(0, outcomes === "first" ? 1 : undefined);
}

// The venue was asked for these already; but it ignores a parameter that it does not know, without a word.
function isBigEnough({ market }: Listed, { volumeMin, liquidityMin }: Rules): boolean {
  return (
    (market.volume ?? volumeMin) >= volumeMin && (market.liquidity ?? liquidityMin) >= liquidityMin
  );
}

/** What is wrong with a market's tokens, in a line; `undefined` if nothing is. */
function conflictIn(
  { market }: Listed,
  owners: ReadonlyMap<string, WatchEntry>,
  before: readonly WatchEntry[],
  taken: ReadonlyMap<string, string>,
): Pick<Conflict, "what" | "with"> | undefined {
  if (market.tokens === undefined)
    return { what: "does not say which token stands for which outcome" };
  for (const { token, outcome } of market.tokens) {
    const other = taken.get(token);
    if (other !== undefined)
      return { what: `has token ${token}, which is also in ${other}`, with: other };
    const owner = owners.get(token);
    if (owner !== undefined && owner.market !== market.id) {
      return { what: `has token ${token}, which was in ${owner.market}`, with: owner.market };
    }
    if (owner !== undefined && owner.outcome !== outcome) {
      return { what: `has token ${token} for "${outcome}", which was for "${owner.outcome}"` };
    }
  }
  const now = new Set(market.tokens.map(({ token }) => token));
  const lost = before.find(({ token }) => !now.has(token));
  return lost === undefined ? undefined : { what: `no longer has token ${lost.token}` };
}

function matcher(patterns: readonly string[]): (market: Listed["market"]) => boolean {
  const tests = patterns.map((pattern) => {
    const parts = pattern.split("*").map((part) => RegExp.escape(part));
    return new RegExp(`^${parts.join(".*")}$`);
  });
  return ({ slug, id }) => tests.some((test) => test.test(slug) || test.test(id));
}
