/**
 * Journal and books as the daemon writes them, on a grid of 10 minutes, through the real hour log; sealed and
 * described by the real functions. What is missing is left out, or damaged on the disk.
 */
import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import buildManifest from "../../../functions/build-manifest.ts";
import gapReport, { type GapReportResult } from "../../../functions/gap-report.ts";
import sealHour from "../../../functions/seal-hour.ts";
import { bookLine, type Cause, jsonLine } from "../../../functions/archive/lines.ts";
import { type DayReport, dayReportSchema } from "../../../functions/coverage/day-schema.ts";
import { type GapReport, gapReportSchema } from "../../../functions/coverage/report.ts";
import { reportPaths } from "../../../functions/coverage/store.ts";
import { type Files, systemFiles } from "../../../runtime/doors/files.ts";
import { hourLog } from "../../../runtime/hours/hour-log.ts";
import { hourOf, iso, minuteMs } from "../../../runtime/time.ts";
import { type Ending, temporaryFolder } from "../../support/folder.ts";
import { contentsOf } from "../../support/hours.ts";
import { aRun, call } from "../../support/run.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const collector = "vps-1";
const cadenceMs = 10 * minuteMs;
const tokens = ["11", "22"];

/** Of a remote in this folder. */
export function reportSettings(folder = "/nowhere") {
  return v.parse(v.object(gapReport.settings), { HOURBOOK_REMOTE: `dir:${folder}` });
}

export interface PollSpec {
  missing?: Record<string, Cause>;
  /** Texts that changed. */
  books?: Record<string, string>;
  byHand?: boolean;
}

export interface Recording {
  dataFolder: string;
  /** Where reports take it to be copied to. */
  remote: { folder: string };
  start(time: string): Promise<void>;
  /** The machine dies in the middle of a poll. */
  kill(time: string): Promise<void>;
  poll(time: string, spec?: PollSpec): Promise<void>;
  /** One in every slot, both inclusive. */
  polls(first: string, last: string): Promise<void>;
  close(hour: string): Promise<void>;
  /** Seals and describes every hour that is over by then. */
  seal(time: string): Promise<void>;
  report(asOf: string, input?: object, now?: string, files?: Files): Promise<GapReportResult>;
  /** Size of the hour's open file. */
  openBytes(hour: string): number;
  /** Overwrites a byte of the hour's open file. */
  damage(hour: string, offset: number): void;
  /** Every file below `reports/`. */
  reports(): string[];
  /** Their contents, without what is provisional. */
  finals(): Record<string, string>;
  json(hour: string, provisional?: boolean): GapReport;
  day(date: string, provisional?: boolean): DayReport;
  markdown(hour: string, provisional?: boolean): string;
}

/** With a daemon, that has been running since `start`. */
export async function aRecording(
  t: Ending,
  { daemon = true, start = "2026-11-22T14:55" } = {},
): Promise<Recording> {
  const dataFolder = join(temporaryFolder(t), "data");
  const journal = journalWriter(dataFolder, daemon);
  const poll = pollWriter(dataFolder);
  const openPath = (hour: string): string =>
    join(dataFolder, "open", `polymarket.books.${hour}.part1.jsonl.gz`);
  const read = (hour: string, provisional: boolean, kind: "json" | "markdown"): string =>
    readFileSync(join(dataFolder, reportPaths(hour, collector, provisional)[kind]), "utf8");

  const recording: Recording = {
    dataFolder,
    remote: { folder: "/nowhere" },
    start: (time) => journal.start(at(time)),
    kill: (time) => journal.run(at(time), false, undefined),
    async poll(time, spec = {}) {
      await journal.run(at(time), spec.byHand === true, "ok");
      await poll(at(time), spec);
    },
    async polls(first, last) {
      for (let slot = at(first); slot <= at(last); slot += cadenceMs)
        await recording.poll(iso(slot));
    },
    async close(hour) {
      await logOf(dataFolder, "polymarket.books").close(hour);
    },
    async seal(time) {
      const run = () => aRun({ dataFolder, settings: {}, now: time });
      await call(sealHour, {}, run());
      await call(buildManifest, {}, run());
    },
    report: (asOf, input = {}, now = asOf, files = systemFiles) =>
      call(
        gapReport,
        { ...input },
        aRun<typeof gapReport.settings>({
          dataFolder,
          settings: reportSettings(recording.remote.folder),
          now,
          asOf: at(asOf),
          files,
        }),
      ),
    openBytes: (hour) => statSync(openPath(hour)).size,
    damage(hour, offset) {
      const file = openSync(openPath(hour), "r+");
      const [byte = 0] = readFileSync(openPath(hour)).subarray(offset);
      writeSync(file, Buffer.from([byte ^ 0xff]), 0, 1, offset);
      closeSync(file);
    },
    reports: () => Object.keys(contentsOf(join(dataFolder, "reports"))),
    finals() {
      const all = Object.entries(contentsOf(join(dataFolder, "reports")));
      return Object.fromEntries(all.filter(([path]) => !path.includes(".provisional.")));
    },
    json: (hour, provisional = false) =>
      v.parse(gapReportSchema, JSON.parse(read(hour, provisional, "json"))),
    day: (date, provisional = false) =>
      v.parse(dayReportSchema, JSON.parse(read(date, provisional, "json"))),
    markdown: (hour, provisional = false) => read(hour, provisional, "markdown"),
  };
  if (daemon) await recording.start(start);
  return recording;
}

