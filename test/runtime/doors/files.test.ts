/** The files door, where it differs from what Node does by itself. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { systemFiles } from "../../../runtime/doors/files.ts";
import { temporaryFolder } from "../../support/folder.ts";

suite("making a folder", () => {
  test("makes its parents, and is content with one that is there", async (t) => {
    const folder = join(temporaryFolder(t), "a", "b", "c");
    await systemFiles.makeFolder(folder);
    await systemFiles.makeFolder(folder);
    assert.equal((await systemFiles.stat(folder))?.isFolder, true);
  });

  test("refuses to take a file for a folder", async (t) => {
    const path = join(temporaryFolder(t), "file");
    writeFileSync(path, "");
    await assert.rejects(systemFiles.makeFolder(path), { code: "EEXIST" });
    await assert.rejects(systemFiles.makeFolder(join(path, "below")), { code: "ENOTDIR" });
  });

  // Node's own recursive mkdir tries for ever there, at full load.
  test("gives up where nothing can be made", { timeout: 5_000 }, async () => {
    await assert.rejects(systemFiles.makeFolder("/proc/hourbook/data"), { code: "ENOENT" });
  });
});

suite("a lock", () => {
  test("is held by one at a time and free at once after its release", async (t) => {
    const path = join(temporaryFolder(t), "lock");
    const lock = await systemFiles.lock(path);
    assert.equal(await systemFiles.lock(path), undefined);
    await lock?.release();
    await (await systemFiles.lock(path))?.release();
  });
});

suite("a lock's file", () => {
  for (const state of ["open already", "new to this process"]) {
    test(`that holds garbage, ${state}, is emptied and locked`, async (t) => {
      const path = join(temporaryFolder(t), "lock");
      if (state === "open already") await (await systemFiles.lock(path))?.release();
      writeFileSync(path, "garbage ".repeat(1_000));

      const lock = await systemFiles.lock(path);
      assert.ok(lock);
      assert.equal(await systemFiles.lock(path), undefined);
      await lock.release();
      assert.equal((await systemFiles.stat(path))?.bytes, 0);
    });
  }

  test("that went with its folder is locked again once that is there", async (t) => {
    const folder = join(temporaryFolder(t), "locks");
    const path = join(folder, "lock");
    mkdirSync(folder);
    await (await systemFiles.lock(path))?.release();
    rmSync(folder, { recursive: true });
    await assert.rejects(systemFiles.lock(path));
    mkdirSync(folder);

    await (await systemFiles.lock(path))?.release();
    assert.equal((await systemFiles.stat(path))?.bytes, 0);
  });
});

suite("a listing", () => {
  test("holds nothing where the folder is absent", async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, "b"));
    writeFileSync(join(folder, "a"), "");
    assert.deepEqual(await systemFiles.list(folder), [
      { name: "a", isFolder: false },
      { name: "b", isFolder: true },
    ]);
    assert.deepEqual(await systemFiles.list(join(folder, "absent")), []);
  });
});
