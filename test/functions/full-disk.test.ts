/**
 * A disk that fills at any point: what was acknowledged stays, the journal and the polls' accounts go on for a
 * while in the room held back, and everything goes on by itself once there is room.
 *
 * Method: polls and journal lines on a disk in memory that has room for so many bytes, for many such numbers; and,
 * as root, on a real tmpfs of 4 MB.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { systemClock } from "../../runtime/doors/clock.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { keepReserve } from "../../runtime/hours/reserve.ts";
import { pollAt } from "../crash/poll.ts";
import { inForce, type Line } from "../crash/sealed.ts";
import { textAt, tokens } from "../crash/texts.ts";
import { temporaryFolder } from "../support/folder.ts";
import { MemoryDisk } from "../support/memory-files.ts";

const silent = (): void => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };
const firstSlot = Date.parse("2026-11-22T15:00:00Z");

class Recording {
  readonly acked: number[] = [];
  readonly accounted: number[] = [];
  readonly journal: number[] = [];
  #run;
  #journal;
  #at = 0;

  constructor(files: Files, dataFolder: string) {
    this.#run = { clock: systemClock, files, log, settings: { dataFolder } };
    const options = {
      machine: this.#run,
      dataFolder,
      stream: "journal",
      mayUseReserve: true,
      isHeldOpen: true,
    };
    this.#journal = hourLog(options);
  }

  /** `false` if the disk did not even take its account. */
  async slot(): Promise<boolean> {
    this.#at += 1;
    const slot = firstSlot + this.#at * 10_000;
    const isOn = await this.#poll(slot);
    const line = Buffer.from(`{"kind":"end","run":"${slot}"}\n`);
    const write = this.#journal
      .append("2026-11-22T15", () => [line])
      .then(() => this.journal.push(slot));
    await write.catch(assertFull);
    return isOn;
  }

  async #poll(slot: number): Promise<boolean> {
    try {
      const { problem } = await pollAt(this.#run, slot);
      if (problem !== undefined) assertFull(problem);
      (problem === undefined ? this.acked : this.accounted).push(slot);
      return true;
    } catch (error) {
      assertFull(error);
      return false;
    }
  }
}

function assertFull(error: unknown): void {
  assert.ok(error instanceof OperatorError && error.code === "DISK_FULL", String(error));
}

async function linesIn(files: Files, dataFolder: string, stream: string): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { name } of await files.list(join(dataFolder, "open"))) {
    if (!name.startsWith(stream) || !name.endsWith(".gz")) continue;
    const bytes = await files.read(join(dataFolder, "open", name));
    const text = bytes.length === 0 ? "" : gunzipSync(bytes).toString();
    lines.push(
      ...text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line),
    );
  }
  return lines;
}

/** Every line is where it was acknowledged, once, and whole; each book is the venue's. */
async function assertKept(files: Files, dataFolder: string, recording: Recording): Promise<void> {
  const lines = await linesIn(files, dataFolder, "polymarket.books");
  const polls = lines.filter(({ kind }) => kind === "poll");
  const slots = polls.map((line) => Date.parse(String(line["scheduled"])));
  const { acked, accounted } = recording;
  assert.deepEqual(
    slots,
    [...acked, ...accounted].sort((a, b) => a - b),
  );
  for (const [at, slot] of slots.entries()) {
    for (const token of tokens) {
      const told = inForce(lines, Number(polls[at]?.["poll"]), token);
      assert.equal(told, accounted.includes(slot) ? null : (textAt(slot, token) ?? null));
    }
  }
  const journal = await linesIn(files, dataFolder, "journal");
  assert.deepEqual(
    journal.map((line) => Number(line["run"])),
    recording.journal,
  );
}

suite("a disk that fills", () => {
  test("at any byte costs no acknowledged poll, and recording goes on by itself", async () => {
    const isLong = process.env["TEST_LONG"] === "1";
    let accounts = 0;
    for (let room = 0; room < 6_000; room += isLong ? 7 : 83) {
      const disk = new MemoryDisk();
      const { files } = disk.process();
      await files.makeFolder("/data/state");
      assert.ok(await keepReserve(files, "/data"));
      const recording = new Recording(files, "/data");
      await recording.slot();
      disk.capacityBytes += room - (await files.space("/data")).freeBytes;
      for (let slot = 0; slot < 4; slot += 1) await recording.slot();
      accounts += recording.accounted.length;
      disk.capacityBytes = 2 ** 40;
      const before = recording.acked.length;
      await recording.slot();
      assert.equal(recording.acked.length, before + 1, `room for ${room} bytes`);
      await assertKept(files, "/data", recording);
    }
    assert.ok(accounts > 0, "the room held back was never needed");
  });

  test("at any call fails there alone", async () => {
    for (let call = 1; call < 200; call += process.env["TEST_LONG"] === "1" ? 1 : 5) {
      const disk = new MemoryDisk();
      const { files } = disk.process();
      await files.makeFolder("/data/state/locks");
      const recording = new Recording(files, "/data");
      await recording.slot();
      let calls = 0;
      // From this call on there is no room for anything that takes some.
      disk.fault = (method) =>
        (calls += 1) >= call && ["write", "syncData"].includes(method) ? "ENOSPC" : undefined;
      for (let slot = 0; slot < 3; slot += 1) await recording.slot();
      disk.fault = undefined;
      await recording.slot();
      await assertKept(files, "/data", recording);
    }
  });

  test("for real, as a tmpfs of 4 MB", async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(folder, { recursive: true });
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "hourbook-test", folder]);
    if (mount.status !== 0) {
      t.skip(`nothing can be mounted here: ${mount.stderr?.toString().trim()}`);
      return;
    }
    try {
      const dataFolder = join(folder, "data");
      mkdirSync(join(dataFolder, "state", "locks"), { recursive: true });
      assert.ok(await keepReserve(systemFiles, dataFolder));
      const recording = new Recording(systemFiles, dataFolder);
      await recording.slot();
      fillUp(folder);
      for (let slot = 0; slot < 3; slot += 1) await recording.slot();
      assert.ok(
        recording.acked.length + recording.accounted.length >= 2,
        "the room held back was used",
      );
      fillUp(folder);
      await recording.slot();
      rmSync(join(folder, "ballast-0"));
      await recording.slot();
      await assertKept(systemFiles, dataFolder, recording);
      assert.equal(recording.acked.at(-1), firstSlot + 6 * 10_000);
    } finally {
      // The locks of this process are still open in there.
      spawnSync("umount", ["-l", folder]);
    }
  });
});

let ballast = 0;

/** To the last page. */
function fillUp(folder: string): void {
  for (let size = 1024 * 1024; size >= 4096; size /= 2) {
    for (;;) {
      const path = join(folder, `ballast-${ballast}`);
      try {
        writeFileSync(path, Buffer.alloc(size, 1));
        ballast += 1;
      } catch {
        rmSync(path, { force: true });
        break;
      }
    }
  }
}
