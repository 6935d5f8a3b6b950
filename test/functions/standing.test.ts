/**
 * What `npm run status` is told about the work: how old the newest books are, and what is not copied yet.
 *
 * Method: what recording, sealing and offloading really leave behind, read through a door that can only look.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import offload from "../../functions/offload.ts";
import sealHour from "../../functions/seal-hour.ts";
import snapshotPoll from "../../functions/snapshot-poll.ts";
import { readOnlyFiles } from "../../runtime/doors/read-only.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import type { Standing } from "../../runtime/function.ts";
import { writeHour } from "../support/hours.ts";
import { type Recorder, aRecorder } from "../support/recorder.ts";
import { onDisk } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const files = readOnlyFiles(systemFiles);

function pollStanding({ clock, dataFolder }: Recorder): Promise<Standing> {
  const unused = { HOURBOOK_GAMMA_URL: "", HOURBOOK_CLOB_URL: "", HOURBOOK_STREAM_URL: "" };
  const settings = { dataFolder, collector: "vps-1", ...unused };
  return snapshotPoll.standing!({ clock, files, settings });
}

suite("snapshot-poll's standing", () => {
  test("is the age of the newest books, also where later polls brought none", async (t) => {
    const recorder = await aRecorder(t);
    assert.deepEqual(await pollStanding(recorder), { text: "no book was recorded yet" });

    await recorder.discover();
    await recorder.pollSlot();
    const recordedAt = recorder.clock.now();
    recorder.venue.faults.inject({ kind: "503" });
    for (let slot = 0; slot < 3; slot += 1) await recorder.pollSlot().catch(() => {});
    await recorder.clock.run(recordedAt + 50_000);

    const { text, newestAt, figures } = await pollStanding(recorder);
    assert.equal(newestAt, recordedAt);
    assert.match(text, /^newest books 50 s old: (\d+) of \1 watched$/);
    assert.equal(figures?.["missing"], 0);
  });

  test("is found in the sealed hours, too", async (t) => {
    const recorder = await aRecorder(t);
    await recorder.discover();
    await recorder.pollSlot();
    const recordedAt = recorder.clock.now();
    const { clock, dataFolder } = recorder;
    const asOf = recordedAt + 2 * 3_600_000;
    await call(sealHour, {}, aRun({ dataFolder, settings: {}, clock, asOf }));

    assert.deepEqual(await recorder.lines("polymarket.books"), []);
    assert.equal((await pollStanding(recorder)).newestAt, recordedAt);
  });
});

suite("offload's standing", () => {
  test("is what has no receipt yet, without asking the remote", async (t) => {
    const { dataFolder, settings } = onDisk(t);
    for (const hour of ["2026-11-22T14", "2026-11-22T15"]) writeHour(dataFolder, { hour });
    const clock = virtualClock({ start: Date.parse("2026-11-22T16:10:00Z") });
    const look = { clock, files, settings: { dataFolder, collector: "vps-1", ...settings } };

    const before = await offload.standing!(look);
    assert.equal(before.figures?.["hours"], 2);
    assert.equal(before.figures?.["files"], 8);
    assert.match(before.text, /^8 files \([\d,]+ B\) of 2 hours not on dir:.* yet$/);

    await call(offload, {}, aRun({ dataFolder, settings }));
    const after = await offload.standing!(look);
    const nothing = { hours: 0, files: 0, bytes: 0, damaged: 0, hoursOfOthers: 0 };
    assert.deepEqual(after.figures, nothing);
    assert.match(after.text, /^everything sealed is on dir:\S+$/);
  });

  test("names hours of before the machine was renamed, which nobody sends, until they are sent", async (t) => {
    const { dataFolder, settings } = onDisk(t);
    writeHour(dataFolder, { hour: "2026-11-22T14" });
    const clock = virtualClock({ start: Date.parse("2026-11-22T16:10:00Z") });
    const look = { clock, files, settings: { dataFolder, collector: "vps-2", ...settings } };
    const renamed = aRun({ dataFolder, settings, collector: "vps-2" });
    await call(offload, {}, renamed);

    const { text } = await offload.standing!(look);
    const asked = /1 hour of vps-1 not sent: HOURBOOK_COLLECTOR=vps-1 npm run fn -- offload/;
    assert.match(text, asked);
    assert.ok(renamed.logged.some(({ message }) => asked.test(message)));
    await call(offload, {}, aRun({ dataFolder, settings, collector: "vps-1" }));
    assert.match((await offload.standing!(look)).text, /^everything sealed is on dir:\S+$/);
  });
});
