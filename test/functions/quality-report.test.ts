/**
 * quality-report measures what is recorded.
 *
 * Method: the simulated venue is recorded on a virtual clock, with one thing wrong at a time, and the report of the
 * sealed hour must name that thing and no other.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import * as v from "valibot";
import buildManifest from "../../functions/build-manifest.ts";
import qualityReport from "../../functions/quality-report.ts";
import { type QualityReport, qualityReportSchema } from "../../functions/quality/report.ts";
import sealHour from "../../functions/seal-hour.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { hourMs, minuteMs, secondMs } from "../../runtime/time.ts";
import { aBook, all, anArchive } from "../support/archive.ts";
import { aRecorder, type Recorder } from "../support/recorder.ts";
import { failure } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";

const hour = "2026-11-22T15";
const sealedAt = "2026-11-22T16:10:00Z";
const folder = "reports/venue=polymarket/date=2026-11-22/hour=15";

type Dented = (recorder: Recorder) => Promise<void> | void;

/** One hour of a poll a minute, and its report; `dent` happens when two polls of three are over. */
async function measured(t: TestContext, dent: Dented = () => {}): Promise<QualityReport> {
  const recorder = await aRecorder(t, { markets: 4 });
  await recorder.discover();
  for (let poll = 0; poll < 45; poll += 1) {
    if (poll === 30) await dent(recorder);
    await pollAnyhow(recorder);
  }
  await seal(recorder.dataFolder);
  await measure(recorder.dataFolder);
  return reportIn(recorder.dataFolder);
}

/** A poll that brought nothing is on record all the same. */
async function pollAnyhow(recorder: Recorder): Promise<void> {
  await recorder.pollSlot(minuteMs).catch((error: unknown) => {
    if (!(error instanceof OperatorError) || error.code !== "NO_BOOKS") throw error;
  });
}

async function seal(dataFolder: string): Promise<void> {
  const run = aRun({ dataFolder, settings: {}, now: sealedAt });
  await call(sealHour, {}, run);
  await call(buildManifest, {}, run);
}

function measure(dataFolder: string, input: object = {}) {
  return call(qualityReport, { ...input }, aRun({ dataFolder, settings: {}, now: sealedAt }));
}

function reportIn(dataFolder: string): QualityReport {
  const text = readFileSync(join(dataFolder, folder, "vps-1.quality.json"), "utf8");
  return v.parse(qualityReportSchema, JSON.parse(text));
}

function alarmsOf({ alarms }: QualityReport): string[] {
  return alarms.map(({ metric }) => metric);
}

