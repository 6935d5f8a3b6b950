/** One reading: the hours of the range one after another, each poll's books as they are asked for. */
import type { Output, Run } from "../../runtime/function.ts";
import { count } from "../../runtime/columns.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { type Hour, hourOf, iso, nextHour } from "../../runtime/time.ts";
import { describeLabel, type FoundLabel, labelsOf } from "../archive/labels.ts";
import type { Place } from "../archive/place.ts";
import { jsonlLine } from "./book-line.ts";
import { csvHeader, csvLine } from "./top-of-book.ts";
import type { Wanted } from "./frames.ts";
import { type AtPoll, type BookInForce, inForce } from "./in-force.ts";
import { booksStream, type BytesRead, type ReadContext } from "./sealed-frames.ts";
import { mayHoldLate, openHour } from "./sources.ts";

export interface ReadingOptions {
  run: Pick<Run, "files" | "signal" | "progress" | "log">;
  output: Output;
  place: Place;
  collector: string;
  wanted: Wanted;
  /** Epoch ms: `from` included, `to` not. */
  from: number;
  to: number;
  /** The book in force at this moment alone. */
  at: number | undefined;
  /** Every poll, with unchanged books carried into it. */
  every: boolean;
  format: "jsonl" | "csv";
}

export interface ReadResult {
  collector: string;
  hours: number;
  /** Polls in the range that watched one of the tokens. */
  polls: number;
  /** Books printed; of them carried: unchanged since an earlier poll. */
  books: number;
  carried: number;
  tokens: string[];
  /** Cause → how often a watched token had no book. */
  missing: Record<string, number>;
  /** Compressed bytes that were read. */
  read: BytesRead;
  labels: string[];
  /** The reader of the output went away before the end. */
  stopped: boolean;
}

export async function readBooks(
  options: ReadingOptions,
  hours: readonly Hour[],
): Promise<ReadResult> {
  const reading = new Reading(options);
  await reading.hours(hours);
  return reading.result();
}

class Reading {
  #options: ReadingOptions;
  #context: ReadContext;
  #counts = { hours: 0, polls: 0, books: 0, carried: 0 };
  #missing: Record<string, number> = {};
  #labels: string[] = [];
  #isStopped = false;

