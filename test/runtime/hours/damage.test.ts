/**
 * Whatever happens to the bytes of an open hour, only the member that was hit is lost, its bytes are kept aside,
 * the hole is on record, and no reader carries a book across it.
 *
 * Method: polls are recorded through the real functions on a disk in memory, bytes are damaged from outside, more
 * polls follow; then every book is read by the words of docs/archive-format.md alone and held against what the
 * venue sent. The seed is printed where it fails.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { systemClock } from "../../../runtime/doors/clock.ts";
import type { Files } from "../../../runtime/doors/files.ts";
import { hourLog } from "../../../runtime/hours/hour-log.ts";
import { pollAt } from "../../crash/poll.ts";
import { inForce, type Line, openLines } from "../../crash/sealed.ts";
import { textAt, tokens } from "../../crash/texts.ts";
import { MemoryDisk } from "../../support/memory-files.ts";

const stream = "polymarket.books";
const part1 = `/data/open/${stream}.2026-11-22T15.part1.jsonl.gz`;
const firstSlot = Date.parse("2026-11-22T15:00:00Z");
const runs = process.env["TEST_LONG"] === "1" ? 5_000 : 80;
const silent = (): void => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };

interface Hour {
  files: Files;
  /** Bytes of the first part after each poll. */
  ends: number[];
  poll(at: number): Promise<number>;
}

async function recorded(polls: number, disk = new MemoryDisk()): Promise<Hour> {
  const { files } = disk.process();
  await files.makeFolder("/data/state");
  const run = { clock: systemClock, files, log, settings: { dataFolder: "/data" } };
  const hour: Hour = {
    files,
    ends: [],
    poll: async (at) => (await pollAt(run, firstSlot + at * 10_000)).line.poll,
  };
  for (let at = 0; at < polls; at += 1) {
    await hour.poll(at);
    hour.ends.push((await files.stat(part1))?.bytes ?? 0);
  }
  return hour;
}

async function replace(files: Files, bytes: Buffer): Promise<void> {
  await files.remove(part1);
  const file = await files.open(part1, "create");
  await file.write(bytes);
}

/** The polls that the hour still tells of; each of their books must be the venue's, or not known. */
function truePolls(lines: readonly Line[]): Set<number> {
  const polls = lines.filter(({ kind }) => kind === "poll");
  for (const line of polls) {
    for (const token of tokens) {
      const told = inForce(lines, Number(line["poll"]), token);
      const sent = textAt(Date.parse(String(line["scheduled"])), token) ?? null;
      assert.ok(told === undefined || told === sent, `poll ${String(line["poll"])} of ${token}`);
    }
  }
  return new Set(polls.map((line) => (Date.parse(String(line["scheduled"])) - firstSlot) / 10_000));
}

async function assertOnlyLost(hour: Hour, lost: readonly number[]): Promise<void> {
  const { files, ends } = hour;
  const before = await hour.poll(50);
  await hour.poll(51);
  const lines = await openLines(files, stream);
  const kept = truePolls(lines);
  const expected = [...ends.keys()].filter((at) => !lost.includes(at));
  assert.deepEqual(
    [...kept].sort((a, b) => a - b),
    [...expected, 50, 51],
  );
  for (const token of tokens) {
    assert.notEqual(inForce(lines, before, token), undefined, "after a hole everything is written");
  }
  // Reported: the polls that are lost lie in a hole that a line names.
  const holes = lines.filter(({ kind }) => kind === "lost");
  for (const at of lost) {
    const number = 100_001 + at;
    assert.ok(
      holes.some((hole) => Number(hole["after"]) < number && number < Number(hole["before"])),
      `poll ${number} is in no hole`,
    );
  }
}

/** Bytes set aside, all together. */
async function asideBytes(files: Files): Promise<number> {
  const names = (await files.list("/data/open")).map(({ name }) => name);
  const torn = names.filter((name) => name.endsWith(".torn"));
  const sizes = await Promise.all(torn.map((name) => files.stat(`/data/open/${name}`)));
  return sizes.reduce((sum, stat) => sum + (stat?.bytes ?? 0), 0);
}

suite("a damaged hour", () => {
  test("loses only what was torn, at every byte of its last two members", async () => {
    const whole = await recorded(4);
    const bytes = await whole.files.read(part1);
    const [, second = 0, third = 0] = whole.ends;
    const stride = process.env["TEST_LONG"] === "1" ? 1 : 11;
    for (let length = second; length < bytes.length; length += stride) {
      const hour = await recorded(4);
      await replace(hour.files, bytes.subarray(0, length));
      const isWhole = whole.ends.includes(length);
      await assertOnlyLost(hour, length < third ? [2, 3] : [3]).catch((error: unknown) => {
        // Cut between two members nothing is torn, so nothing can tell of it.
        if (!isWhole) throw error;
      });
      const [start = 0] = whole.ends.filter((end) => end <= length).slice(-1);
      assert.equal(await asideBytes(hour.files), length - start, `cut at ${length}`);
    }
  });

  test("loses nothing to what lies behind its last member", async () => {
    const junk = fc.oneof(
      fc.integer({ min: 1, max: 70_000 }).map((length) => Buffer.alloc(length)),
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(junk, async (tail) => {
        const hour = await recorded(2);
        await replace(hour.files, Buffer.concat([await hour.files.read(part1), tail]));
        await assertOnlyLost(hour, []);
        assert.equal(await asideBytes(hour.files), tail.length);
      }),
      { numRuns: Math.ceil(runs / 5) },
    );
  });

  test("loses only the member that a flipped bit hit, wherever that is", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(7),
        async (where, bit) => {
          const hour = await recorded(4);
          const bytes = await hour.files.read(part1);
          const at = Math.floor(where * bytes.length);
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
          await replace(hour.files, bytes);
          // A poll looks at the hour's end; sealing, and whoever starts anew, at all of it.
          await hourLog({
            machine: { files: hour.files, clock: systemClock },
            dataFolder: "/data",
            stream,
          }).repair();
          const hit = hour.ends.findIndex((end) => at < end);
          await assertOnlyLost(hour, [hit]);
          const start = hit === 0 ? 0 : (hour.ends[hit - 1] ?? 0);
          assert.equal(await asideBytes(hour.files), (hour.ends[hit] ?? 0) - start);
        },
      ),
      { numRuns: runs },
    );
  });

  test("is repaired once, also when the repair itself is cut off", async () => {
    const stepsMax = 60;
    for (let step = 1; step < stepsMax; step += 1) {
      const disk = new MemoryDisk();
      const hour = await recorded(3, disk);
      const bytes = await hour.files.read(part1);
      const at = (hour.ends[0] ?? 0) + 40;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await replace(hour.files, bytes);
      let calls = 0;
      const isCut = (): boolean => (calls += 1) > step;
      disk.fault = () => (isCut() ? "EIO" : undefined);
      const options = {
        machine: { files: hour.files, clock: systemClock },
        dataFolder: "/data",
        stream,
      };
      const repaired = await hourLog(options)
        .repair()
        .then(
          () => true,
          () => false,
        );
      disk.fault = undefined;
      hour.files = disk.process().files;
      await hourLog({ ...options, machine: { files: hour.files, clock: systemClock } }).repair();
      const holes = (await openLines(hour.files, stream)).filter(({ kind }) => kind === "lost");
      assert.deepEqual(
        holes,
        [{ kind: "lost", after: 100_001, before: 100_003 }],
        `cut off at ${step}`,
      );
      if (repaired) return;
    }
    assert.fail("the repair never came to its end");
  });
});
