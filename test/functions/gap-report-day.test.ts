/**
 * A day's report, the file on the last hours and the line of `npm run status`: what a person looks at first.
 *
 * Method: the last hours of a day and the first of the next, written, sealed, described and offloaded by the real
 * functions; a stranger's copy is made from the remote alone.
 */
import assert from "node:assert/strict";
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import * as v from "valibot";
import gapReport from "../../functions/gap-report.ts";
import offload from "../../functions/offload.ts";
import { completionPath, completionSchema } from "../../functions/coverage/completion.ts";
import { readOnlyFiles } from "../../runtime/doors/read-only.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { aRecording, type Recording, reportSettings } from "./coverage/recording.ts";
import { contentsOf } from "../support/hours.ts";
import { settingsOf } from "../support/remotes.ts";
import { type Ending, temporaryFolder } from "../support/folder.ts";
import { killedAt } from "../support/killed-files.ts";
import { aRun, call } from "../support/run.ts";
import { isLong, rotatingSeed } from "../support/seed.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const day = "2026-11-22";
// Calls of the disk between two that a run is killed at: some hundred runs in the long suite, a few otherwise.
const killsEvery = isLong ? 7 : 151;
const end = "2026-11-23T02:25:00Z";

/** From 21:00 to 23:00, with an outage across an hour; sealed. */
async function aBeginning(t: Ending): Promise<Recording> {
  const recording = await aRecording(t, { start: "2026-11-22T20:55" });
  await recording.polls("2026-11-22T21:00", "2026-11-22T21:30");
  await recording.kill("2026-11-22T21:40");
  await recording.start("2026-11-22T22:15");
  await recording.polls("2026-11-22T22:20", "2026-11-22T22:50");
  await recording.seal("2026-11-22T23:02:00Z");
  return recording;
}

/** To 02:00, with a token that the venue left out once; sealed. */
async function goOn(recording: Recording): Promise<void> {
  await recording.polls("2026-11-22T23:00", "2026-11-22T23:20");
  await recording.poll("2026-11-22T23:30", { missing: { "22": "omitted" } });
  await recording.polls("2026-11-22T23:40", "2026-11-23T01:50");
  await recording.seal("2026-11-23T02:02:00Z");
}

// Written once, since a disk takes its time over each poll; every test has copies.
let tidyUp = (): void => {};
let kept = "";
before(async () => {
  kept = temporaryFolder({ after: (later) => (tidyUp = later) });
  const recording = await aBeginning({ after: () => {} });
  cpSync(recording.dataFolder, join(kept, "beginning"), { recursive: true });
  await goOn(recording);
  cpSync(recording.dataFolder, join(kept, "evening"), { recursive: true });
  rmSync(recording.dataFolder, { recursive: true });
});
after(() => tidyUp());

async function aCopy(t: TestContext, of: "beginning" | "evening"): Promise<Recording> {
  const copy = await aRecording(t, { daemon: false });
  cpSync(join(kept, of), copy.dataFolder, { recursive: true });
  return copy;
}

suite("the report of a day", () => {
  test("is provisional while hours are to come, and written once when all are final", async (t) => {
    const recording = await aCopy(t, "beginning");
    const first = await recording.report("2026-11-22T23:05:00Z");
    assert.deepEqual(
      first.days.map(({ date, provisional }) => [date, provisional]),
      [[day, true]],
    );
    const early = recording.day(day, true);
    assert.deepEqual(standings(early), ["nothing-due ×21", "final", "provisional", "waiting"]);

    cpSync(join(kept, "evening"), recording.dataFolder, { recursive: true });
    const last = await recording.report(end);
    assert.deepEqual(
      last.days.map(({ date, provisional, gaps }) => [date, provisional, gaps]),
      [
        [day, false, 2],
        ["2026-11-23", true, 0],
      ],
    );
    const report = recording.day(day);
    assert.deepEqual(standings(report), ["nothing-due ×21", "final ×3"]);
    assert.deepEqual(
      report.gaps.map(({ from, slots, cause, tokens }) => [
        from.slice(11, 16),
        slots,
        cause,
        tokens,
      ]),
      [
        ["21:40", 4, "not-running", "all"],
        ["23:30", 1, "omitted", [1]],
      ],
    );
    assert.deepEqual(
      report.clean.map(({ from, to, slots }) => [from.slice(11, 16), to.slice(11, 16), slots]),
      [
        ["21:00", "21:30", 4],
        ["22:20", "23:20", 7],
        ["23:40", "23:50", 2],
      ],
    );
    assert.ok(
      !recording.reports().some((path) => /date=2026-11-22\/vps-1.*provisional/.test(path)),
    );
    assert.match(
      recording.markdown(day),
      /!\[[^\]]+\]\(vps-1\.gaps\.svg\)[^]*## Hours[^]*\| 22:00 \| 66\.66 % \|/,
    );

    const again = await recording.report(end);
    assert.deepEqual(
      again.days.map(({ date }) => date),
      ["2026-11-23"],
    );
  });

  test("comes out the same again from the copy on the remote alone, as does every other report", async (t) => {
    const recording = await aCopy(t, "evening");
    await recording.report(end);
    const remote = temporaryFolder(t);
    await offloadTo(recording, remote);
    const offloaded = contentsOf(join(remote, "reports"));
    assert.deepEqual(Object.keys(offloaded).sort(), Object.keys(recording.finals()).sort());
    assert.equal(Object.keys(offloaded).length, 5 * 3 - 3 + 3);

    const copy = await aRecording(t, { daemon: false });
    for (const name of readdirSync(remote).filter((each) => each.startsWith("venue=")))
      cpSync(join(remote, name), join(copy.dataFolder, "archive", name), { recursive: true });
    await copy.report("2027-01-01T00:00:00Z");
    assert.deepEqual(copy.finals(), offloaded);
  });

  test("is made again with its hours when it is named, and says if it no longer holds", async (t) => {
    const recording = await aCopy(t, "evening");
    await recording.report(end);
    const { hours, days } = await recording.report(end, { day });
    assert.deepEqual([hours.length, days.length], [3, 1]);

    const path = join(recording.dataFolder, `reports/venue=polymarket/date=${day}/vps-1.gaps.json`);
    writeFileSync(path, readFileSync(path, "utf8").replace('"slots":4', '"slots":3'));
    await assert.rejects(recording.report(end, { day }), { code: "REPORT_DIFFERS" });
    await assert.rejects(recording.report(end, { day: "2020-01-01" }), { code: "DAY_UNKNOWN" });
  });

  test("comes out the same after being killed at any call", async (t) => {
    const untouched = killedAt(Infinity);
    const made = await aCopy(t, "evening");
    await made.report(end, {}, end, untouched.files);
    const first = Math.floor((rotatingSeed(t) / 1_000_000) * killsEvery) + 1;
    for (let nth = first; nth <= untouched.calls(); nth += killsEvery) {
      const copy = await aCopy(t, "evening");
      await assert.rejects(copy.report(end, {}, end, killedAt(nth).files));
      await copy.report(end, {}, end, killedAt(Infinity).files);
      assert.deepEqual(whole(copy.finals()), made.finals(), `killed at call ${nth}`);
      const names = copy.reports().filter(isWhole);
      assert.deepEqual(names, made.reports(), `killed at call ${nth}`);
    }
  });

  test("is never final where an hour is not here any more", async (t) => {
    const recording = await aCopy(t, "evening");
    for (const stream of ["books", "journal"])
      rmSync(
        join(recording.dataFolder, `archive/venue=polymarket/stream=${stream}/date=${day}/hour=22`),
        { recursive: true },
      );
    const { days } = await recording.report(end);
    assert.deepEqual(days[0]?.provisional, true);
    assert.equal(recording.day(day, true).hours[22]?.standing, "not-here");
    // And it is not made again and again.
    assert.deepEqual(
      (await recording.report(end)).days.map(({ date }) => date),
      [day, "2026-11-23"],
    );
  });
});

