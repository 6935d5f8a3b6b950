/** What the journal says of a soak: whether each slot is explained, and how late each run began. */
import { secondMs } from "../../runtime/time.ts";
import type { SoakEvidence } from "../../functions/readiness/soak-evidence.ts";
import type { JournalLine } from "../../runtime/journal-lines.ts";
import type { CronLine } from "../slots/cron-by-the-book.ts";
import { explainSlots } from "../slots/explain.ts";

export interface JournalFacts {
  slots: SoakEvidence["slots"];
  latenessMs: SoakEvidence["latenessMs"];
  /** Each scheduled run: when, and how late. */
  late: [at: number, ms: number][];
  /** When a daemon that was started at a time could fire its first slot. */
  firesFrom(started: number): number;
}

export interface Expected {
  /** What is fired on schedule. */
  functions: ReadonlyMap<string, CronLine>;
  /** Epoch ms. */
  from: number;
  to: number;
}

const examplesMax = 10;
/** Between the line that says "start" and the first slot that can be fired. */
const startingMsMax = 2 * secondMs;

export async function journalFacts(
  lines: AsyncIterable<JournalLine>,
  expected: Expected,
): Promise<JournalFacts> {
  const late: JournalFacts["late"] = [];
  const starts: number[] = [];
  const seen = async function* seen(): AsyncGenerator<JournalLine> {
    for await (const line of lines) {
      const at = Date.parse(line.at);
      if (line.kind === "start") starts.push(at);
      if (line.kind === "begin" && line.trigger === "schedule") late.push([at, line.latenessMs]);
      yield line;
    }
  };
  const whole = (ms: number): number => Math.ceil(ms / secondMs) * secondMs;
  const span = { from: whole(expected.from), to: whole(expected.to) };
  const found = await explainSlots(seen(), { functions: expected.functions, ...span });
  const isStarting = (example: string): boolean => {
    const slot = Date.parse(example.split(" ")[1] ?? "");
    return starts.some((at) => at <= slot && slot <= at + startingMsMax);
  };
  const unexplained = found.unexplained.filter((example) => !isStarting(example));
  return {
    slots: {
      due: found.slots,
      ran: found.begun,
      skipped: found.skipped,
      missed: found.missed,
      whileDown: found.whileDown + found.unexplained.length - unexplained.length,
      twice: found.twice.length,
      unexplained: unexplained.length,
      examples: [...found.twice, ...unexplained].slice(0, examplesMax),
    },
    latenessMs: latenessOf(late.map(([, ms]) => ms)),
    late,
    firesFrom: (started) => (starts.find((at) => at >= started) ?? started) + startingMsMax,
  };
}

function latenessOf(late: readonly number[]): SoakEvidence["latenessMs"] {
  const sorted = late.toSorted((a, b) => a - b);
  const at = (share: number): number | null => {
    const value = sorted[Math.ceil(share * sorted.length) - 1];
    return value === undefined ? null : Math.round(value * 10) / 10;
  };
  return { runs: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
