/** `record FOLDER TOKENS`, `report FOLDER`: one step in a process of its own, whose cost is its own. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import buildManifest from "../../functions/build-manifest.ts";
import gapReport from "../../functions/gap-report.ts";
import sealHour from "../../functions/seal-hour.ts";
import { bookLine, jsonLine } from "../../functions/archive/lines.ts";
import { systemClock } from "../../runtime/doors/clock.ts";
import { encodeMember } from "../../runtime/hours/member.ts";
import { firstNumber } from "../../runtime/hours/repair.ts";
import { openFolder, partName } from "../../runtime/hours/parts.ts";
import {
  type Hour,
  hourMs,
  hourOf,
  hourStart,
  iso,
  minuteMs,
  secondMs,
} from "../../runtime/time.ts";
import { settingsOf } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";
import { unit } from "../venue/random.ts";

export interface Measured {
  wallMs: number;
  cpuMs: number;
  peakMiB: number;
  /** Of the day: what it came to. */
  result: object;
}

const from = Date.parse("2026-11-22T00:00:00Z");
const cadenceMs = 10 * secondMs;
// The day, and the hour without which its last one is not final.
const hours = 25;
const changing = 0.1;
const omitted = 0.005;
const seed = 5;

const [step = "", dataFolder = "", tokens = "0"] = process.argv.slice(2);
const now = iso(from + (hours + 1) * hourMs);

const steps: Record<string, () => Promise<object>> = {
  async record() {
    mkdirSync(openFolder(dataFolder), { recursive: true });
    for (let nth = 0; nth < hours; nth += 1)
      await record(hourOf(from + nth * hourMs), Number(tokens));
    await call(sealHour, {}, aRun({ dataFolder, settings: {}, now }));
    await call(buildManifest, {}, aRun({ dataFolder, settings: {}, now }));
    return {};
  },
  async report() {
    const { HOURBOOK_REMOTE } = settingsOf("dir:/nowhere");
    const run = aRun<typeof gapReport.settings>({ dataFolder, settings: { HOURBOOK_REMOTE }, now });
    const { days } = await call(gapReport, {}, run);
    return days[0] ?? {};
  },
};

const startedAt = systemClock.monotonic();
const before = process.cpuUsage();
const result = (await steps[step]?.()) ?? {};
const used = process.cpuUsage(before);
const measured: Measured = {
  wallMs: systemClock.monotonic() - startedAt,
  cpuMs: (used.user + used.system) / 1000,
  // Not getrusage's: that of a child begins with its parent's.
  peakMiB: Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024,
  result,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);

/** As the runtime and its polls leave an hour, with an outage a minute long in each. */
async function record(hour: Hour, watched: number): Promise<void> {
  const ids = Array.from({ length: watched }, (_, at) => `${at + 1}`.padStart(77, "0"));
  const journal: Buffer[] = [jsonLine(schedule(hour))];
  const books: Buffer[] = [];
  for (let nth = 0; nth < hourMs / cadenceMs; nth += 1) {
    const slot = hourStart(hour) + nth * cadenceMs;
    const run = {
      run: `${hour}-${nth}`,
      function: "snapshot-poll",
      trigger: "schedule",
      scheduled: iso(slot),
    };
    journal.push(jsonLine({ kind: "begin", at: iso(slot), ...run, latenessMs: 1 }));
    journal.push(
      jsonLine({ kind: "end", at: iso(slot + 900), ...run, outcome: "ok", tookMs: 899 }),
    );
    const number = firstNumber(1) + nth;
    books.push((await encodeMember(number, pollLines(ids, slot, number, nth === 0))).bytes);
  }
  write("polymarket.books", hour, Buffer.concat(books));
  write("journal", hour, (await encodeMember(firstNumber(1), journal)).bytes);
}

function write(stream: string, hour: Hour, bytes: Buffer): void {
  writeFileSync(join(openFolder(dataFolder), partName(stream, hour, 1, false)), bytes);
}

function schedule(hour: Hour): object {
  const entry = {
    cron: "*/10 * * * * *",
    timezone: "UTC",
    timeoutMs: 9_000,
    enabled: true,
    atStart: false,
    input: {},
  };
  const at = iso(hourStart(hour));
  return {
    kind: "schedule",
    at,
    revision: "r1",
    by: "daemon",
    functions: { "snapshot-poll": entry },
  };
}

function* pollLines(
  ids: readonly string[],
  slot: number,
  poll: number,
  isFirst: boolean,
): Generator<Buffer> {
  const time = iso(slot);
  const isOut = slot % hourMs >= 30 * minuteMs && slot % hourMs < 31 * minuteMs;
  const missing = ids.flatMap((token, at) => {
    if (isOut) return [{ token, reason: "venue-5xx" }];
    return unit(seed, slot, at) < omitted ? [{ token, reason: "omitted" }] : [];
  });
  const gone = new Set(missing.map(({ token }) => token));
  const there = ids.filter((token) => !gone.has(token));
  const changed = there.filter((_, at) => isFirst || unit(seed, at, slot) < changing);
  if (isFirst) yield jsonLine({ kind: "watch", id: "w1", tokens: ids.map(watchedToken) });
  const times = { scheduled: time, started: time, ended: time };
  const counts = { books: changed.length, unchanged: there.length - changed.length };
  yield jsonLine({ kind: "poll", poll, ...times, watch: "w1", ...counts, missing, requests: [] });
  for (const token of changed) {
    const raw = Buffer.from(`{"asset_id":"${token}","timestamp":"${slot}","bids":[],"asks":[]}`);
    yield* bookLine(poll, { token, raw, sent: time, received: time });
  }
}

function watchedToken(token: string, at: number): object {
  const market = `0x${(at >> 1).toString(16).padStart(64, "0")}`;
  const outcome = at % 2 === 0 ? "Yes" : "No";
  return {
    token,
    market,
    outcome,
    slug: `will-event-${at >> 1}-come-about`,
    since: iso(from - hourMs),
  };
}
