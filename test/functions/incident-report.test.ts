/**
 * incident-report tells people, once, of what happened.
 *
 * Method: hours are recorded with one thing wrong, sealed and reported by the real functions; then the notes on the disk
 * are read as a person or an alert would.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import * as v from "valibot";
import buildManifest from "../../functions/build-manifest.ts";
import gapReport from "../../functions/gap-report.ts";
import incidentReport from "../../functions/incident-report.ts";
import { type Incident, incidentSchema } from "../../functions/incidents/incident.ts";
import offload from "../../functions/offload.ts";
import qualityReport from "../../functions/quality-report.ts";
import sealHour from "../../functions/seal-hour.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { minuteMs } from "../../runtime/time.ts";
import { aRecorder, type Recorder } from "../support/recorder.ts";
import { failure, settingsOf } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";
import { aRecording } from "./coverage/recording.ts";

const now = "2026-11-22T18:10:00Z";

interface Watched {
  recorder: Recorder;
  dataFolder: string;
  /** Everything that the daemon does after the hour, then the incidents; returns the new ones' codes. */
  report(): Promise<string[]>;
  notes(): Incident[];
}

/** 20 polls from 15:00 on; `dent` comes before the tenth. */
async function anHour(
  t: TestContext,
  dent: (recorder: Recorder) => Promise<void> | void,
): Promise<Watched> {
  const recorder = await aRecorder(t, { markets: 4 });
  const { dataFolder } = recorder;
  await recorder.discover();
  for (let poll = 0; poll < 20; poll += 1) {
    if (poll === 10) await dent(recorder);
    await recorder.pollSlot(minuteMs).catch((error: unknown) => {
      if (!(error instanceof OperatorError) || error.code !== "NO_BOOKS") throw error;
    });
  }
  const remote = settingsOf(`dir:${join(dataFolder, "../offsite")}`);
  const run = () => aRun({ dataFolder, settings: remote, now });
  return {
    recorder,
    dataFolder,
    async report() {
      for (const each of [sealHour, buildManifest, gapReport, qualityReport])
        await call(each as typeof sealHour, {}, run());
      return (await call(incidentReport, {}, run())).noted.map(({ code }) => code);
    },
    notes: () => notesIn(dataFolder),
  };
}

function notesIn(dataFolder: string): Incident[] {
  return globSync("incidents/**/*.json", { cwd: dataFolder }).map((path) =>
    v.parse(incidentSchema, JSON.parse(readFileSync(join(dataFolder, path), "utf8"))),
  );
}

