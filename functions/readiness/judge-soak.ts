/** The goals of a soak, and whether its figures meet them. */
import type { Cause } from "../archive/lines.ts";
import { contradictionsIn } from "./soak-contradictions.ts";
import type { SoakEvidence } from "./soak-evidence.ts";

/** `open`: it went on for too short a time to tell. */
export type Verdict = "met" | "missed" | "open";

export interface JudgedGoal {
  what: string;
  measured: string;
  goal: string;
  verdict: Verdict;
}

export interface JudgedSoak {
  /** `missed` if one goal was; `met` if all are. */
  verdict: Verdict;
  goals: JudgedGoal[];
}

export const hoursWanted = 24;
/** A fortieth of the shipped cadence. */
const latenessMsMax = 250;
const slopeMBPerHourMax = 1;
/** Shorter, the heap's own breathing is steeper than any leak. */
const slopeHoursMin = 2;
const descriptorsMore = 4;
const descriptorHoursMin = 0.2;
const ownShareMax = 0.001;
/** Of what was due. With less the venue or the network was away too long to tell anything of the recorder. */
const keptShareMin = 0.8;
const ranShareMin = 0.99;

export function judgeSoak(soak: SoakEvidence): JudgedSoak {
  const goals = [
    ...watched(soak),
    ...slots(soak),
    lateness(soak),
    ...process(soak),
    ...coverage(soak),
  ];
  const has = (verdict: Verdict): boolean => goals.some((goal) => goal.verdict === verdict);
  return { verdict: has("missed") ? "missed" : has("open") ? "open" : "met", goals };
}

function watched(soak: SoakEvidence): JudgedGoal[] {
  const { hours: ran, schedule, software } = soak;
  const contradictions = contradictionsIn(soak);
  const isShipped = schedule === "as shipped" && /^[0-9a-f]{7,40}$/.test(software.revision);
  return [
    {
      what: "hours under watch",
      // Cut off: 23.99 hours are no day.
      measured: (Math.floor(ran * 100) / 100).toFixed(2),
      goal: `>= ${hoursWanted}`,
      verdict: ran >= hoursWanted ? "met" : "open",
    },
    {
      what: "what ran",
      measured: `${software.revision}, ${schedule}`,
      goal: "one commit, its schedule as shipped",
      verdict: isShipped ? "met" : "open",
    },
    {
      what: "figures that agree",
      measured: contradictions[0] ?? "all",
      goal: "all",
      verdict: verdictOf(contradictions.length === 0),
    },
  ];
}

function slots({ slots: found }: SoakEvidence): JudgedGoal[] {
  const { due, ran, whileDown, unexplained, twice } = found;
  const wanted = due - whileDown;
  return [
    {
      what: "slots without an explanation, or run twice",
      measured: `${unexplained + twice} of ${due.toLocaleString("en-US")}`,
      goal: "0",
      verdict: unexplained + twice > 0 ? "missed" : due === 0 ? "open" : "met",
    },
    {
      what: "slots that ran, while the daemon did",
      measured: `${ran.toLocaleString("en-US")} of ${wanted.toLocaleString("en-US")}`,
      goal: `>= ${100 * ranShareMin} %`,
      verdict: wanted === 0 ? "open" : verdictOf(ran >= ranShareMin * wanted),
    },
  ];
}

function lateness({ latenessMs: { p99 } }: SoakEvidence): JudgedGoal {
  return {
    what: "lateness, p99",
    measured: p99 === null ? "no run yet" : `${Math.round(p99)} ms`,
    goal: `<= ${latenessMsMax} ms`,
    verdict: p99 === null ? "open" : verdictOf(p99 <= latenessMsMax),
  };
}

function process({ memory, descriptors, unexpectedExits }: SoakEvidence): JudgedGoal[] {
  const { slopeMBPerHour: slope, fittedHours } = memory;
  const { early, late } = descriptors;
  const isSteady = early !== null && late !== null && late <= early + descriptorsMore;
  const isLong = early !== null && descriptors.fittedHours >= descriptorHoursMin;
  return [
    {
      what: "memory, slope",
      measured:
        slope === null ? "too short to fit" : `${slope.toFixed(2)} MB/h over ${fittedHours} h`,
      goal: `<= ${slopeMBPerHourMax} MB/h over >= ${slopeHoursMin} h`,
      verdict:
        slope === null || fittedHours < slopeHoursMin
          ? "open"
          : verdictOf(slope <= slopeMBPerHourMax),
    },
    {
      what: "descriptors, from the second to the last quarter",
      measured: early === null ? "too short to tell" : `${early} to ${late}`,
      goal: `no more than ${descriptorsMore} more`,
      verdict: isLong ? verdictOf(isSteady) : "open",
    },
    {
      what: "the daemon ended by itself",
      measured: `${unexpectedExits} times`,
      goal: "0",
      verdict: verdictOf(unexpectedExits === 0),
    },
  ];
}

// A venue that fails, or a network to it, is what a soak mixes in; everything else is the recorder's own doing.
const venues: ReadonlySet<Cause> = new Set([
  "network",
  "venue-429",
  "venue-4xx",
  "venue-5xx",
  "venue-timeout",
  "omitted",
  "quarantined",
]);

function coverage({ coverage: found }: SoakEvidence): JudgedGoal[] {
  const { tokenSlots, kept, missing, reports } = found;
  const causes = Object.entries(missing) as [Cause, number][];
  const own = causes.reduce((sum, [cause, slots_]) => sum + (venues.has(cause) ? 0 : slots_), 0);
  const unknown = missing.unknown ?? 0;
  const percent = (part: number): string =>
    `${((100 * part) / Math.max(1, tokenSlots)).toFixed(3)} %`;
  const isReported = reports > 0 && tokenSlots > 0;
  return [
    {
      what: "coverage: token slots that have a book",
      measured: isReported ? percent(kept) : "no hour is reported yet",
      goal: `>= ${100 * keptShareMin} %`,
      verdict: isReported ? verdictOf(kept >= keptShareMin * tokenSlots) : "open",
    },
    {
      what: "token slots lost by the recorder itself",
      measured: isReported ? percent(own) : "no hour is reported yet",
      goal: `<= ${100 * ownShareMax} %`,
      verdict: isReported ? verdictOf(own <= ownShareMax * tokenSlots) : "open",
    },
    {
      what: "token slots missing for no known cause",
      measured: isReported ? String(unknown) : "no hour is reported yet",
      goal: "0",
      verdict: isReported ? verdictOf(unknown === 0) : "open",
    },
  ];
}

function verdictOf(isMet: boolean): Verdict {
  return isMet ? "met" : "missed";
}
