/** Hours of reports as a recorder of so many tokens would leave them, seeded, with a hole for every cause. */
import { type Account } from "../../../functions/coverage/account.ts";
import { type Cause, causes } from "../../../functions/archive/lines.ts";
import { DayMerge } from "../../../functions/coverage/day-merge.ts";
import type { DayReport } from "../../../functions/coverage/day-schema.ts";
import { type GapReport, reportOf } from "../../../functions/coverage/report.ts";
import { state, stateOf } from "../../../functions/coverage/states.ts";
import { hourMs, hourOf } from "../../../runtime/time.ts";
import { mix, unit } from "../../venue/random.ts";

export const head = {
  collector: "vps-1",
  venue: "polymarket",
  provisional: false,
  sources: [],
  findings: [],
};

export interface HourSpec {
  hour: string;
  tokens: number;
  cadenceMs: number;
  seed: number;
  /** The share of tokens with a hole of their own, 0 to 1. */
  noise?: number;
}

// What a venue may call a market, and a file must survive.
const slugs = [
  "will-the-highest-temperature-in-new-york-city-be-between-84-85f-on-july-5-2027",
  "btc-up-or-down-15m",
  "fed-decision-in-october",
  'who-will-win-<b>&"quotes"-and-more',
  "選挙の結果はどうなるか-2027",
];
const outcomes = ["Yes", "No", "Up", "Manchester United F.C.", "中国"];

export function anHour({ hour, tokens, cadenceMs, seed, noise = 0.5 }: HourSpec): GapReport {
  return reportOf(anAccount({ hour, tokens, cadenceMs, seed, noise }), head);
}

function anAccount({ hour, tokens, cadenceMs, seed, noise = 0.5 }: HourSpec): Account {
  const from = Date.parse(`${hour}:00:00Z`);
  const count = hourMs / cadenceMs;
  const shared = holes(mix(seed, from), count, unit(seed, from) < 0.4 ? 1 : 0);
  return {
    from,
    to: from + hourMs,
    slots: Array.from({ length: count }, (_, at) => from + at * cadenceMs),
    polled: Array.from({ length: count }, () => true),
    tokens: Array.from({ length: tokens }, (_, row) => {
      const isHit = unit(seed, row, 1) < noise && unit(seed, row, from) < 0.3;
      const own = holes(mix(seed, row, from), count, isHit ? 1 : 0);
      const states = new Uint8Array(count).fill(state.unchanged);
      states[0] = state.recorded;
      for (const [first, end, cause] of [...own, ...shared])
        states.fill(stateOf(cause), first, end);
      const recorded = states[0] === state.recorded ? 1 : 0;
      const unchanged = states.filter((one) => one === state.unchanged).length;
      const market = `0x${(row >> 1).toString(16)}`;
      const name = slugs[(row >> 1) % slugs.length] as string;
      const slug = row < 2 * slugs.length ? name : `${name.slice(0, 40)}-${row >> 1}`;
      const outcome = outcomes[row % outcomes.length] as string;
      const token = `${row + 1}`.padStart(77, "0");
      return {
        row,
        token,
        market,
        outcome,
        slug,
        since: 0,
        closed: Infinity,
        states,
        recorded,
        unchanged,
      };
    }),
    polls: { scheduled: count, byHand: 0, repeats: 0, late: 0 },
    problems: [],
  };
}

function holes(seed: number, slots: number, count: number): [number, number, Cause][] {
  return Array.from({ length: count }, (_, nth) => {
    const first = Math.floor(unit(seed, nth, 2) * slots);
    const length = 1 + Math.floor(unit(seed, nth, 3) ** 3 * slots);
    const cause = causes[mix(seed, nth, 4) % causes.length] as Cause;
    return [first, Math.min(slots, first + length), cause];
  });
}

export function aDay(spec: Omit<HourSpec, "hour"> & { date: string }): {
  hours: GapReport[];
  day: DayReport;
} {
  const from = Date.parse(`${spec.date}T00:00:00Z`);
  const hours = Array.from({ length: 24 }, (_, n) =>
    anHour({ ...spec, hour: hourOf(from + n * hourMs) }),
  );
  return { hours, day: dayOf(spec.date, hours) };
}

export function dayOf(date: string, hours: readonly GapReport[]): DayReport {
  const merge = new DayMerge();
  for (const report of hours) merge.add({ hour: report.hour, standing: "final", report });
  const { collector, venue } = head;
  return {
    schema: 1,
    kind: "gap-report-day",
    date,
    collector,
    venue,
    provisional: false,
    ...merge.end(),
    sources: [],
  };
}
