/**
 * What becomes of a copy on Google Drive after it was made, and what its listings leave out, each as a test
 * through offload and prune: the real rclone and its real drive backend, before a fake Drive.
 *
 * Method: `aStory` looks in the end, whatever happened, whether a local file is gone only while the Drive holds
 * exactly one object with its bytes.
 */
import assert from "node:assert/strict";
import { suite } from "node:test";
import type { DriveObject } from "../../drive/objects.ts";
import { aStory, type Story, told } from "../../support/drive-story.ts";
import { some } from "../../support/some.ts";
import { hourMs, minuteMs } from "../../../runtime/time.ts";

/** The object of the older hour's data file. */
function copyOf({ drive, data }: Story): DriveObject {
  const [object] = drive.objects.at(`hourbook/${data}`);
  assert.ok(object !== undefined, "it was never there");
  return object;
}

function put(story: Story, content: Buffer): DriveObject {
  const { name, parents } = copyOf(story);
  return story.drive.objects.add({ name, parents, content });
}

/** Offloaded, and two hours later. */
async function offloaded(story: Story): Promise<DriveObject> {
  assert.equal((await story.offload()).files.verified, 8 + 1);
  story.run.clock.step(2 * hourMs);
  return copyOf(story);
}

suite("a copy on Google Drive", { concurrency: 6 }, () => {
  const test = some(6);

  const changes: [string, (story: Story, object: DriveObject) => void, RegExp][] = [
    ["was deleted", ({ drive }, { id }) => drive.objects.delete(id), /remote absent/],
    ["lies in the trash", (_, object) => void (object.trashed = true), /remote absent/],
    ["was moved elsewhere", (_, object) => void (object.parents = ["root-0000"]), /remote absent/],
    [
      "has other bytes",
      (_, object) => void (object.content = Buffer.from(object.content).fill(7)),
      /here and there, but other content/,
    ],
    [
      "was emptied",
      (_, object) => void (object.content = Buffer.alloc(0)),
      /local \d+ B, remote 0 B/,
    ],
    [
      "got a second one of its name, with the same bytes",
      (story, { content }) => void put(story, content),
      /2 objects of that name/,
    ],
    [
      "got a second one of its name, with other bytes",
      (story) => void put(story, Buffer.from("another")),
      /2 objects of that name/,
    ],
  ];
  for (const [what, change, problem] of changes) {
    test(`that ${what} since keeps the hour here`, async (t) => {
      const story = await aStory(t);
      if (story === undefined) return;
      change(story, await offloaded(story));

      const { code, details, result } = await told(story.prune());

      assert.equal(code, "REMOTE_DIFFERS");
      assert.match(details, problem);
      assert.deepEqual([result.hours, result.kept.remoteDiffers], [0, 1]);
    });
  }

  test("that was deleted since is made again, and the hour goes when that one is proven", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    story.drive.objects.delete((await offloaded(story)).id);

    await told(story.prune());

    await story.finish();
  });

  test("that is deleted while prune looks keeps the hour here", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    const { id } = await offloaded(story);
    const { drive } = story;
    // The first look has seen it; the second is made when the hour has left the archive.
    const act = (): void => {
      if (story.hasLeft()) drive.objects.delete(id);
    };
    drive.faults.plan({ kind: "meanwhile", on: ["list", "get"], act });

    const { code, details, result } = await told(story.prune());

    assert.equal(code, "REMOTE_DIFFERS");
    assert.match(details, /its copy went when it was moved/);
    assert.equal(result.hours, 0);
    await story.finish();
  });

  for (const fault of ["down", "unauthorized", "reset"] as const) {
    test(`cannot be looked at (${fault}), and so nothing is deleted`, async (t) => {
      const story = await aStory(t);
      if (story === undefined) return;
      await offloaded(story);
      story.drive.faults.plan({ kind: fault });

      const { code } = await told(story.prune());

      assert.equal(code, "REMOTE_UNREACHABLE");
      await story.finish();
    });
  }

  test("has another time than the file here, which says nothing", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    (await offloaded(story)).modifiedTime = "2001-01-01T00:00:00.000Z";
    await story.finish();
  });

  test("that is listed late is waited for, and not sent again", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    story.drive.objects.isLagging = true;

    const first = await story.offload();
    story.run.clock.step(30 * minuteMs);
    const second = await story.offload();

    assert.deepEqual([first.files["uploaded-unverified"], first.files.pending], [6, 2]);
    assert.deepEqual(second.files, first.files);
    assert.equal((await story.prune()).kept.noReceipt, 1);
    assert.ok(Object.values(story.there()).every((md5s) => md5s.length === 1));
    await story.finish();
  });

  test("of which the answer was lost, and the listing lags, can be there twice: then the hour stays", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    story.drive.objects.isLagging = true;
    story.drive.faults.plan({ kind: "lost-reply", times: 1 });
    await told(story.offload());
    const twice = Object.entries(story.there()).filter(([, md5s]) => md5s.length > 1);
    story.drive.objects.catchUp();
    story.drive.faults.clear();
    story.run.clock.step(2 * hourMs);

    const { code, details, result } = await told(story.offload());
    story.run.clock.step(2 * hourMs);
    await told(story.prune());

    assert.equal(twice.length, 1, "rclone sent it again");
    assert.equal(code, "CONFLICT");
    assert.match(details, /duplicate: 2 objects of that name/);
    assert.equal(result.files.duplicate, 1);
  });

  test("of another machine under the same name is left as it is", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    const object = await offloaded(story);
    const other = Buffer.from(object.content).fill(7);
    object.content = other;
    story.forgetReceipts();

    const { code, details } = await told(story.offload());
    story.run.clock.step(2 * hourMs);
    const pruned = await story.prune();

    assert.equal(code, "CONFLICT");
    assert.match(details, /conflict: \d+ B here and there, but other content/);
    assert.ok(copyOf(story).content.equals(other) && story.drive.objects.get(object.id) === object);
    assert.equal(pruned.kept.noReceipt, 1);
  });

  test("is found where a receipt was lost, and not sent again", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    const { id } = await offloaded(story);
    story.forgetReceipts();

    const { found, copied } = await story.offload();

    assert.deepEqual([found, copied, copyOf(story).id], [8 + 1, 1, id]);
    await story.finish();
  });

  test("whose folder is there twice keeps the hour here until there is one", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    const { objects, faults } = story.drive;
    // rclone makes it again when it was not told that it was made.
    faults.plan({ kind: "lost-reply", on: ["folder"], after: 2, times: 1 });

    const { code, details } = await told(story.offload());
    story.run.clock.step(2 * hourMs);
    const second = await told(story.offload());
    const [folder, other] = objects.search("name='stream=books'");

    assert.ok(folder !== undefined && other !== undefined);
    assert.equal(code, "CONFLICT");
    assert.match(details, /a folder above it is there twice: rclone dedupe skip/);
    assert.deepEqual([second.result.files.duplicate, second.result.copied], [6, 0]);
    assert.equal((await story.prune()).hours, 0);
    const { signal } = new AbortController();
    const args = ["dedupe", "skip", "gd:hourbook", "--config", story.config];
    await story.children.run({ program: "rclone", args, signal });
    await story.finish();
  });

  test("in a remote whose own folder is there twice keeps the hour here until there is one", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    await offloaded(story);
    const { objects } = story.drive;
    const [folder] = objects.search("name='hourbook'");
    assert.ok(folder !== undefined);
    const { name, parents, mimeType } = folder;
    const second = objects.add({ name, parents, mimeType });
    story.run.clock.step(2 * hourMs);

    const { code, details } = await told(story.prune());

    assert.equal(code, "REMOTE_DIFFERS");
    assert.match(details, /a folder above it is there twice/);
    objects.delete(second.id);
    await story.finish();
  });

  test("hidden in a second folder of one name is not taken for missing, and not sent again", async (t) => {
    const story = await aStory(t);
    if (story === undefined) return;
    await offloaded(story);
    const [folder] = story.drive.objects.search("name='stream=books'");
    assert.ok(folder !== undefined);
    const { name, parents, mimeType } = folder;
    const empty = story.drive.objects.add({ name, parents, mimeType });
    story.forgetReceipts();

    const { code, result } = await told(story.offload());
    const kept = await story.prune();
    story.drive.objects.delete(empty.id);

    assert.deepEqual([code, result.copied, result.files.duplicate], ["CONFLICT", 0, 6]);
    assert.equal(kept.kept.noReceipt, 1);
    await story.finish();
  });
});
