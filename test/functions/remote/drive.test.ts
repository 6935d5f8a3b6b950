/**
 * What Google Drive can do to a copy, each as a test through offload and prune: the real rclone and its real
 * drive backend, before a fake Drive that goes wrong as the test says.
 *
 * Method: after each test, whatever went wrong, a local file is gone only if the Drive holds exactly one object
 * with its bytes.
 */
import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import offload from "../../../functions/offload.ts";
import prune from "../../../functions/prune.ts";
import type { remoteSettings } from "../../../functions/remote/settings.ts";
import { hourMs } from "../../../runtime/time.ts";
import { type Ledger, ledgerOf, lost } from "../../drive/ledger.ts";
import { aDrive, type DriveOptions, type DriveRemote, driveFolder } from "../../support/drive.ts";
import { contentsOf, type HourSpec, writeHour } from "../../support/hours.ts";
import { aRun, call, type TestRun } from "../../support/run.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

/** One that is old enough to go, and the newest, which stays. */
const twoHours: HourSpec[] = [{ hour: "2026-11-20T10" }, { hour: "2026-11-22T14" }];

interface Story extends DriveRemote {
  run: TestRun<typeof remoteSettings>;
  ledger: Ledger;
  /** Everything that is old and proven goes. */
  prune(): ReturnType<typeof prune.run>;
}

/** Hours, a Drive, and the promise, looked at when the test is over. */
async function aStory(
  t: TestContext,
  hours = twoHours,
  options: DriveOptions = {},
): Promise<Story | undefined> {
  const remote = await aDrive(t, options);
  if (remote === undefined) return undefined;
  const { dataFolder, settings, children, drive } = remote;
  for (const hour of hours) writeHour(dataFolder, hour);
  const ledger = ledgerOf(dataFolder);
  const clock = virtualClock({ start: Date.parse("2026-11-22T16:10:00Z") });
  const run = aRun({ dataFolder, settings, children, clock });
  t.after(() => {
    assert.deepEqual(lost(ledger, { dataFolder, objects: drive.objects, driveFolder }), []);
    assert.deepEqual(drive.strange, []);
  });
  return { ...remote, run, ledger, prune: () => call(prune, { keepDates: 0 }, run) };
}

suite("offload to Google Drive", () => {
  test("makes one object of each file, and prune gives back what was proven there", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    const here = contentsOf(`${story.dataFolder}/archive`);

    const { files, uploadManifests } = await call(offload, {}, story.run);
    const young = await story.prune();
    story.run.clock.step(2 * hourMs);
    const { deleted } = await story.prune();

    assert.equal(files.verified, 8 + 1);
    const there = story.there();
    for (const [path, md5] of Object.entries(here)) assert.deepEqual(there[path], [md5]);
    assert.deepEqual(Object.keys(there).length, 8 + uploadManifests.length);
    assert.equal(young.kept.youngReceipt, 1);
    assert.deepEqual(deleted, ["polymarket/books/2026-11-20T10"]);
  });
});
