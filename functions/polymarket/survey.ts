/** One look at the venue's markets: those asked for by name, those the rules choose, and which watched ones closed. */
import { askUntil } from "./deadline.ts";
import type { Piece } from "../archive/quarantine.ts";
import type { Run } from "../../runtime/function.ts";
import type { VenueRun } from "./attempt.ts";
import { type Choice, type Chooser, chooser, conflictingMarkets, type Rules } from "./choose.ts";
import {
  type Listed,
  type LookedUp,
  lookUpMarkets,
  type PageRecord,
  type Walk,
  walkMarkets,
  type WalkRules,
} from "./market-pages.ts";
import { type VenueClient, venueClient } from "./request.ts";
import type { WatchEntry } from "./watch-list.ts";

export interface Survey {
  walk: Walk;
  choice: Choice;
  /** Requests for markets by name. */
  lookUps: PageRecord[];
  /** Watched markets that the venue says are closed. */
  closed: Map<string, Listed>;
  pieces: Piece[];
  /** Names that the venue does not know, or that are not open for trading. */
  notFound: string[];
  /** Nothing was missed: a market that is not chosen is not wanted. */
  mayDrop: boolean;
}

type SurveyRun = VenueRun & Pick<Run, "deadlineAt" | "nextSlotAt" | "progress">;

interface Venue {
  client: VenueClient;
  url: string;
}

export async function survey(
  run: SurveyRun,
  url: string,
  rules: Rules & WalkRules,
  previous: readonly WatchEntry[],
): Promise<Survey> {
  const asked = { client: venueClient(run, askUntil(run)), url };
  const choose = chooser(rules, previous);
  const included = await takeIncluded(asked, rules.include, choose);
  const walk = await walkMarkets(asked.client, url, rules, (listed) => {
    const wantsMore = choose.offer(listed);
    run.progress(choose.result().chosen.size, rules.marketsMax, "markets");
    return wantsMore;
  });
  const choice = choose.result();
  const isSeen = walk.records.some((page) => page.markets > 0);
  const isWhole = walk.outcome === "complete" || walk.outcome === "bounded";
  const missed = isWhole ? await askForMissed(asked, choose, previous) : nothing;
  const gone = walk.outcome === "failed" ? nothing : await findClosed(asked, choice, previous);
  const parts = [included, missed, gone];

  return {
    // What is asked for by name belongs to the walk: without it the walk is not whole.
    walk:
      isWhole && !included.isWhole
        ? { ...walk, outcome: "partial", stopped: "not every included market could be asked for" }
        : walk,
    choice,
    lookUps: parts.flatMap(({ records }) => records),
    closed: gone.closed,
    pieces: [...walk.pieces, ...parts.flatMap(({ pieces }) => pieces)],
    notFound: included.notFound,
    // A venue that lists nothing at all is not believed.
    mayDrop: isWhole && isSeen && included.isWhole && missed.isWhole,
  };
}

const nothing = { records: [], pieces: [], isWhole: true, closed: new Map<string, Listed>() };

interface Included {
  records: PageRecord[];
  pieces: Piece[];
  isWhole: boolean;
  notFound: string[];
}

async function takeIncluded(
  { client, url }: Venue,
  include: readonly string[],
  choose: Chooser,
): Promise<Included> {
  const wanted = new Set(include);
  const all: Included = { records: [], pieces: [], isWhole: true, notFound: [] };
  const ids = include.filter(isId);
  const slugs = include.filter((name) => !isId(name));
  for (const [by, values] of [
    ["condition_ids", ids],
    ["slug", slugs],
  ] as const) {
    const found = await lookUpMarkets(client, url, { by, values, closed: false }, (listed) => {
      if (!choose.include(listed)) return;
      wanted.delete(listed.market.id);
      wanted.delete(listed.market.slug);
    });
    all.records.push(...found.records);
    all.pieces.push(...found.pieces);
    all.isWhole &&= found.isWhole;
  }
  return { ...all, notFound: [...wanted] };
}

function isId(name: string): boolean {
  return /^0x[0-9a-fA-F]+$/.test(name);
}

/**
 * Watched markets that the walk did not meet: a list whose order moves while it is paged through hides some.
 * Where they are open and the rules want them, they stay.
 */
async function askForMissed(
  { client, url }: Venue,
  choose: Chooser,
  previous: readonly WatchEntry[],
): Promise<LookedUp> {
  const values = unchosen(previous, choose.result());
  return lookUpMarkets(client, url, { by: "condition_ids", values, closed: false }, (listed) => {
    if (values.includes(listed.market.id)) choose.offer(listed);
  });
}

/** Of the watched markets that are not chosen: which the venue has closed. */
async function findClosed(
  { client, url }: Venue,
  choice: Choice,
  previous: readonly WatchEntry[],
): Promise<LookedUp & Pick<Survey, "closed">> {
  const closed: Survey["closed"] = new Map();
  const values = unchosen(previous, choice);
  const found = await lookUpMarkets(
    client,
    url,
    { by: "condition_ids", values, closed: true },
    (listed) => {
      const { id, isClosed } = listed.market;
      if (isClosed && values.includes(id))
        closed.set(id, { ...listed, raw: Buffer.from(listed.raw) });
    },
  );
  return { ...found, closed };
}

function unchosen(previous: readonly WatchEntry[], choice: Choice): string[] {
  const conflicting = conflictingMarkets(choice);
  const gone = previous.filter(
    ({ market, closed }) =>
      closed === undefined && !choice.chosen.has(market) && !conflicting.has(market),
  );
  return [...new Set(gone.map(({ market }) => market))];
}
