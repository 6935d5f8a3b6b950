/**
 * A day on a Drive from beginning to end: recorded, out, looked at, pruned, brought back into an empty folder, and the
 * same; and what scrub makes of copies that were deleted or altered meanwhile.
 *
 * Method: hours written by the real functions, the real rclone, and the fake Drive, changed behind their back.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { suite } from "node:test";
import { listHours } from "../../../functions/archive/layout.ts";
import offload from "../../../functions/offload.ts";
import prune from "../../../functions/prune.ts";
import restore from "../../../functions/restore.ts";
import scrub from "../../../functions/scrub.ts";
import verify from "../../../functions/verify.ts";
import { systemFiles } from "../../../runtime/doors/files.ts";
import { hourMs } from "../../../runtime/time.ts";
import { doubled } from "../../drive/ledger.ts";
import { aDrive } from "../../support/drive.ts";
import { aStory, told } from "../../support/drive-story.ts";
import { contentsOf } from "../../support/hours.ts";
import { aRun, call } from "../../support/run.ts";
import { some } from "../../support/some.ts";
import { aRecording } from "../coverage/recording.ts";

suite("Google Drive", { concurrency: 3 }, () => {
  const test = some(4);

  test("gives a day back as it was, after the last copy here is gone", async (t) => {
    const made = await aDrive(t);
    if (made === undefined) return;
    const recording = await aRecording(t);
    await recording.polls("2026-11-22T00:00", "2026-11-23T00:50");
    await recording.seal("2026-11-23T01:02:00Z");
    await recording.report("2026-11-23T01:02:00Z");
    const { dataFolder } = recording;
    const { settings, children, drive } = made;
    const at = (now: string) => aRun({ dataFolder, settings, children, now });
    const archive = contentsOf(join(dataFolder, "archive"));
    const reports = recording.finals();

    const sent = await call(offload, {}, at("2026-11-23T02:00:00Z"));
    const looked = await call(scrub, { readBackMax: 0 }, at("2026-11-23T03:00:00Z"));
    const pruned = await call(prune, { keepDates: 0 }, at("2026-11-23T04:00:00Z"));
    const left = await listHours(systemFiles, dataFolder, "vps-1");
    rmSync(dataFolder, { recursive: true });
    const brought = await call(restore, {}, at("2026-11-23T05:00:00Z"));
    const verified = await call(verify, {}, at("2026-11-23T06:00:00Z"));

    assert.equal(sent.files.verified, sent.copied);
    assert.equal(looked.files.same, sent.copied);
    assert.deepEqual([pruned.hours, left.length], [2 * 24, 2]);
    assert.equal(brought.hours, 2 * 25);
    assert.deepEqual(contentsOf(join(dataFolder, "archive")), archive);
    assert.deepEqual(recording.finals(), reports);
    assert.equal(verified.findingsTotal, 0);
    assert.deepEqual([doubled(drive), drive.strange], [[], []]);
  });

  test("that lost a copy is told by scrub, and offload makes it again", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    await story.offload();
    for (const { id } of story.drive.objects.at(`hourbook/${story.data}`))
      story.drive.objects.delete(id);
    story.run.clock.step(2 * hourMs);

    const { code, details } = await told(call(scrub, {}, story.run));

    assert.equal(code, "REMOTE_DIFFERS");
    assert.match(details, /^MISSING {2}venue=.*hour=10\/vps-1\.jsonl\.gz/m);
    await story.finish();
  });

  test("that altered a copy, hashes and all, is told by scrub, and the hour stays here", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    await story.offload();
    const [object] = story.drive.objects.at(`hourbook/${story.data}`);
    object!.content = Buffer.from(object!.content).fill(7);
    story.run.clock.step(2 * hourMs);

    const { details } = await told(call(scrub, {}, story.run));
    const { hours, kept } = await story.prune();

    assert.match(details, /^CONFLICT {2}venue=.*hour=10\/vps-1\.jsonl\.gz/m);
    assert.deepEqual([hours, kept.noReceipt], [0, 1]);
  });

  test("that lost the only copy is on record for good", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    await story.finish();
    const { objects } = story.drive;
    const [object] = objects.at(`hourbook/${story.data}`);
    object!.trashed = true;

    const { code, details } = await told(call(scrub, {}, story.run));
    object!.trashed = false;

    assert.equal(code, "REMOTE_DIFFERS");
    assert.match(details, /^LOST {2}venue=.*hour=10\/vps-1\.jsonl\.gz/m);
    assert.match(Object.keys(contentsOf(join(story.dataFolder, "incidents"))).join(), /lost/);
  });

  test("that no longer holds what it says is found out by reading an hour back", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    await story.offload();
    const [object] = story.drive.objects.at(`hourbook/${story.data}`);
    // Its hashes are those of what was sent.
    object!.rotted = Buffer.from(object!.content).fill(7);
    story.run.clock.step(2 * hourMs);

    const { code, details } = await told(call(scrub, {}, story.run));
    const { hours } = await story.prune();

    assert.equal(code, "REMOTE_DIFFERS");
    assert.match(details, /^CONFLICT {2}venue=.*hour=10\/vps-1\.jsonl\.gz/m);
    assert.equal(hours, 0);
  });
});
