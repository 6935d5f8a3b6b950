/** The rows of a picture: each token, or each market, or the worst markets and all others together. */
import { n } from "./markdown-table.ts";
import type { AnyReport } from "./report.ts";
import { addUp } from "./sums.ts";

export interface PictureRow {
  label: string;
  /** Behind the label, never cut: the outcome, or how many tokens it stands for. */
  tail: string;
  coverage: number | null;
}

export interface PictureRows {
  rows: PictureRow[];
  /** What a row is, in a sentence. */
  says: string;
  /** The row of a token. */
  rowOf(token: string): number | undefined;
}

type Market = AnyReport["markets"][number];

// Of 15 px each: what fits a screen or two.
const rowsMax = 60;
const worstMax = 40;

export function chooseRows(markets: readonly Market[]): PictureRows {
  const tokens = markets.reduce((sum, market) => sum + market.tokens.length, 0);
  if (tokens <= rowsMax) return rowsOfTokens(markets);
  if (markets.length <= rowsMax)
    return rowsOfMarkets(markets, [], "Each row is a market, its tokens together");
  const worst = markets
    .map((market) => ({ market, coverage: coverageOf([market]) }))
    .filter(({ coverage }) => coverage !== null && coverage < 1)
    .sort((a, b) => (a.coverage ?? 1) - (b.coverage ?? 1))
    .slice(0, worstMax)
    .map(({ market }) => market);
  const isShown = new Set(worst);
  const others = markets.filter((market) => !isShown.has(market));
  const says =
    worst.length === 0
      ? `One row for all ${n(markets.length)} markets: each is complete`
      : `Rows are the ${n(worst.length)} markets of ${n(markets.length)} with the lowest coverage; the last one is all others together`;
  return rowsOfMarkets(worst, others, says);
}

function rowsOfTokens(markets: readonly Market[]): PictureRows {
  const rows: PictureRow[] = [];
  const byToken = new Map<string, number>();
  for (const { market, slug, tokens } of markets) {
    for (const { token, outcome, coverage } of tokens) {
      byToken.set(token, rows.length);
      rows.push({ label: slug || market || token, tail: outcome, coverage });
    }
  }
  return { rows, says: "Each row is a token", rowOf: (token) => byToken.get(token) };
}

function rowsOfMarkets(
  own: readonly Market[],
  others: readonly Market[],
  says: string,
): PictureRows {
  const rows: PictureRow[] = [];
  const byToken = new Map<string, number>();
  const add = (label: string, members: readonly Market[]): void => {
    const tokens = members.flatMap((market) => market.tokens);
    for (const { token } of tokens) byToken.set(token, rows.length);
    const tail = `${n(tokens.length)} token${tokens.length === 1 ? "" : "s"}`;
    rows.push({ label, tail, coverage: coverageOf(members) });
  };
  for (const market of own) add(market.slug || market.market, [market]);
  const rest = own.length === 0 ? "all" : "the other";
  if (others.length > 0) add(`${rest} ${n(others.length)} markets`, others);
  return { rows, says, rowOf: (token) => byToken.get(token) };
}

function coverageOf(markets: readonly Market[]): number | null {
  return addUp(markets.flatMap(({ tokens }) => tokens)).coverage;
}