suite("incident-report", () => {
  test("has nothing to say of an hour without trouble", async (t) => {
    const { report, notes } = await anHour(t, () => {});
    assert.deepEqual([await report(), notes()], [[], []]);
  });

  test("notes a changed schema once, with a page for people", async (t) => {
    const { report, notes, dataFolder } = await anHour(t, ({ venue }) => {
      venue.faults.inject({ kind: "renamed-field", count: 1 });
    });
    assert.deepEqual(await report(), ["SCHEMA_CHANGED"]);
    assert.deepEqual(await report(), [], "the second time it is noted");
    const [note] = notes();
    assert.equal(note?.hour, "2026-11-22T15");
    assert.match(note?.detail ?? "", /^\d+ pieces? were set aside \(schema\) from 2026-11-22T15:1/);
    const [page = ""] = globSync("incidents/**/*.md", { cwd: dataFolder });
    const text = readFileSync(join(dataFolder, page), "utf8");
    for (const part of ["# SCHEMA_CHANGED", "**Safe:**", "**What to do:**", note?.files[0] ?? "?"])
      assert.ok(text.includes(part), `${part} in:\n${text}`);
  });

  test("labels the hour of a token whose market is in doubt", async (t) => {
    const { report, notes, dataFolder } = await anHour(t, ({ venue }) => {
      venue.faults.inject({ kind: "wrong-market", count: 1 });
    });
    assert.deepEqual(await report(), ["MAPPING_CONFLICT"]);
    const [path = ""] = notes()[0]?.labels ?? [];
    const label = JSON.parse(readFileSync(join(dataFolder, path), "utf8")) as object;
    assert.partialDeepStrictEqual(label, {
      verdict: "invalid",
      stream: "books",
      hour: "2026-11-22T15",
    });
  });

  test("tells of hashes that drift", async (t) => {
    const { report, notes } = await anHour(t, ({ venue }) => {
      venue.faults.inject({ kind: "new-field" });
    });
    assert.deepEqual(await report(), ["HASH_DRIFT"]);
    assert.match(notes()[0]?.detail ?? "", /^\d+ of \d+ books have another hash than their text$/);
  });

  test("tells of a file that a crash had torn", async (t) => {
    const { report, notes, dataFolder } = await anHour(t, () => {});
    const [open = ""] = globSync("open/polymarket.books.2026-11-22T15*", { cwd: dataFolder });
    const bytes = readFileSync(join(dataFolder, open));
    writeFileSync(join(dataFolder, open), bytes.subarray(0, bytes.length - 7));
    assert.ok((await report()).includes("FILE_TORN"));
    const torn = notes().find(({ code }) => code === "FILE_TORN");
    assert.match(torn?.evidence.join() ?? "", /polymarket\.books\.2026-11-22T15.*bytes set aside/);
  });

  test("tells of a copy that is not the same, of the remote that holds it", async (t) => {
    const { report, notes, dataFolder } = await anHour(t, () => {});
    await report();
    const offsite = join(dataFolder, "../offsite");
    const settings = settingsOf(`dir:${offsite}`);
    await call(offload, {}, aRun({ dataFolder, settings, now }));
    const [copy = ""] = globSync("**/stream=books/**/*.jsonl.gz", { cwd: offsite });
    writeFileSync(join(offsite, copy), "something else");
    rmSync(join(dataFolder, "receipts"), { recursive: true });
    const error = await failure(call(offload, {}, aRun({ dataFolder, settings, now })));
    assert.equal(error.code, "CONFLICT");

    assert.deepEqual(await report(), ["COPY_DIFFERS"]);
    const [note] = notes();
    assert.deepEqual(note?.files, [`archive/${copy}`]);
    assert.match(note?.evidence.join() ?? "", /there 14 B/);
  });

  test("names what it cannot look at, and notes all the rest", async (t) => {
    const { report, notes, dataFolder } = await anHour(t, ({ venue }) => {
      venue.faults.inject({ kind: "renamed-field", count: 1 });
    });
    await report();
    for (const path of [
      ...globSync("incidents/**/*.json", { cwd: dataFolder }),
      "state/incidents.looked.json",
    ])
      rmSync(join(dataFolder, path));
    const [markets = ""] = globSync("archive/**/stream=markets/**/*.manifest.json", {
      cwd: dataFolder,
    });
    writeFileSync(join(dataFolder, markets), "garbage");

    const error = await failure(
      call(incidentReport, {}, aRun({ dataFolder, settings: anywhere, now })),
    );

    assert.equal(error.code, "REPORT_FAILED");
    assert.match(error.details.join("\n"), /^polymarket\/markets\/2026-11-22T15: .*manifest/);
    assert.deepEqual(
      notes().map(({ code }) => code),
      ["SCHEMA_CHANGED"],
    );
  });

  test("says the same again without its memory of what it looked at", async (t) => {
    const { report, notes, dataFolder } = await anHour(t, ({ venue }) => {
      venue.faults.inject({ kind: "renamed-field", count: 1 });
    });
    await report();
    const before = notes();
    rmSync(join(dataFolder, "state/incidents.looked.json"));
    assert.deepEqual(await report(), []);
    assert.deepEqual(notes(), before);
  });
});

suite("a gap of most tokens", () => {
  test("for five minutes and more is an incident, with its cause, once its report is final", async (t) => {
    const recording = await aRecording(t);
    const report = async (at: string): Promise<string[]> => {
      await recording.report(at);
      const run = aRun({ dataFolder: recording.dataFolder, settings: anywhere, now: at });
      return (await call(incidentReport, {}, run)).noted.map(({ code }) => code);
    };
    await recording.polls("2026-11-22T15:00", "2026-11-22T15:10");
    await recording.poll("2026-11-22T15:20", { missing: { 11: "venue-5xx", 22: "venue-5xx" } });
    await recording.poll("2026-11-22T15:30", { missing: { 11: "omitted" }, books: { 22: "{}" } });
    await recording.polls("2026-11-22T15:40", "2026-11-22T16:50");
    await recording.seal("2026-11-22T16:02:00Z");
    assert.deepEqual(await report("2026-11-22T16:05:00Z"), []);
    await recording.seal("2026-11-22T17:02:00Z");
    assert.deepEqual(await report("2026-11-22T17:05:00Z"), ["LARGE_GAP"]);

    const [note] = notesIn(recording.dataFolder);
    assert.equal(note?.detail, "The longest of 2 takes 10m of this hour");
    assert.deepEqual(note.evidence, [
      "2026-11-22T15:20:00.000Z to 2026-11-22T15:30:00.000Z: venue-5xx, all tokens",
      "2026-11-22T15:30:00.000Z to 2026-11-22T15:40:00.000Z: omitted, 1 token",
    ]);
  });
});

const anywhere = settingsOf("dir:/nowhere");
