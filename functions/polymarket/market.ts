/** One market as Gamma lists it: what discovery needs of it, loosely, since the venue adds fields every month. */
import * as v from "valibot";

/** Lists come as JSON within a string (`"[\"Yes\", \"No\"]"`); a real list is taken too. */
const listSchema = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    if (typeof dataset.value !== "string") return dataset.value;
    try {
      return JSON.parse(dataset.value) as unknown;
    } catch {
      addIssue({ message: "a list in a string that is not JSON" });
      return NEVER;
    }
  }),
  v.array(v.string()),
);

const flag = v.optional(v.nullable(v.boolean()));
const amount = v.optional(v.nullable(v.number()));

const marketSchema = v.object({
  conditionId: v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]+$/)),
  slug: v.optional(v.string(), ""),
  question: v.optional(v.string()),
  closed: flag,
  acceptingOrders: flag,
  enableOrderBook: flag,
  volumeNum: amount,
  liquidityNum: amount,
  // Rows of the first years have neither.
  outcomes: v.optional(v.nullable(v.unknown())),
  clobTokenIds: v.optional(v.nullable(v.unknown())),
});

export interface Market {
  id: string;
  slug: string;
  question: string | undefined;
  isClosed: boolean;
  /** It has an order book that takes orders. */
  isTradable: boolean;
  /** `undefined` where the venue leaves the key out. */
  volume: number | undefined;
  liquidity: number | undefined;
  /** `undefined`: the venue did not say which tokens stand for which outcomes. */
  tokens: readonly { token: string; outcome: string }[] | undefined;
}

/** `undefined` if that is no market at all. */
export function readMarket(value: unknown): Market | undefined {
  const parsed = v.safeParse(marketSchema, value);
  if (!parsed.success) return undefined;
  const {
    conditionId,
    slug,
    question,
    closed,
    acceptingOrders,
    enableOrderBook,
    volumeNum,
    liquidityNum,
  } = parsed.output;
  return {
    id: conditionId,
    slug,
    question,
    isClosed: closed === true,
    // Absent on some rows; only a plain no keeps a market out.
    isTradable: closed !== true && acceptingOrders !== false && enableOrderBook !== false,
    volume: volumeNum ?? undefined,
    liquidity: liquidityNum ?? undefined,
    tokens: tokensOf(parsed.output.clobTokenIds, parsed.output.outcomes),
  };
}

// A token id is a number of up to 78 digits: text, always.
function tokensOf(idField: unknown, outcomeField: unknown): Market["tokens"] {
  const ids = v.safeParse(listSchema, idField);
  const outcomes = v.safeParse(listSchema, outcomeField);
  if (!ids.success || !outcomes.success) return undefined;
  const [tokens, names] = [ids.output, outcomes.output];
  if (tokens.length === 0 || tokens.length !== names.length) return undefined;
  if (new Set(tokens).size !== tokens.length || !tokens.every((token) => /^\d{1,80}$/.test(token)))
    return undefined;
  return tokens.map((token, at) => ({ token, outcome: names[at]! }));
}