suite("the file on the last hours", () => {
  test("says how far each is, stream by stream", async (t) => {
    const recording = await aCopy(t, "evening");
    await recording.report(end);
    assert.equal(completionOf(recording).hours.length, 96);
    const hour = (text: string) => completionOf(recording).hours.find((each) => each.hour === text);
    assert.deepEqual(hour("2026-11-22T22"), {
      hour: "2026-11-22T22",
      coverage: 0.666666,
      report: "final",
      streams: {
        books: { standing: "described", verified: null },
        journal: { standing: "described", verified: null },
      },
    });
    assert.deepEqual(hour("2026-11-22T13"), {
      hour: "2026-11-22T13",
      coverage: null,
      report: null,
      streams: {},
    });

    await offloadTo(recording, temporaryFolder(t));
    await recording.poll("2026-11-23T02:00");
    await recording.report(end);
    const verified = { standing: "verified", verified: "2026-11-23T02:25:00.000Z" };
    assert.deepEqual(hour("2026-11-22T22")?.streams, { books: verified, journal: verified });
    assert.equal(hour("2026-11-23T02")?.streams["books"]?.standing, "open");
  });
});

suite("gap-report's standing", () => {
  test("is today's coverage so far, with its gaps by cause", async (t) => {
    const recording = await aCopy(t, "beginning");
    const at = (time: string) =>
      gapReport.standing!({
        clock: virtualClock({ start: Date.parse(time) }),
        files: readOnlyFiles(systemFiles),
        settings: { dataFolder: recording.dataFolder, collector: "vps-1", ...reportSettings() },
      });
    assert.equal((await at("2026-11-22T23:06:00Z")).text, "no hour of 2026-11-22 is reported yet");
    await recording.report("2026-11-22T23:05:00Z");
    const { text, figures } = await at("2026-11-22T23:06:00Z");
    assert.equal(text, "today to 23:00Z coverage 66.66 %, 1 gap: not-running 8");
    assert.deepEqual(figures, { coverage: 0.666666, gaps: 1, missing: 8, unknown: 0 });
  });
});

/** offload takes away the second names that a killed run left beside whole files. */
function isWhole(path: string): boolean {
  return !/(^|\/)\.[^/]+\.tmp$/.test(path);
}

function whole(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => isWhole(path)));
}

function standings({ hours }: ReturnType<Recording["day"]>): string[] {
  const runs: [string, number][] = [];
  for (const { standing } of hours) {
    const last = runs.at(-1);
    if (last?.[0] === standing) last[1] += 1;
    else runs.push([standing, 1]);
  }
  return runs.map(([standing, count]) => (count === 1 ? standing : `${standing} ×${count}`));
}

function completionOf({ dataFolder }: Recording): v.InferOutput<typeof completionSchema> {
  const text = readFileSync(join(dataFolder, completionPath), "utf8");
  return v.parse(completionSchema, JSON.parse(text));
}

async function offloadTo({ dataFolder, remote }: Recording, folder: string): Promise<void> {
  remote.folder = folder;
  const settings = settingsOf(`dir:${folder}`);
  await call(offload, {}, aRun({ dataFolder, settings, now: end }));
}
