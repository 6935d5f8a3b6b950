/**
 * An hour log is where promise 1 is kept: what `append` returned for is on the disk, whatever happens next.
 *
 * Method: real files in a folder of the test's own; damage is done to the bytes from outside, as a crash or a
 * failing disk would.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  appendFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import { systemClock } from "../../../runtime/doors/clock.ts";
import { type Files, systemFiles } from "../../../runtime/doors/files.ts";
import { type HourLog, hourLog, type HourLogOptions } from "../../../runtime/hours/hour-log.ts";
import { keepReserve, reserveBytes } from "../../../runtime/hours/reserve.ts";
import { readLines } from "../../../runtime/hours/read.ts";
import { temporaryFolder } from "../../support/folder.ts";

const hour = "2026-11-22T15";

interface Fixture {
  folder: string;
  options: HourLogOptions;
  log: HourLog;
  path(part: number): string;
  write(text: string): Promise<number>;
  lines(part: number): Promise<string[]>;
}

function fixture(t: TestContext, files: Files = systemFiles): Fixture {
  const folder = temporaryFolder(t);
  const machine = { files, clock: systemClock };
  const options = { machine, dataFolder: folder, stream: "polymarket.books" };
  const log = hourLog(options);
  const path = (part: number): string =>
    join(folder, "open", `polymarket.books.${hour}.part${part}.jsonl.gz`);
  return {
    folder,
    options,
    log,
    path,
    write: async (text) => (await log.append(hour, () => [Buffer.from(`${text}\n`)])).number,
    async lines(part) {
      const lines: string[] = [];
      for await (const line of readLines(systemFiles, path(part))) lines.push(line.toString());
      return lines;
    },
  };
}

function openNames(folder: string): string[] {
  return readdirSync(join(folder, "open")).sort();
}

suite("an hour log", () => {
  test("writes each append as one gzip member that any reader takes", async (t) => {
    const { write, path } = fixture(t);
    assert.equal(await write("one"), 100_001);
    assert.equal(await write("two"), 100_002);
    assert.equal(gunzipSync(readFileSync(path(1))).toString(), "one\ntwo\n");
  });

  test("tells the composer where its member will stand", async (t) => {
    const { log } = fixture(t);
    const seen: unknown[] = [];
    for (let count = 0; count < 2; count += 1) {
      await log.append(hour, (tail) => {
        seen.push([tail.number, tail.isFirst, tail.crc !== undefined]);
        return [Buffer.from("x\n")];
      });
    }
    assert.deepEqual(seen, [
      [100_001, true, false],
      [100_002, false, true],
    ]);
  });

  test("goes on in a new part after a torn tail, keeps the torn bytes and says what is lost", async (t) => {
    const { folder, write, path, lines } = fixture(t);
    await write("one");
    const whole = statSync(path(1)).size;
    await write("two");
    truncateSync(path(1), statSync(path(1)).size - 3);

    assert.equal(await write("three"), 200_001);

    assert.deepEqual(await lines(1), ["one"]);
    assert.deepEqual(await lines(2), ['{"kind":"lost","after":100001,"before":200001}', "three"]);
    assert.ok(openNames(folder).includes(`polymarket.books.${hour}.part1.at${whole}.torn`));
  });

  test("tells the log and the journal of each repair, and waits for neither", async (t) => {
    const { write, path, options } = fixture(t);
    await write("one");
    truncateSync(path(1), statSync(path(1)).size - 3);
    const told: [string, object][] = [];
    const note = (event: string, about: object): Promise<boolean> => {
      told.push([event, about]);
      return new Promise(() => {});
    };
    const log = hourLog({
      ...options,
      note,
      log: { warn: (about, what) => told.push([what, about]) },
    });

    const { repaired } = await log.append(hour, () => [Buffer.from("two\n")]);

    const about = { stream: options.stream, ...repaired[0] };
    assert.deepEqual(told, [
      [`repaired ${basename(path(1))}`, about],
      ["repaired", about],
    ]);
  });

  test("steps over a damaged member in the middle and keeps the ones around it", async (t) => {
    const { write, path, lines, log } = fixture(t);
    for (const text of ["one", "two", "three"]) await write(text);
    const bytes = readFileSync(path(1));
    const second = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8, 4]), 1);
    bytes[second + 30] = (bytes[second + 30] ?? 0) ^ 0xff;
    writeFileSync(path(1), bytes);

    const [repair] = await log.repair();

    assert.equal(repair?.holes, 1);
    assert.deepEqual(await lines(1), ["one", "three"]);
    assert.deepEqual(await lines(2), ['{"kind":"lost","after":100001,"before":100003}']);
    assert.equal(await write("four"), 200_001);
  });

  for (const [what, junk] of [
    ["zeros", Buffer.alloc(4096)],
    ["garbage", Buffer.from("garbage \u001f\u008b\b\u0004 and more")],
    ["half a header", Buffer.from([0x1f, 0x8b, 8, 4, 0, 0])],
  ] as const) {
    test(`recognises ${what} behind the last member`, async (t) => {
      const { write, path, lines } = fixture(t);
      await write("one");
      appendFileSync(path(1), junk);
      assert.equal(await write("two"), 200_001);
      assert.deepEqual(await lines(1), ["one"]);
    });
  }

  test("loses only the damaged member, wherever the file is cut", async (t) => {
    const { write, path, lines, log, folder } = fixture(t);
    for (const text of ["one", "two"]) await write(text);
    const bytes = readFileSync(path(1));
    const second = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8, 4]), 1);
    for (let length = second; length < bytes.length; length += 1) {
      for (const name of openNames(folder))
        if (!name.includes("part1.jsonl")) truncateSync(join(folder, "open", name), 0);
      writeFileSync(path(1), bytes.subarray(0, length));
      await log.repair();
      assert.deepEqual(await lines(1), ["one"], `cut at ${length}`);
    }
  });

  test("accepts an empty file, as a crash right after its creation leaves it", async (t) => {
    const { write, path, folder } = fixture(t);
    mkdirSync(join(folder, "open"));
    writeFileSync(path(1), "");
    assert.equal(await write("one"), 100_001);
  });

  test("takes no line into a closed hour: it goes into the next open one", async (t) => {
    const { log, write, folder } = fixture(t);
    await write("one");
    await log.close(hour);
    const late = await log.append(hour, () => [Buffer.from("late\n")]);
    assert.equal(late.hour, "2026-11-22T16");
    assert.ok(openNames(folder).includes(`polymarket.books.${hour}.part1.closed.jsonl.gz`));
  });

  test("keeps an hour closed after its files are gone, and the hours around it open", async (t) => {
    const { log } = fixture(t);
    for (const closed of ["2030-01-01T05", "2026-11-22T15", "2026-11-22T16"])
      await log.close(closed);
    const target = async (asked: string): Promise<string> =>
      (await log.append(asked, () => [Buffer.from("x\n")])).hour;
    assert.equal(await target("2026-11-22T15"), "2026-11-22T17");
    assert.equal(await target("2026-11-22T14"), "2026-11-22T14");
    assert.equal(await target("2030-01-01T05"), "2030-01-01T06");
  });

  test("cuts a full disk's short write back, so the file holds what it held", async (t) => {
    const disk = diskWithRoom(60);
    const { write, lines } = fixture(t, disk.files);
    disk.room = 10_000;
    await write("one");
    disk.room = 20;
    await assert.rejects(write("two"), { code: "DISK_FULL", exit: "failed" });
    disk.room = 10_000;
    assert.equal(await write("three"), 100_002);
    assert.deepEqual(await lines(1), ["one", "three"]);
  });

  test("never appends to a file whose fdatasync failed", async (t) => {
    const disk = diskWithRoom(10_000);
    const { write } = fixture(t, disk.files);
    await write("one");
    disk.failSync = "EIO";
    await assert.rejects(write("two"), { code: "DISK_ERROR" });
    disk.failSync = undefined;
    assert.equal(await write("three"), 200_001);
  });

  test("keeps nothing of an append whose fdatasync failed, and goes on in a new part", async (t) => {
    for (const code of ["EIO", "ENOSPC"]) {
      const disk = diskWithRoom(10_000);
      const { write, lines } = fixture(t, disk.files);
      await write("one");
      disk.failSync = code;
      await assert.rejects(write("two"), { code: code === "EIO" ? "DISK_ERROR" : "DISK_FULL" });
      disk.failSync = undefined;
      assert.equal(await write("three"), 200_001, code);
      assert.deepEqual([await lines(1), await lines(2)], [["one"], ["three"]]);
    }
  });

  test("calls a disk full that has no room for a new file, and one that turned read-only broken", async (t) => {
    for (const [errno, code] of [
      ["ENOSPC", "DISK_FULL"],
      ["EDQUOT", "DISK_FULL"],
      ["EROFS", "DISK_ERROR"],
    ] as const) {
      const files: Files = {
        ...systemFiles,
        open: (path, mode) =>
          mode === "append" && path.endsWith(".gz")
            ? Promise.reject(Object.assign(new Error("refused"), { code: errno }))
            : systemFiles.open(path, mode),
      };
      await assert.rejects(fixture(t, files).write("one"), { code });
    }
  });

  test("has written what it wrote, even if it cannot remember that", async (t) => {
    const { write, lines, folder } = fixture(t, {
      ...systemFiles,
      remove: (path) =>
        path.includes("tail-")
          ? Promise.reject(Object.assign(new Error("broken"), { code: "EIO" }))
          : systemFiles.remove(path),
    });
    assert.equal(await write("one"), 100_001);
    writeFileSync(join(folder, "state", "tail-polymarket.books.json"), "{}");
    assert.equal(await write("two"), 100_002);
    assert.deepEqual(await lines(1), ["one", "two"]);
  });

  test("makes the name of a file durable that a killed process had only begun", async (t) => {
    const synced: string[] = [];
    const { write, folder } = fixture(t, {
      ...systemFiles,
      syncFolder: (path) => {
        synced.push(path);
        return systemFiles.syncFolder(path);
      },
    });
    await write("one");
    rmSync(join(folder, "state", "tail-polymarket.books.json"));
    synced.length = 0;
    await write("two");
    assert.deepEqual(synced, [join(folder, "open")]);
    await write("three");
    assert.equal(synced.length, 1, "once is enough");
  });

  test("names the next part's first poll as the end of a hole in the part before it", async (t) => {
    const { write, path, lines, log } = fixture(t);
    await write("one");
    appendFileSync(path(1), "torn");
    await write("two");
    truncateSync(path(1), statSync(path(1)).size - 1);
    await log.repair();
    assert.deepEqual(await lines(3), ['{"kind":"lost","after":100000,"before":200001}']);
  });

  test("goes on when the list of closed hours is damaged, and keeps it aside", async (t) => {
    const { log, write, folder } = fixture(t);
    await write("one");
    await log.close(hour);
    const list = join(folder, "open", "polymarket.books.closed.json");
    writeFileSync(list, '{"closed":');
    const late = await log.append(hour, () => [Buffer.from("late\n")]);
    assert.equal(late.hour, "2026-11-22T16", "what is closed shows it by its name");
    assert.equal(readFileSync(`${list}.damaged`, "utf8"), '{"closed":');
    await log.close("2026-11-22T16");
    assert.equal(readFileSync(list, "utf8"), '{"closed":[["2026-11-22T15","2026-11-22T16"]]}\n');
  });

  test("passes over a memory of its end that cannot be one", async (t) => {
    const { write, folder, path } = fixture(t);
    await write("one");
    writeFileSync(path(1), "");
    const memory = { file: `polymarket.books.${hour}.part1.jsonl.gz`, bytes: 0, crc: 0, number: 7 };
    const state = join(folder, "state", "tail-polymarket.books.json");
    writeFileSync(state, JSON.stringify(memory));
    assert.equal(await write("two"), 100_001);
  });

  test("takes the room held back on a full disk, if it may, and only once", async (t) => {
    const disk = diskWithRoom(0);
    const { folder, lines } = fixture(t, disk.files);
    const options = { machine: { files: disk.files, clock: systemClock }, dataFolder: folder };
    const urgent = hourLog({ ...options, stream: "polymarket.books", mayUseReserve: true });
    mkdirSync(join(folder, "state", "locks"), { recursive: true });
    assert.ok(await keepReserve(disk.files, folder));
    assert.equal(statSync(join(folder, "state", "reserve")).size, reserveBytes);
    // The room that its removal gives back.
    const { remove } = disk.files;
    disk.files.remove = async (path) => {
      await remove(path);
      if (path.endsWith("reserve")) disk.room = 100;
    };
    await urgent.append(hour, () => [Buffer.from("one\n")]);
    assert.ok(!existsSync(join(folder, "state", "reserve")));
    const more = (): Promise<unknown> => urgent.append(hour, () => [Buffer.from("two\n")]);
    await assert.rejects(more().then(more), { code: "DISK_FULL" });
    assert.deepEqual((await lines(1))[0], "one");
  });

  test("is written by two processes in turn", async (t) => {
    const { folder, write } = fixture(t);
    const other = hourLog({
      machine: { files: systemFiles, clock: systemClock },
      dataFolder: folder,
      stream: "polymarket.books",
    });
    const numbers = await Promise.all([
      write("a"),
      other.append(hour, () => [Buffer.from("b\n")]).then(({ number }) => number),
      write("c"),
    ]);
    assert.deepEqual(
      numbers.sort((a, b) => a - b),
      [100_001, 100_002, 100_003],
    );
  });
});

/** The real files, but open hours take only so many bytes, and their sync can fail. */
function diskWithRoom(room: number): { files: Files; room: number; failSync: string | undefined } {
  const disk = { room, failSync: undefined as string | undefined, files: systemFiles };
  disk.files = {
    ...systemFiles,
    async open(path, mode) {
      const file = await systemFiles.open(path, mode);
      if (!path.endsWith(".jsonl.gz") || mode === "read") return file;
      return {
        ...file,
        async write(bytes) {
          const fits = bytes.subarray(0, disk.room);
          disk.room -= fits.length;
          if (fits.length === 0) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
          return file.write(fits);
        },
        async syncData() {
          if (disk.failSync !== undefined)
            throw Object.assign(new Error("i/o error"), { code: disk.failSync });
          return file.syncData();
        },
      };
    },
  };
  return disk;
}