function at(time: string): number {
  return Date.parse(time.length === 16 ? `${time}:00Z` : time);
}

function logOf(dataFolder: string, stream: string) {
  return hourLog({
    machine: { files: systemFiles, clock: virtualClock({ start: 0 }) },
    dataFolder,
    stream,
  });
}

function journalWriter(dataFolder: string, daemon: boolean) {
  const log = logOf(dataFolder, "journal");
  let runs = 0;
  let openedHour = "";

  async function write(atMs: number, ...lines: object[]): Promise<void> {
    const hour = hourOf(atMs);
    const opening = hour === openedHour ? [] : [schedule(daemon)];
    openedHour = hour;
    const stamped = [...opening, ...lines].map((line) => jsonLine({ at: iso(atMs), ...line }));
    await log.append(hour, () => stamped);
  }

  return {
    start: (atMs: number) =>
      write(atMs, { kind: "start", pid: 7, version: "1.0.0", node: "v26.0.0", collector }),
    async run(slot: number, byHand: boolean, outcome: string | undefined): Promise<void> {
      runs += 1;
      const origin = byHand
        ? { trigger: "hand", scheduled: null }
        : { trigger: "schedule", scheduled: iso(slot) };
      const about = { run: `r${runs}`, function: "snapshot-poll", ...origin };
      const begin = { kind: "begin", ...about, latenessMs: 5 };
      const end = { kind: "end", ...about, outcome, tookMs: 5 };
      await write(slot + 5, ...(outcome === undefined ? [begin] : [begin, end]));
    },
  };
}

function schedule(daemon: boolean): object {
  const entry = {
    cron: "*/10 * * * *",
    timezone: "UTC",
    timeoutMs: 60_000,
    enabled: true,
    atStart: false,
    input: {},
  };
  return {
    kind: "schedule",
    revision: "r1",
    by: daemon ? "daemon" : "hand",
    functions: { "snapshot-poll": entry },
  };
}

function pollWriter(dataFolder: string) {
  const log = logOf(dataFolder, "polymarket.books");
  let texts: Record<string, string> = {};
  let file = "";

  return async (
    atMs: number,
    { missing = {}, books: changed = {}, byHand = false }: PollSpec,
  ): Promise<void> => {
    await log.append(hourOf(atMs), (tail) => {
      if (tail.file !== file) texts = {};
      file = tail.file;
      const time = iso(atMs);
      const present = tokens.filter((token) => missing[token] === undefined);
      const written = present.filter(
        (token) => texts[token] === undefined || changed[token] !== undefined,
      );
      for (const token of written) texts[token] = changed[token] ?? `{"asset_id":"${token}"}`;
      const line = {
        kind: "poll",
        poll: tail.number,
        scheduled: byHand ? null : time,
        started: time,
        ended: time,
        watch: "w1",
        books: written.length,
        unchanged: present.length - written.length,
        missing: Object.entries(missing).map(([token, reason]) => ({ token, reason })),
        requests: [],
      };
      const books = written.map((token) => {
        const raw = Buffer.from(texts[token] ?? "");
        return bookLine(tail.number, { token, raw, sent: time, received: time });
      });
      return [...(tail.isFirst ? [watchLine()] : []), jsonLine(line), ...books.flat()];
    });
  };
}

function watchLine(): Buffer {
  const since = "2026-11-22T14:56:00.000Z";
  const outcomes: Record<string, string> = { "11": "Yes", "22": "No" };
  const watched = tokens.map((token) => ({
    token,
    market: "0x1",
    outcome: outcomes[token],
    slug: "will-it",
    since,
  }));
  return jsonLine({ kind: "watch", id: "w1", tokens: watched });
}
