/** Hours recorded through the real hour log, sealed and described by the real functions: no venue needed. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import buildManifest from "../../functions/build-manifest.ts";
import sealHour from "../../functions/seal-hour.ts";
import { hourPaths } from "../../functions/archive/layout.ts";
import { bookLine, type Cause, jsonLine } from "../../functions/archive/lines.ts";
import { systemClock } from "../../runtime/doors/clock.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { type Ending, temporaryFolder } from "./folder.ts";
import { aRun, call } from "./run.ts";

export interface PollSpec {
  /** `15:00:10`, or with a date; the slot. */
  at: string;
  /** The hour's file that it goes to; its own, if not given. */
  hour?: string;
  /** Token → the venue's text, as written. */
  books?: Record<string, string>;
  missing?: Record<string, Cause>;
  /** Of all tokens; the rest is neither watched nor missing. */
  watched?: readonly string[];
  byHand?: boolean;
}

export interface TestArchive {
  dataFolder: string;
  collector: string;
  /** Appends one poll to the open hour. */
  poll(spec: PollSpec): Promise<void>;
  /** A line that is not a poll's, such as `lost`. */
  line(hour: string, line: object): Promise<void>;
  /** Seals and describes all that is over by then. */
  seal(asOf: string): Promise<void>;
  /** Of a sealed hour, absolute. */
  file(hour: string, kind: "data" | "index" | "sums" | "manifest", stream?: string): string;
  /** The archive as a remote would hold it. */
  copy(): string;
}

export const allTokens = ["11", "22", "33"];
export const date = "2026-11-22";

export interface ArchiveOptions {
  collector?: string;
  /** Begins as a copy of that one. */
  like?: TestArchive;
}

export function anArchive(t: Ending, options: ArchiveOptions = {}): TestArchive {
  const { like, collector = like?.collector ?? "vps-1" } = options;
  const dataFolder = join(temporaryFolder(t), "data");
  if (like !== undefined) cpSync(like.dataFolder, dataFolder, { recursive: true });
  const machine = { files: systemFiles, clock: systemClock };
  const log = hourLog({ machine, dataFolder, stream: "polymarket.books" });
  const lists = new Map<string, string>();
  const run = (asOf: string) =>
    aRun({ dataFolder, collector, settings: {}, now: asOf, asOf: Date.parse(asOf) });

  return {
    dataFolder,
    collector,
    async poll(spec) {
      const slot = spec.at.includes("T") ? spec.at : `${date}T${spec.at}`;
      await log.append(spec.hour ?? slot.slice(0, 13), (tail) =>
        pollLines(spec, `${slot}.000Z`, tail.number, { lists, file: tail.file }),
      );
    },
    async line(hour, line) {
      await log.append(hour, () => [jsonLine(line)]);
    },
    async seal(asOf) {
      await call(sealHour, {}, run(asOf));
      await call(buildManifest, {}, run(asOf));
    },
    file: (hour, kind, stream = "books") =>
      join(
        dataFolder,
        "archive",
        hourPaths({ venue: "polymarket", stream, hour }, collector)[kind],
      ),
    copy() {
      const folder = join(temporaryFolder(t), "copy");
      cpSync(join(dataFolder, "archive"), folder, { recursive: true });
      return folder;
    },
  };
}

interface Written {
  /** File → the watch list that it names last. */
  lists: Map<string, string>;
  file: string;
}

function pollLines(spec: PollSpec, slot: string, poll: number, { lists, file }: Written): Buffer[] {
  const watched = spec.watched ?? allTokens;
  const books = Object.entries(spec.books ?? {});
  const missing = Object.entries(spec.missing ?? {});
  const watch = `w${watched.join("-")}`;
  const isNew = lists.get(file) !== watch;
  lists.set(file, watch);
  const tokens = watched.map((token) => ({
    token,
    market: `0x${token[0]}`,
    outcome: "Yes",
    slug: `market-${token[0]}`,
    since: slot,
  }));
  const received = later(slot, 300);
  const line = {
    kind: "poll",
    poll,
    scheduled: spec.byHand === true ? null : slot,
    started: slot,
    ended: later(slot, 400),
    watch,
    books: books.length,
    unchanged: watched.length - books.length - missing.length,
    missing: missing.map(([token, reason]) => ({ token, reason })),
    requests: [],
  };
  return [
    ...(isNew ? [jsonLine({ kind: "watch", id: watch, tokens })] : []),
    jsonLine(line),
    ...books.flatMap(([token, raw]) =>
      bookLine(poll, { token, raw: Buffer.from(raw), sent: slot, received }),
    ),
  ];
}

function later(time: string, ms: number): string {
  return new Date(Date.parse(time) + ms).toISOString();
}

/** A book with one level on each side besides a worse one; the best is the last. */
export function aBook(bid: string, ask: string, token = "11"): string {
  const levels = (best: string, worst: string) => [
    { price: worst, size: "5" },
    { price: best, size: "10.50" },
  ];
  return JSON.stringify({ asset_id: token, bids: levels(bid, "0.01"), asks: levels(ask, "0.99") });
}

/** The same text for every token. */
export function all(raw: string): Record<string, string> {
  return Object.fromEntries(allTokens.map((token) => [token, raw]));
}
