/** A folder is often the top of a disk, which has things of its own: worded to follow "a folder as the remote ...". */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import restore from "../../../functions/restore.ts";
import scrub from "../../../functions/scrub.ts";
import { type Files, systemFiles } from "../../../runtime/doors/files.ts";
import { contentsOf } from "../../support/hours.ts";
import { type Offsite, offsite } from "../../support/offsite.ts";
import { failure } from "../../support/remotes.ts";
import { call } from "../../support/run.ts";

const dir = async (t: TestContext): Promise<Offsite> => (await offsite(t)) as Offsite;

/** As a folder of root's is to whoever records; root itself may look into all. */
function closed(name: string): Files {
  return {
    ...systemFiles,
    async list(folder) {
      if (basename(folder) !== name) return systemFiles.list(folder);
      throw Object.assign(new Error(`EACCES: permission denied, scandir '${folder}'`), {
        code: "EACCES",
      });
    },
  };
}

suite("a folder as the remote", () => {
  test("may be the top of a disk, with a lost+found that is closed to whoever records", async (t) => {
    const { run, lose, recording, remote, archive } = await dir(t);
    mkdirSync(join(remote.folder, "lost+found"));
    const files = closed("lost+found");

    const scrubbed = await call(scrub, {}, run({ files }));
    lose();
    await call(restore, {}, run({ files }));

    assert.equal(scrubbed.findings.length, 0);
    assert.deepEqual(contentsOf(join(recording.dataFolder, "archive")), archive);
  });

  test("with a folder of the archive closed is no smaller archive: unavailable (69)", async (t) => {
    const { run } = await dir(t);

    const error = await failure(call(scrub, {}, run({ files: closed("stream=books") })));

    assert.deepEqual([error.code, error.exit], ["REMOTE_UNREACHABLE", "unavailable"]);
    assert.match(error.message, /EACCES.*stream=books/);
  });

  test("passes over a link that leads nowhere, and says of a file in its place what it is", async (t) => {
    const { run, remote } = await dir(t);
    symlinkSync("loop", join(remote.folder, "loop"));
    symlinkSync("nowhere", join(remote.folder, "dangling"));

    const { findings, unknown } = await call(scrub, {}, run());
    rmSync(remote.folder, { recursive: true });
    writeFileSync(remote.folder, "a file");
    const error = await failure(call(restore, {}, run()));

    assert.deepEqual([findings, unknown.foreign], [[], 0]);
    assert.equal(error.code, "REMOTE_UNREACHABLE");
  });
});
