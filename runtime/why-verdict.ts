/** What became of one slot, or of one run, in words: what was said of it itself first, then of its time. */
import type { JournalLineOf } from "./journal-lines.ts";
import { describeHolder } from "./locks.ts";
import { formatDuration, secondMs } from "./time.ts";
import type { Downtime, Evidence } from "./why-evidence.ts";

export type What =
  | "ok"
  | "failed"
  | "stopped"
  | "running"
  | "interrupted"
  | "skipped"
  | "missed"
  | "disabled"
  | "unknown";

export interface Verdict {
  what: What;
  text: string;
  run?: string;
}

export type SlotJudge = (slot: number) => Verdict[];

/** One verdict a slot; more where the clock was set back and it came up again. */
export function slotJudge(evidence: Evidence, isRunning: boolean): SlotJudge {
  const runs = Map.groupBy(
    evidence.begins.filter((line) => line.scheduled !== null),
    (line) => Date.parse(line.scheduled ?? ""),
  );
  const skips = new Map(evidence.skips.map((line) => [Date.parse(line.scheduled ?? ""), line]));
  return (slot) => {
    const begun = runs.get(slot);
    if (begun !== undefined) return begun.map((line) => judgeRun(evidence, line, isRunning));
    const skip = skips.get(slot);
    return [skip === undefined ? judgeTime(evidence, slot) : judgeSkip(skip)];
  };
}

// Less is what every machine takes.
const latenessToldMs = secondMs;

export function judgeRun(
  { ends, interrupted }: Evidence,
  begun: JournalLineOf<"begin">,
  isRunning: boolean,
): Verdict {
  const { run, latenessMs, trigger } = begun;
  const again = begun.repeat === true ? "again, the clock was set back: " : "";
  const late = latenessMs < latenessToldMs ? "" : `; began ${formatDuration(latenessMs)} late`;
  const end = ends.get(run);
  if (end !== undefined) {
    const { what, text } = judgeEnd(end);
    return { what, run, text: `${again}${text}${late}` };
  }
  if (interrupted.has(run) || !(isRunning || trigger === "hand"))
    return {
      what: "interrupted",
      run,
      text: `${again}interrupted: the process died under it${late}`,
    };
  return { what: "running", run, text: `${again}running${late}` };
}

function judgeEnd({ outcome, tookMs, code, message, result }: JournalLineOf<"end">): Verdict {
  const took = formatDuration(tookMs);
  const said = oneLine(outcome === "ok" ? (result ?? "") : (message ?? ""));
  const tail = said === "" ? "" : `: ${said}`;
  if (outcome === "ok") return { what: "ok", text: `ok in ${took}${tail}` };
  if (outcome === "aborted") return { what: "stopped", text: `stopped after ${took}${tail}` };
  const word = { failed: "failed", timeout: "failed", abandoned: "failed, given up" }[outcome];
  return { what: "failed", text: `${word} [${code ?? "?"}] after ${took}${tail}` };
}

function judgeSkip({ holder }: JournalLineOf<"skip">): Verdict {
  const who = holder === null ? "it was running already" : describeHolder(holder);
  return { what: "skipped", text: `skipped: ${who}` };
}

function judgeTime(evidence: Evidence, slot: number): Verdict {
  const { missed, unwritten, downtimes, entries } = evidence;
  const entry = entryAt(entries, slot);
  const downtime = downtimes.find(({ from, to }) => from < slot && slot <= to + startingMsMax);
  const span = missed.find(({ from, to }) => Date.parse(from) <= slot && slot < Date.parse(to));
  if (span !== undefined) return { what: "missed", text: missedTexts[span.cause] };
  if (downtime !== undefined) return downtimeVerdict(downtime);
  if (entry !== undefined && !entry.enabled)
    return { what: "disabled", text: "not fired: disabled in schedules.json" };
  if (unwritten.some(({ from, to }) => Date.parse(from) <= slot && slot <= Date.parse(to)))
    return { what: "unknown", text: "not known: the disk took no journal lines then" };
  return { what: "unknown", text: "not known: the journal says nothing of it" };
}

// From the line that says "start" to the first slot that can be fired, on a slow disk.
const startingMsMax = 10 * secondMs;

const missedTexts: Record<JournalLineOf<"missed">["cause"], string> = {
  clock: "missed: the clock was set forward over it, or the machine was suspended",
  late: "missed: the runtime was too busy to fire in time",
};

export function downtimeVerdict({ from, to, stop }: Downtime): Verdict {
  const end =
    stop === undefined
      ? from === -Infinity
        ? "not started yet"
        : `died after ${clockTime(from)}`
      : `stopped at ${clockTime(Date.parse(stop.at))} (${stop.reason})`;
  const start = to === Infinity ? "" : `, started at ${clockTime(to)}`;
  return { what: "missed", text: `missed: the runtime was not running (${end}${start})` };
}

/** Its entry at a time: the slot of the very moment of a change is the old one's. */
export function entryAt(
  entries: Evidence["entries"],
  slot: number,
): Evidence["entries"][number]["entry"] {
  const last = entries.findLast(({ from }) => from < slot) ?? entries[0];
  return last?.entry;
}

function clockTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, "; ");
}
