/**
 * What scrub and restore ask of a remote: to show everything that it holds, and to bring some of it here.
 *
 * Method: files laid into a remote that is a folder of the test's own, reached directly and through the real
 * rclone.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { openRemote, type Remote } from "../../../functions/remote/remote.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { contentsOf } from "../../support/hours.ts";
import { aRemote, onDisk, type RemoteKind } from "../../support/remotes.ts";
import { aRun } from "../../support/run.ts";

const held: Record<string, string> = {
  "venue=a/hour=01/vps-1.jsonl.gz": "one",
  "venue=a/hour=01/a b [1].sha256": "two",
  "labels/x.json": "{}",
};

async function holding(t: TestContext, kind: RemoteKind): Promise<Remote | undefined> {
  const made = aRemote(t, kind);
  if (made === undefined) return undefined;
  const remote = await openRemote(aRun(made));
  const source = temporaryFolder(t);
  for (const [path, text] of Object.entries(held)) write(source, path, text);
  await remote.copy(source, Object.keys(held));
  return remote;
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

for (const kind of ["dir", "rclone", "crypt"] satisfies RemoteKind[]) {
  suite(`a remote (${kind})`, () => {
    test("shows everything that it holds, and brings what is asked for over what lies there", async (t) => {
      const remote = await holding(t, kind);
      if (remote === undefined) return;
      const here = temporaryFolder(t);
      write(here, "labels/x.json", "of a run that was killed");

      const all = await Array.fromAsync(remote.listAll());
      const paths = Object.keys(held);
      const { copied, failures } = await remote.fetch(here, paths.slice(1));

      assert.deepEqual(
        Object.fromEntries(all.map(({ path, bytes }) => [path, bytes])),
        Object.fromEntries(paths.map((path) => [path, held[path]?.length])),
      );
      assert.deepEqual([...copied].sort(), paths.slice(1).sort());
      assert.deepEqual(failures, []);
      for (const path of copied) assert.equal(readFileSync(join(here, path), "utf8"), held[path]);
      assert.deepEqual(Object.keys(contentsOf(here)).sort(), paths.slice(1).sort());
    });

    test("says of an object that it does not hold nothing at all, and brings the others", async (t) => {
      const remote = await holding(t, kind);
      if (remote === undefined) return;
      const here = temporaryFolder(t);

      const { copied } = await remote.fetch(here, ["venue=a/none", "labels/x.json"]);

      assert.deepEqual([...copied], ["labels/x.json"]);
      assert.deepEqual(Object.keys(contentsOf(here)), ["labels/x.json"]);
    });
  });
}

suite("a remote that is a folder", () => {
  test("does not show what a copy that was killed has left, nor asks for it to be there", async (t) => {
    const made = onDisk(t);
    const remote = await openRemote(aRun(made));
    write(made.folder, "labels/.x.json.tmp", "half");
    write(made.folder, "labels/x.json", "{}");

    assert.deepEqual(
      (await Array.fromAsync(remote.listAll())).map(({ path }) => path),
      ["labels/x.json"],
    );
    const none = await openRemote(aRun(onDisk(t)));
    assert.deepEqual(await Array.fromAsync(none.listAll()), []);
  });
});