  constructor(options: ReadingOptions) {
    const { run, place, collector, wanted } = options;
    this.#options = options;
    this.#context = {
      files: run.files,
      root: place.root,
      dataFolder: place.dataFolder,
      collector,
      wanted,
      read: { data: 0, index: 0, open: 0 },
      tokens: new Set(),
      warn: (fields, message) => run.log.warn(fields, message),
    };
  }

  async hours(hours: readonly Hour[]): Promise<void> {
    const { run, output, at, format } = this.#options;
    const chosen = await this.#choose(hours);
    if (format === "csv") this.#isStopped = !(await output.write(csvHeader));
    for (const [position, hour] of chosen.entries()) {
      if (this.#isStopped) break;
      run.signal.throwIfAborted();
      run.progress(position, chosen.length, "hours");
      const frames = inForce(await openHour(this.#context, hour));
      this.#counts.hours += 1;
      if (at === undefined) await this.#printRange(frames);
      else await this.#printAt(frames, at);
      await this.#warnOfLabels(hour);
    }
  }

  result(): ReadResult {
    return {
      collector: this.#options.collector,
      ...this.#counts,
      tokens: [...this.#context.tokens],
      missing: this.#missing,
      read: this.#context.read,
      labels: this.#labels,
      stopped: this.#isStopped,
    };
  }

  async #choose(hours: readonly Hour[]): Promise<Hour[]> {
    const { from, to, at } = this.#options;
    // Nothing is carried over an hour's start, so the hour of the moment has it or none.
    if (at !== undefined) return hours.filter((hour) => hour === hourOf(at));
    const [first, last] = [hourOf(from), hourOf(Math.max(from, to - 1))];
    const chosen = hours.filter((hour) => hour >= first && hour <= last);
    const next = hours.find((hour) => hour > last);
    // Late polls go into the first hour that is not closed.
    const isNear = next !== undefined && next <= nextHour(nextHour(last));
    if (isNear && (await mayHoldLate(this.#context, next))) chosen.push(next);
    return chosen;
  }

  async #printRange(polls: AsyncIterable<AtPoll>): Promise<void> {
    const { from, to, every, run } = this.#options;
    for await (const { frame, books, missing } of polls) {
      run.signal.throwIfAborted();
      const at = Date.parse(frame.at);
      if (at < from || at >= to || (frame.watched.size === 0 && frame.books.size === 0)) continue;
      this.#counts.polls += 1;
      for (const cause of missing.values()) this.#miss(cause);
      const written = [...frame.books].map(([token, line]) => ({
        token,
        line,
        recorded: frame.poll,
      }));
      for (const book of every ? books : written) await this.#print(frame, book);
      if (this.#isStopped) return;
    }
  }

  /** The last poll that had ended by then says what was in force. */
  async #printAt(polls: AsyncIterable<AtPoll>, at: number): Promise<void> {
    let last: AtPoll | undefined;
    for await (const poll of polls) {
      if (Date.parse(poll.frame.ended) <= at && poll.frame.watched.size > 0) last = poll;
    }
    if (last === undefined) return;
    this.#counts.polls += 1;
    for (const [token, cause] of last.missing) {
      this.#miss(cause);
      const fields = { token, cause, at: last.frame.at };
      this.#options.run.log.warn(fields, `no book at ${last.frame.at}: ${cause}`);
    }
    for (const book of last.books) await this.#print(last.frame, book);
  }

  async #print(frame: AtPoll["frame"], book: BookInForce): Promise<void> {
    const { format, output } = this.#options;
    const line = format === "csv" ? csvLine(frame, book) : jsonlLine(frame, book);
    if (line === undefined) {
      this.#miss("unknown");
      const fields = { token: book.token, poll: book.recorded, hour: frame.hour };
      this.#context.warn(fields, `poll ${book.recorded} holds a text without bids and asks`);
      return;
    }
    this.#counts.books += 1;
    if (book.recorded !== frame.poll) this.#counts.carried += 1;
    if (!(await output.write(line))) this.#isStopped = true;
  }

  #miss(cause: string): void {
    this.#missing[cause] = (this.#missing[cause] ?? 0) + 1;
  }

  async #warnOfLabels(hour: Hour): Promise<void> {
    const { run, place, collector } = this.#options;
    const { tokens } = this.#context;
    const damaged = (error: unknown): FoundLabel[] => {
      if (!(error instanceof OperatorError)) throw error;
      run.log.warn({ hour, code: error.code }, error.message);
      return [];
    };
    const id = { ...booksStream, hour };
    for (const label of await labelsOf(run.files, place.beside, id, collector).catch(damaged)) {
      if (label.token !== null && !tokens.has(label.token)) continue;
      const text = `${hour} is labelled ${describeLabel(label)}`;
      this.#labels.push(text);
      run.log.warn({ hour, path: label.path }, text);
    }
  }
}

/** For a person: what was printed, what was not and why, and what it took. */
export function describeReading(result: ReadResult): string {
  const { books, carried, polls, hours, missing, read, stopped } = result;
  const reasons = Object.entries(missing).map(([cause, times]) => `${times} ${cause}`);
  const bytes = read.data + read.index + read.open;
  return [
    `${count(books, "book")}${carried > 0 ? `, ${carried} of them carried` : ""}`,
    `${count(polls, "poll")} in ${count(hours, "hour")}`,
    ...(reasons.length > 0 ? [`missing: ${reasons.join(", ")}`] : []),
    `${bytes.toLocaleString("en-US")} B read`,
    ...(stopped ? ["its reader went away"] : []),
  ].join("; ");
}

export function describeRange(from: number, to: number): string {
  return `${iso(from)} to ${iso(to)}`;
}
