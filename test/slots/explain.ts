/**
 * Holds a journal against the calendar: every slot of every function must be explained, and none run twice but for
 * those marked `repeat`. Knows of the runtime only what its lines say.
 *
 * A slot is explained by the line of its run, of its skip, of a span of missed ones; or it lies in a time in which,
 * by the journal, nothing was running: from `stopping`, or from the last line before a `start`, to that `start`.
 */
import { iso } from "../../runtime/time.ts";
import { type CronLine, slotsByTheBook } from "./cron-by-the-book.ts";
import type { Line } from "./world.ts";

export interface Explained {
  slots: number;
  begun: number;
  skipped: number;
  missed: number;
  repeated: number;
  whileDown: number;
  /** `poll 2026-…`: run twice without being marked, or run and counted as missed. */
  twice: string[];
  unexplained: string[];
}

export interface Expectation {
  functions: ReadonlyMap<string, CronLine>;
  from: number;
  to: number;
}

export async function explainSlots(
  lines: AsyncIterable<Line>,
  { functions, from, to }: Expectation,
): Promise<Explained> {
  const book = new Book();
  for await (const line of lines) book.take(line);
  const down = book.downtimes(from, to);
  const explained = { ...nothing(), ...book.counts, twice: book.twice };
  for (const [name, line] of functions) {
    const known = book.of(name);
    for (const slot of slotsByTheBook(line, from, to)) {
      explained.slots += 1;
      if (known.slots.has(slot)) continue;
      if (isWithin(known.missed, slot)) explained.missed += 1;
      else if (isWithin(down, slot)) explained.whileDown += 1;
      else explained.unexplained.push(`${name} ${iso(slot)}`);
    }
  }
  return explained;
}

export function sum(parts: readonly Explained[]): Explained {
  const total = nothing();
  for (const part of parts) {
    total.slots += part.slots;
    total.begun += part.begun;
    total.skipped += part.skipped;
    total.missed += part.missed;
    total.repeated += part.repeated;
    total.whileDown += part.whileDown;
    total.twice.push(...part.twice);
    total.unexplained.push(...part.unexplained);
  }
  return total;
}

type Span = [from: number, to: number];

interface Known {
  /** Run or skipped. */
  slots: Set<number>;
  missed: Span[];
}

class Book {
  counts = { begun: 0, skipped: 0, repeated: 0 };
  twice: string[] = [];
  #functions = new Map<string, Known>();
  #starts: number[] = [];
  #stops: number[] = [];
  /** Times of lines, thinned: of those in one second the last. */
  #heard = new Map<number, number>();
  /** Of the line written last. */
  #lastAt = Infinity;
  /** Before a start, back to the line that was written before it: a clock that was set back since can have been heard in it. */
  #silences: Span[] = [];

  of(name: string): Known {
    const known = this.#functions.get(name) ?? { slots: new Set(), missed: [] };
    this.#functions.set(name, known);
    return known;
  }

  take(line: Line): void {
    const at = Date.parse(line.at);
    const second = Math.floor(at / 1000);
    if (line.kind === "start") {
      this.#starts.push(at);
      if (this.#lastAt < at) this.#silences.push([this.#lastAt, at]);
    }
    // A start writes its schedule first.
    else if (line.kind !== "schedule") {
      this.#lastAt = at;
      this.#heard.set(second, Math.max(at, this.#heard.get(second) ?? 0));
    }
    if (line.kind === "stopping") this.#stops.push(at);
    if (line.function === undefined) return;
    const known = this.of(line.function);
    if (line.kind === "missed") {
      known.missed.push([Date.parse(line.from ?? ""), Date.parse(line.to ?? "")]);
    }
    if (typeof line.scheduled !== "string") return;
    if (line.kind === "begin") this.#takeRun(line.function, known, line);
    if (line.kind === "skip") {
      this.counts.skipped += 1;
      known.slots.add(Date.parse(line.scheduled));
    }
  }

  #takeRun(name: string, known: Known, { scheduled, repeat }: Line): void {
    const slot = Date.parse(scheduled ?? "");
    if (repeat === true) this.counts.repeated += 1;
    else this.counts.begun += 1;
    if (known.slots.has(slot) && repeat !== true) this.twice.push(`${name} ${iso(slot)}`);
    known.slots.add(slot);
  }

  /** What lies before each start, back to the last that was heard, or to where it was asked to stop. */
  downtimes(from: number, to: number): Span[] {
    const heard = [...this.#heard.values()].sort((a, b) => a - b);
    const starts = [...this.#starts].sort((a, b) => a - b);
    const silences = starts.map((start): Span => {
      return [heard.findLast((at) => at < start) ?? from, start];
    });
    const stopped = this.#stops.map((stop): Span => {
      return [stop, starts.find((start) => start > stop) ?? to];
    });
    return [...silences, ...this.#silences, ...stopped];
  }
}

function isWithin(spans: readonly Span[], slot: number): boolean {
  return spans.some(([from, to]) => from <= slot && slot < to);
}

function nothing(): Explained {
  const counts = { slots: 0, begun: 0, skipped: 0, missed: 0, repeated: 0, whileDown: 0 };
  return { ...counts, twice: [], unexplained: [] };
}
