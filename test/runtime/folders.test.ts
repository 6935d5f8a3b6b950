/** The folders of a new data folder, on a disk that forgets what was not synced. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { prepareFolders } from "../../runtime/folders.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { MemoryDisk } from "../support/memory-files.ts";
import { virtualClock } from "../support/virtual-clock.ts";

suite("a new data folder", () => {
  test("outlives a power cut with everything that was recorded in it", async () => {
    const disk = new MemoryDisk();
    const { files } = disk.process();
    await prepareFolders(files, "/srv/hourbook/data");
    const machine = { files, clock: virtualClock({ start: 0 }) };
    const log = hourLog({ machine, dataFolder: "/srv/hourbook/data", stream: "a.books" });
    await log.append("2026-11-22T15", () => [Buffer.from("{}\n")]);
    disk.powerCut();

    const names = await disk.process().files.list("/srv/hourbook/data/open");
    assert.deepEqual(
      names.map(({ name }) => name),
      ["a.books.2026-11-22T15.part1.jsonl.gz"],
    );
  });
});
