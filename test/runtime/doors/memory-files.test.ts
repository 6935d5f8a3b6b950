/**
 * The disk in memory that tests rely on is held to be like a real one, and does what a real one does only rarely.
 *
 * Method: the same random calls go to both, and each must answer alike.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { type Files, type OpenMode, systemFiles } from "../../../runtime/doors/files.ts";
import { errnoOf } from "../../../runtime/errors.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { MemoryDisk } from "../../support/memory-files.ts";
import { rotatingSeed } from "../../support/seed.ts";
import { unit } from "../../venue/random.ts";

const names = [
  "a",
  "b",
  "folder/a",
  "folder/b",
  "folder/deep/a",
  "folder",
  "folder/deep",
  "none/a",
];

suite("a disk in memory", () => {
  test("answers any call as a real one does", async (t) => {
    const seed = rotatingSeed(t);
    const root = temporaryFolder(t);
    const disk = new MemoryDisk().process().files;
    await disk.makeFolder(root);
    for (let step = 1; step <= 400; step += 1) {
      const call = callOf(seed, step);
      const real = await answer(() => call.make(systemFiles, root));
      const virtual = await answer(() => call.make(disk, root));
      assert.deepEqual(virtual, real, `step ${step}: ${call.what}`);
    }
  });

  test("takes what it has room for, and says when it has none", async () => {
    const disk = new MemoryDisk({ capacityBytes: 5 });
    const { files } = disk.process();
    const file = await files.open("/a", "create");
    assert.equal(await file.write(Buffer.from("1234567")), 5);
    assert.equal(await answer(() => file.write(Buffer.from("8"))), "ENOSPC");
    assert.equal((await files.space("/")).freeBytes, 0);
    await files.remove("/a");
    assert.equal((await files.space("/")).freeBytes, 5);
  });

  test("fails where it is told to", async () => {
    const disk = new MemoryDisk();
    const { files } = disk.process();
    const file = await files.open("/a", "create");
    disk.fault = (method) => (method === "syncData" ? "EIO" : undefined);
    assert.equal(await answer(() => file.syncData()), "EIO");
    assert.equal(await answer(() => file.write(Buffer.from("x"))), 1);
  });

  test("forgets at a power cut what was not synced: bytes and names", async () => {
    const disk = new MemoryDisk();
    const { files } = disk.process();
    for (const name of ["kept", "unnamed"]) {
      const file = await files.open(`/${name}`, "create");
      await file.write(Buffer.from("synced"));
      await file.syncData();
      if (name === "kept") await files.syncFolder("/");
      await file.write(Buffer.from(" and not"));
    }
    disk.powerCut();
    const after = disk.process().files;
    assert.equal((await after.read("/kept")).toString(), "synced");
    assert.deepEqual(await after.list("/"), [{ name: "kept", isFolder: false }]);
  });

  test("keeps what was cut off a file until that is synced, and any part of what was appended", async () => {
    const disk = new MemoryDisk();
    const file = await disk.process().files.open("/a", "create");
    await file.write(Buffer.from("12345678"));
    await file.syncData();
    await disk.process().files.syncFolder("/");
    await file.truncate(2);
    await file.write(Buffer.from("xx"));
    disk.powerCut();
    const again = disk.process().files;
    assert.equal((await again.read("/a")).toString(), "12345678");
    await (await again.open("/a", "append")).write(Buffer.from("abcd"));
    disk.powerCut(() => 0.5);
    assert.equal((await disk.process().files.read("/a")).toString(), "12345678ab");
  });

  test("drops a process's locks when it is killed, and refuses what it still calls", async () => {
    const disk = new MemoryDisk();
    const [first, second] = [disk.process(), disk.process()];
    assert.ok(await first.files.lock("/a.lock"));
    assert.equal(await second.files.lock("/a.lock"), undefined);
    first.kill();
    assert.ok(await second.files.lock("/a.lock"));
    await assert.rejects(first.files.list("/"), /killed/);
  });
});

interface Call {
  what: string;
  make(files: Files, root: string): Promise<unknown>;
}

function callOf(seed: number, step: number): Call {
  const chance = (index: number): number => unit(seed, step, index);
  const pick = <T>(list: readonly T[], index: number): T =>
    list[Math.floor(chance(index) * list.length)] as T;
  const [a, b] = [pick(names, 1), pick(names, 2)];
  const calls: Record<string, Call["make"]> = {
    append: (files, root) => use(files, join(root, a), "append", step),
    create: (files, root) => use(files, join(root, a), "create", step),
    open: (files, root) => use(files, join(root, a), "read", step),
    read: async (files, root) => (await files.read(join(root, a))).toString(),
    list: (files, root) => files.list(join(root, a)),
    stat: async (files, root) => {
      const found = await files.stat(join(root, a));
      return found && [found.isFolder, found.isFolder || found.bytes];
    },
    makeFolder: (files, root) => files.makeFolder(join(root, a)),
    rename: (files, root) => files.rename(join(root, a), join(root, b)),
    link: (files, root) => files.link(join(root, a), join(root, b)),
    remove: (files, root) => files.remove(join(root, a)),
    removeFolder: (files, root) => files.removeFolder(join(root, a)),
    syncFolder: (files, root) => files.syncFolder(join(root, a)),
  };
  const method = pick(Object.keys(calls), 3);
  return { what: `${method} ${a} ${b}`, make: (files, root) => calls[method]!(files, root) };
}

async function use(files: Files, path: string, mode: OpenMode, step: number): Promise<unknown> {
  const file = await files.open(path, mode);
  try {
    if (mode !== "read") await file.write(Buffer.from(`${step};`.repeat(1 + (step % 3))));
    if (step % 7 === 0 && mode !== "read") await file.truncate(step % 11);
    await file.syncData();
    return [await file.size(), (await file.read(1, 9)).toString()];
  } finally {
    await file.close();
  }
}

/** What it returned, or the code of its error. */
async function answer(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return errnoOf(error) ?? error;
  }
}