suite("quality-report", () => {
  test("finds nothing to look at in an hour of a venue that does what it always did", async (t) => {
    const report = await measured(t);
    const { books, answers, bytes } = report;
    assert.deepEqual(report.alarms, []);
    assert.ok(books.recorded > 20 && books.checked === books.recorded, `${books.recorded} books`);
    assert.deepEqual(books.hash, { same: books.checked, other: 0, none: 0 });
    assert.ok(books.mirror.pairs > 10, `${books.mirror.pairs} pairs`);
    assert.equal(books.mirror.broken, 0);
    assert.deepEqual([answers.requests, answers.retried], [45, 0]);
    assert.deepEqual(answers.byStatus, { 200: 45 });
    const { low, high } = answers.clockOffsetMs!;
    assert.ok(low <= 0 && high >= 0 && high - low <= 1_000, `${low} to ${high} ms`);
    assert.equal(answers.budget.most, 1);
    assert.ok(bytes.received > bytes.lines && bytes.lines > bytes.file);
  });

  test("names a changed schema by its hashes", async (t) => {
    const report = await measured(
      t,
      ({ venue }) => void venue.faults.inject({ kind: "new-field" }),
    );
    assert.deepEqual(alarmsOf(report), ["hash"]);
  });

  test("counts a book that comes twice in an answer", async (t) => {
    const report = await measured(t, ({ venue }) => {
      venue.faults.inject({ kind: "duplicate-book", count: 3 });
    });
    assert.equal(report.answers.duplicates, 3);
    assert.deepEqual(alarmsOf(report), ["duplicates"]);
  });

  test("shows a venue that slows down", async (t) => {
    const report = await measured(t, ({ venue }) => {
      venue.faults.inject({ kind: "slow", ms: 6 * secondMs });
    });
    assert.equal(report.answers.responseMs?.p99, 6 * secondMs);
    assert.ok(alarmsOf(report).includes("responseMs"), alarmsOf(report).join());
  });

  test("counts what was asked twice, by the status of the last answer", async (t) => {
    const report = await measured(t, ({ venue }) => {
      venue.faults.inject({ kind: "503", count: 9 });
    });
    assert.deepEqual(report.answers.byStatus, { 200: 43, 503: 2 });
    assert.equal(report.answers.retried, 3);
    assert.ok(report.answers.budget.most >= 4, "four attempts of one poll lie in ten seconds");
  });

  test("checks a sample of a large hour, the same each time, and both books of a market in it", async (t) => {
    const recorder = await aRecorder(t, { markets: 4 });
    await recorder.discover();
    for (let poll = 0; poll < 45; poll += 1) await recorder.pollSlot(minuteMs);
    await seal(recorder.dataFolder);
    await measure(recorder.dataFolder, { booksMax: 40 });
    const { books } = reportIn(recorder.dataFolder);
    assert.ok(books.checked >= 8 && books.checked <= 60, `${books.checked} of ${books.recorded}`);
    assert.ok(books.mirror.pairs > 0);
  });

  test("measures each described hour once, and writes its page", async (t) => {
    const archive = anArchive(t);
    await archive.poll({ at: "15:00:00", books: all(aBook("0.4", "0.6")) });
    await archive.seal("2026-11-22T16:10:00Z");
    const first = await measure(archive.dataFolder);
    assert.deepEqual(
      first.hours.map(({ hour: own, recorded }) => [own, recorded]),
      [[hour, 3]],
    );
    assert.deepEqual((await measure(archive.dataFolder)).hours, []);
    const page = readFileSync(join(archive.dataFolder, folder, "vps-1.quality.md"), "utf8");
    assert.match(page, /^# Quality of polymarket, 2026-11-22, 15:00 UTC\n/);
    // These books have no time of the venue.
    assert.match(page, /- timestamps: 3 of 3 books have no plausible time/);
  });

  test("measures an hour of which a line says nothing", async (t) => {
    const archive = anArchive(t);
    await archive.poll({ at: "15:00:00", books: all(aBook("0.4", "0.6")) });
    for (const damaged of [{ kind: "poll" }, { kind: "watch" }, { kind: "?" }])
      await archive.line(hour, damaged);
    await archive.seal("2026-11-22T16:10:00Z");
    const { hours } = await measure(archive.dataFolder);
    assert.deepEqual(
      hours.map(({ hour: own, checked }) => [own, checked]),
      [[hour, 3]],
    );
  });

  test("measures two days' hours in a run, past any that cannot be", async (t) => {
    const archive = anArchive(t);
    for (let at = 0; at < 51; at += 1) {
      const slot = new Date(Date.parse("2026-11-01T00:00:00Z") + at * hourMs).toISOString();
      await archive.poll({ at: slot.slice(0, 19), books: { 11: aBook("0.4", "0.6") } });
    }
    await archive.seal("2026-11-22T16:10:00Z");
    for (const bad of ["2026-11-01T00", "2026-11-01T01"])
      writeFileSync(archive.file(bad, "index"), "garbage");
    const { result } = await failure(measure(archive.dataFolder));
    const { hours, left } = result as { hours: object[]; left: number };
    assert.deepEqual([hours.length, left], [48, 1]);
  });

  test("says which hour cannot be measured, and measures the others", async (t) => {
    const archive = anArchive(t);
    for (const at of ["14:00:00", "15:00:00"])
      await archive.poll({ at, books: all(aBook("0.4", "0.6")) });
    await archive.seal("2026-11-22T16:10:00Z");
    writeFileSync(archive.file("2026-11-22T14", "index"), "garbage");
    const error = await failure(measure(archive.dataFolder));
    assert.equal(error.code, "REPORT_FAILED");
    assert.match(error.details.join(), /^2026-11-22T14: .*index/);
    assert.equal(reportIn(archive.dataFolder).hour, hour);
  });
});
