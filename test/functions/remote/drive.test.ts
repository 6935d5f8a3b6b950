/**
 * What Google Drive can do to a copy, each as a test through offload and prune: the real rclone and its real
 * drive backend, before a fake Drive that goes wrong as the test says. Here: while a file is on its way.
 *
 * Method: `aStory` looks in the end, whatever happened, whether a local file is gone only while the Drive holds
 * exactly one object with its bytes.
 */
import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { suite } from "node:test";
import type { FaultKind } from "../../drive/faults.ts";
import { secrets } from "../../drive/login.ts";
import { contentsOf } from "../../support/hours.ts";
import { some } from "../../support/some.ts";
import { aStory, told } from "../../support/drive-story.ts";

suite("offload to Google Drive", { concurrency: 6 }, () => {
  const test = some(6);

  test("makes one object of each file, and prune gives back what was proven there", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    const here = contentsOf(join(story.dataFolder, "archive"));

    const { files, uploadManifests } = await story.offload();
    const young = await story.prune();

    assert.equal(files.verified, 8 + 1);
    const there = story.there();
    for (const [path, md5] of Object.entries(here)) assert.deepEqual(there[path], [md5]);
    assert.deepEqual(Object.keys(there).length, 8 + uploadManifests.length);
    assert.deepEqual([young.hours, young.kept.youngReceipt], [0, 1]);
    await story.finish();
  });

  for (const kind of ["corrupt", "half"] as const) {
    const what = kind === "half" ? "half of its bytes are" : "another byte is";
    test(`tries again where ${what} stored, and leaves no bad copy`, async (t) => {
      const story = await aStory(t);
      if (story === undefined) return;
      story.drive.faults.plan({ kind, times: 2 });

      const { files } = await story.offload();

      assert.equal(story.drive.faults.happened[kind], 2);
      assert.equal(files.verified, 8 + 1);
      await story.finish();
    });

    test(`gives no receipt where ${what} stored every time`, async (t) => {
      const story = await aStory(t);
      if (story === undefined) return;
      story.drive.faults.plan({ kind });

      const { code, details, result } = await told(story.offload());

      assert.equal(code, "UPLOAD_FAILED");
      assert.match(details, kind === "half" ? /sizes differ/ : /md5 hash differ/);
      assert.deepEqual([result.files.failed, result.files.pending], [6, 2]);
      assert.deepEqual(story.there(), {}, "rclone threw the bad copies away");
      assert.equal((await story.prune()).kept.noReceipt, 1);
      await story.finish();
    });
  }

  const hiccups: [FaultKind, number, string][] = [
    ["reset", 3, "a connection that breaks"],
    ["down", 3, "a Drive that is down for a moment"],
    ["rate", 3, "too many requests a second"],
    ["lost-reply", 2, "an answer that is lost after the file was stored"],
  ];
  for (const [kind, times, what] of hiccups) {
    test(`rides out ${what}, and makes no file twice`, async (t) => {
      const story = await aStory(t);
      if (story === undefined) return;
      for (let each = 0; each < times; each += 1)
        story.drive.faults.plan({ kind, after: 4 * each, times: 1 });

      const { files } = await story.offload();

      assert.equal(story.drive.faults.happened[kind], times);
      assert.equal(files.verified, 8 + 1);
      await story.finish();
    });
  }

  const ends: [FaultKind, string, RegExp][] = [
    ["unauthorized", "REMOTE_UNREACHABLE", /Invalid Credentials/],
    ["down", "REMOTE_UNREACHABLE", /Backend Error/],
    ["quota", "UPLOAD_LIMIT", /User rate limit exceeded/],
    ["full", "REMOTE_FULL", /storage quota has been exceeded/],
  ];
  for (const [kind, expected, words] of ends) {
    test(`says in Google's words what is the matter (${kind}), and goes on when it is over`, async (t) => {
      const story = await aStory(t);
      if (story === undefined) return;
      story.drive.faults.plan({ kind });

      const { details, code } = await told(story.offload());

      assert.match(details, words);
      assert.equal(code, expected);
      assert.deepEqual(story.there(), {});
      await story.finish();
    });
  }

  test("renews an access token that ran out, and the configuration keeps the new one", async (t) => {
    const story = await aStory(t, { isExpired: true });
    if (story === undefined) return;
    await story.finish();
    assert.equal(story.drive.calls.token, 1);
    assert.match(readFileSync(story.config, "utf8"), new RegExp(secrets.renewedToken));
  });

  test("says what stayed behind where the day's quota ends half way, and brings the rest another day", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    story.drive.faults.plan({ kind: "quota", after: 3 });

    const { code, result } = await told(story.offload());

    assert.equal(code, "UPLOAD_LIMIT");
    assert.equal(Object.keys(story.there()).length, 3);
    assert.equal(result.files.verified, 3);
    const ids = [...story.drive.objects.files().values()].flat().map(({ id }) => id);
    await story.finish();
    for (const id of ids)
      assert.ok(story.drive.objects.get(id) !== undefined, "what was there was not sent again");
  });

  test("does not take a file that changes while it is sent for what was sealed", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    const file = join(story.dataFolder, "archive", story.data);
    const sealed = readFileSync(file);
    const act = (): void => appendFileSync(file, "more");
    story.drive.faults.plan({ kind: "meanwhile", on: ["list"], times: 1, act });

    const { code, result } = await told(story.offload());

    assert.notEqual(code, "");
    assert.ok(result.problems.some(({ path }) => path === story.data));
    assert.equal((await story.prune()).hours, 0);
    for (const { content } of story.drive.objects.at(`hourbook/${story.data}`))
      assert.ok(!content.equals(sealed));
    rmSync(file);
    story.drive.objects
      .at(`hourbook/${story.data}`)
      .forEach(({ id }) => story.drive.objects.delete(id));
    appendFileSync(file, sealed);
    await story.finish();
  });

  test("gives no receipt where rclone ends well and sent nothing", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    const file = join(story.dataFolder, "archive", story.data);
    const act = (): void => {
      if (existsSync(file)) renameSync(file, `${story.dataFolder}/aside`);
    };
    story.drive.faults.plan({ kind: "meanwhile", on: ["get"], times: 1, act });

    const { code, details } = await told(story.offload());
    renameSync(`${story.dataFolder}/aside`, file);

    assert.equal(code, "UPLOAD_FAILED");
    assert.match(details, /the copy ended without a word about it/);
    await story.finish();
  });
});
