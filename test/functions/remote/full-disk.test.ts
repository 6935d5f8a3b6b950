/** A disk that rclone writes to, and that is full in the middle: needs root, for a tmpfs of 50 KB. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import offload from "../../../functions/offload.ts";
import type { Offloaded } from "../../../functions/remote/offload-tally.ts";
import { contentsOf, writeHour } from "../../support/hours.ts";
import { aRemote, failure } from "../../support/remotes.ts";
import { isRoot } from "../../support/root.ts";
import { aRun, call } from "../../support/run.ts";

test("a full disk behind rclone keeps no half of a file under its name, and takes the rest when there is room", async (t) => {
  if (!isRoot(t)) return;
  const remote = aRemote(t, "rclone");
  if (remote === undefined) return;
  const { folder, dataFolder, settings } = remote;
  const mount = (options: string) =>
    spawnSync("mount", ["-t", "tmpfs", "-o", options, "hourbook-test", folder]).status;
  if (mount("size=50k") !== 0) {
    t.skip("nothing can be mounted here");
    return;
  }
  try {
    for (let hour = 10; hour < 15; hour += 1)
      writeHour(dataFolder, { hour: `2026-11-22T${hour}`, seq: hour - 9 });
    const run = aRun({ dataFolder, settings });

    const error = await failure(call(offload, {}, run));
    const halves = Object.keys(contentsOf(folder)).filter(
      (path) => statSync(join(folder, path)).size === 0,
    );
    mount("remount,size=2m");
    const { files } = await call(offload, {}, run);

    assert.deepEqual([error.code, halves], ["REMOTE_FULL", []]);
    assert.equal((error.result as Offloaded).files.conflict, 0);
    assert.equal(files.verified, 5 * 4 + 1);
  } finally {
    spawnSync("umount", [folder]);
  }
});
