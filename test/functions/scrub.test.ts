/**
 * scrub guards what may be the only copy, so each test is a promise about what it sees, worded to follow "scrub ...".
 *
 * Method: hours written by the real functions are offloaded to a folder or through the real rclone, some are pruned;
 * then something is changed on the remote, and what scrub, and the offload and prune after it, make of it is read
 * from the disk.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { hourPaths } from "../../functions/archive/layout.ts";
import { lostNotes } from "../../functions/archive/lost.ts";
import gapReport from "../../functions/gap-report.ts";
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import { digestFile } from "../../functions/remote/digest.ts";
import type { Pruned } from "../../functions/remote/prune-run.ts";
import { type Receipt, readReceipt, writeReceipt } from "../../functions/remote/receipts.ts";
import { remoteId } from "../../functions/remote/settings.ts";
import restore from "../../functions/restore.ts";
import scrub from "../../functions/scrub.ts";
import { readOnlyFiles } from "../../runtime/doors/read-only.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import { contentsOf } from "../support/hours.ts";
import { Killed, killedAt } from "../support/killed-files.ts";
import { books, type Offsite, offsite } from "../support/offsite.ts";
import { failure, type RemoteKind } from "../support/remotes.ts";
import { isLong, rotatingSeed } from "../support/seed.ts";
import { call } from "../support/run.ts";

const dir = async (t: TestContext): Promise<Offsite> => (await offsite(t)) as Offsite;
const [first, second] = ["2026-11-22T15", "2026-11-22T16"].map((hour) =>
  hourPaths(books(hour), "vps-1"),
) as [ReturnType<typeof hourPaths>, ReturnType<typeof hourPaths>];

function receiptOf({ recording, remote }: Offsite, path: string) {
  const id = remoteId(remote.settings.HOURBOOK_REMOTE);
  return readReceipt(systemFiles, recording.dataFolder, id, path);
}

function pruned({ run }: Offsite) {
  return call(prune, { keepDates: 0, allowSameDisk: true }, run());
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
}

/** Of a disk that gives this file's name and size, and not its bytes. */
function withBadSectors(path: string): Files {
  return {
    ...systemFiles,
    async open(opened, mode) {
      const file = await systemFiles.open(opened, mode);
      const read = async (): Promise<never> => {
        throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
      };
      return opened === path ? { ...file, read } : file;
    },
  };
}

function standing({ recording, remote, run }: Offsite) {
  const settings = { dataFolder: recording.dataFolder, collector: "vps-1", ...remote.settings };
  return scrub.standing!({ clock: run().clock, files: readOnlyFiles(systemFiles), settings });
}

for (const kind of ["dir", "rclone", "crypt"] satisfies RemoteKind[]) {
  suite(`scrub of ${kind === "dir" ? "a folder" : `rclone (${kind})`}`, () => {
    test("finds everything the same, reads hours back, and changes nothing there", async (t) => {
      const found = await offsite(t, kind);
      if (found === undefined) return;
      const there = contentsOf(found.remote.folder);

      const result = await call(scrub, {}, found.run());

      assert.equal(result.files.same, result.objects);
      assert.deepEqual(result.unknown, { own: 0, others: 0, foreign: 0 });
      assert.equal(result.hoursRead, 7);
      assert.deepEqual(contentsOf(found.remote.folder), there);
      const receipt = await receiptOf(found, first.data);
      assert.equal(receipt?.readBack, "2026-11-22T19:10:00.000Z");
      assert.match(scrub.summary(result), /^(\d+) of \1 files the same on .*\n7 hours read back/);
      assert.equal((await standing(found)).text, "no file is known to be lost");
    });

    test("lets offload send again what is gone there and still here", async (t) => {
      const found = await offsite(t, kind);
      if (found === undefined || kind === "crypt") return;
      const { remote, run } = found;
      rmSync(join(remote.folder, first.data));
      rmSync(join(remote.folder, "labels"), { recursive: true });

      const error = await failure(call(scrub, {}, run()));
      const again = await call(offload, {}, run());
      const after = await call(scrub, {}, run());

      assert.deepEqual([error.code, error.exit], ["REMOTE_DIFFERS", "findings"]);
      assert.equal(error.details.length, 2);
      assert.match(
        error.details[1] ?? "",
        /^MISSING {2}venue=.*hour=15\/vps-1\.jsonl\.gz {3}local \d+ B, remote absent$/,
      );
      assert.match(error.next ?? "", /npm run fn -- offload/);
      assert.equal(again.copied, 2 + 1, "both, and the upload manifest that names them");
      assert.equal(after.files.missing, 0);
    });
  });
}

suite("scrub", () => {
  test("makes prune keep what is another there, also where only reading it back tells", async (t) => {
    const found = await dir(t);
    const { remote, run, archive, recording } = found;
    flip(join(remote.folder, first.data));

    const error = await failure(call(scrub, {}, run()));
    // Whatever a listing says from now on: as where an object is damaged and its hash is of what was sent.
    cpSync(join(recording.dataFolder, "archive", first.data), join(remote.folder, first.data));
    await call(offload, {}, run()).catch(() => undefined);
    const { kept } = await pruned(found);

    assert.match(error.details.join("\n"), /^CONFLICT {2}venue=.*hour=15\/vps-1\.jsonl\.gz/m);
    assert.equal((await receiptOf(found, first.data))?.state, "conflict");
    assert.equal(kept.noReceipt, 1);
    assert.equal(
      contentsOf(join(recording.dataFolder, "archive"))[first.data],
      archive[first.data],
    );

    await call(scrub, {}, run());
    assert.equal((await receiptOf(found, first.data))?.state, "verified", "it came back right");
  });

  test("puts what is lost here and there on record for good, and shows it until it is found", async (t) => {
    const found = await dir(t);
    const { remote, run, recording } = found;
    await pruned(found);
    const kept = readFileSync(join(remote.folder, first.data));
    rmSync(join(remote.folder, first.data));
    flip(join(remote.folder, second.data));

    const error = await failure(call(scrub, {}, run()));
    const again = await call(scrub, {}, run());

    assert.match(
      error.details.join("\n"),
      /^LOST .*hour=15.*remote absent\nLOST .*hour=16.*other content$/m,
    );
    assert.equal(again.files.lost, 2, "on record, and no new finding");
    assert.match(scrub.summary(again), /2 lost, on record/);
    const { text, figures } = await standing(found);
    assert.equal(
      text,
      "2 files lost here and on the remote, of 2026-11-22T15Z books and 1 other hour: incidents/",
    );
    assert.deepEqual(figures, { lostFiles: 2 });
    const notes = await Array.fromAsync(lostNotes(systemFiles, recording.dataFolder));
    assert.deepEqual(
      notes.map(({ files }) => files),
      [[`archive/${first.data}`], [`archive/${second.data}`]],
    );

    const report = await recording.report("2026-11-22T19:20:00Z");
    assert.match(
      gapReport.summary(report),
      /^lost: 2026-11-22T15Z books, 1 file, here and on the remote {2}reports\/.*hour=15\/vps-1\.lost\.books\..*\.md$/m,
    );
    const page = readFileSync(join(recording.dataFolder, report.lost[0]?.page ?? ""), "utf8");
    assert.match(
      page,
      /^# Lost: polymarket books, 2026-11-22, 15:00 UTC\n[^]*hour=15\/vps-1\.jsonl\.gz`/,
    );

    writeFileSync(join(remote.folder, first.data), kept);
    await call(scrub, {}, run());
    assert.deepEqual((await standing(found)).figures, { lostFiles: 1 });
  });

  test("calls lost what was there twice, was pruned here, and is gone with both copies", async (t) => {
    const found = await dir(t);
    await pruned(found);
    const before = await receiptOf(found, first.data);
    assert.ok(before !== undefined);
    const twice: Receipt = {
      ...before,
      state: "duplicate",
      seen: [...before.seen, ...before.seen],
    };
    await writeReceipt(systemFiles, found.recording.dataFolder, twice);
    rmSync(join(found.remote.folder, first.data));

    const error = await failure(call(scrub, {}, found.run()));

    assert.match(error.details.join("\n"), /^LOST {2}venue=.*hour=15\/vps-1\.jsonl\.gz/m);
    assert.equal((await receiptOf(found, first.data))?.state, "missing");
  });

  test("puts on record all that is lost of an hour, gone by name or told by reading it back", async (t) => {
    const found = await dir(t);
    const { remote, run, recording } = found;
    await pruned(found);
    rmSync(join(remote.folder, first.index));
    flip(join(remote.folder, first.data));

    await failure(call(scrub, { readBackMax: 1_000 }, run()));

    const notes = await Array.fromAsync(lostNotes(systemFiles, recording.dataFolder));
    assert.deepEqual(notes.flatMap(({ files }) => files).sort(), [
      `archive/${first.index}`,
      `archive/${first.data}`,
    ]);
  });

  test("has its record brought back by restore", async (t) => {
    const found = await dir(t);
    await pruned(found);
    rmSync(join(found.remote.folder, first.data));
    await failure(call(scrub, {}, found.run()));
    await call(offload, {}, found.run());
    found.lose();

    const error = await failure(call(restore, {}, found.run()));

    assert.deepEqual(
      error.details.map((line) => line.split("  ", 1)[0]),
      ["MISSING"],
    );
    assert.deepEqual((await standing(found)).figures, { lostFiles: 1 });
  });

  test("takes an empty place for another place, and notes nothing lost or missing", async (t) => {
    const found = await dir(t);
    const { remote, run } = found;
    await pruned(found);
    // Not mounted.
    renameSync(remote.folder, `${remote.folder}.away`);

    const error = await failure(call(scrub, {}, run()));

    assert.deepEqual([error.code, error.exit], ["REMOTE_EMPTY", "unavailable"]);
    assert.equal((await receiptOf(found, first.data))?.state, "verified");
    assert.deepEqual((await standing(found)).figures, { lostFiles: 0 });

    renameSync(`${remote.folder}.away`, remote.folder);
    assert.equal((await call(scrub, {}, run())).files.lost, 0);
  });

  test("tells of everything that is gone once one file is sent there again", async (t) => {
    const found = await dir(t);
    const { remote, run, recording } = found;
    rmSync(remote.folder, { recursive: true });
    const id = remoteId(remote.settings.HOURBOOK_REMOTE);
    rmSync(join(recording.dataFolder, "receipts", id, `${first.data}.json`));

    await call(offload, {}, run());
    const error = await failure(call(scrub, {}, run()));

    assert.match(error.details.join("\n"), /^MISSING {2}venue=.*hour=16\/vps-1\.jsonl\.gz/m);
  });

  test("and prune pass over a file that cannot be read there, and look at all the others", async (t) => {
    const found = await dir(t);
    const unreadable = join(found.remote.folder, first.data);
    const run = found.run({ files: withBadSectors(unreadable) });
    flip(join(found.remote.folder, second.data));

    const looked = await failure(call(scrub, { readBackMax: 1_000 }, run));
    const kept = await failure(call(prune, { keepDates: 0, allowSameDisk: true }, run));

    assert.match(looked.details.join("\n"), /^UNREADABLE .*hour=15.*EIO/m);
    assert.match(looked.details.join("\n"), /^CONFLICT .*hour=16/m);
    assert.match(kept.details.join("\n"), /hour=15.*here and there, but it could not be read back/);
    const { hours, kept: reasons } = (kept.result ?? {}) as Pruned;
    assert.ok(hours > 0 && reasons.remoteDiffers === 1, `${hours} pruned`);
  });

  test("reads over time every hour back, and one at least in each run", async (t) => {
    const found = await dir(t);
    const read = new Set<string>();
    for (let day = 1; day <= 7; day += 1) {
      const now = `2026-12-0${day}T02:35:00Z`;
      const { hoursRead } = await call(scrub, { readBackMax: 0 }, found.run({ now }));
      assert.equal(hoursRead, 1);
      for (const path of Object.keys(found.archive).filter((each) => each.endsWith(".jsonl.gz"))) {
        if ((await receiptOf(found, path))?.readBack?.startsWith(now.slice(0, 10))) read.add(path);
      }
    }
    assert.equal(read.size, 7);
  });

  test("names an hour that was uploaded as what is no sealed file, and reads the others", async (t) => {
    const found = await dir(t);
    const { remote, run, recording } = found;
    const garbage = join(remote.folder, first.data);
    writeFileSync(garbage, "no gzip at all");
    const before = await receiptOf(found, first.data);
    assert.ok(before !== undefined);
    const uploadedSo = { ...before, ...(await digestFile(systemFiles, garbage)) };
    await writeReceipt(systemFiles, recording.dataFolder, uploadedSo);

    const error = await failure(call(scrub, {}, run()));

    assert.deepEqual(error.details.length, 1);
    assert.match(
      error.details[0] ?? "",
      /^LINES_DIFFER {2}venue=.*hour=15.*incorrect header check/,
    );
    assert.equal((error.result as { hoursRead: number }).hoursRead, 7);
  });

  test("leaves alone what was just sent and is not listed yet", async (t) => {
    const found = await dir(t);
    rmSync(join(found.remote.folder, first.data));

    const result = await call(scrub, {}, found.run({ now: "2026-11-22T18:40:00Z" }));

    assert.deepEqual([result.files.pending, result.files.missing], [1, 0]);
    assert.equal((await receiptOf(found, first.data))?.state, "verified");
  });

  test("gives receipts from a clock that was ahead the time of now, so that prune can go by them", async (t) => {
    const found = await dir(t);
    const after = found.run({ now: "2026-11-21T03:00:00Z" });
    assert.equal((await pruned({ ...found, run: () => after })).hours, 0);

    const { files } = await call(scrub, { readBackMax: 0 }, after);
    const later = found.run({ now: "2026-11-21T04:30:00Z" });

    assert.ok(files.same > 0 && files.pending === 0);
    assert.ok((await pruned({ ...found, run: () => later })).hours > 0);
  });

  test("does not wait for a listing after the clock was set back to before the upload", async (t) => {
    const found = await dir(t);
    rmSync(join(found.remote.folder, first.data));

    const error = await failure(call(scrub, {}, found.run({ now: "2026-11-21T18:40:00Z" })));

    assert.match(error.details.join("\n"), /^MISSING {2}venue=.*hour=15\/vps-1\.jsonl\.gz/m);
  });

  test("counts what is not its own, and leaves it alone", async (t) => {
    const found = await dir(t);
    const strangers = [
      hourPaths(books("2026-11-22T15"), "vps-2").data,
      "holiday.jpg",
      "labels/vps-1.other.json",
    ];
    for (const path of strangers) {
      mkdirSync(dirname(join(found.remote.folder, path)), { recursive: true });
      writeFileSync(join(found.remote.folder, path), "not mine");
    }
    const there = contentsOf(found.remote.folder);

    const result = await call(scrub, {}, found.run());

    assert.deepEqual(result.unknown, { own: 1, others: 1, foreign: 1 });
    assert.deepEqual(contentsOf(found.remote.folder), there);
    assert.match(scrub.summary(result), /3 of \d+ objects without a receipt here, left alone/);
  });

  test("is safe to be killed at any call: the next run says the same, and no file is noted lost twice", async (t) => {
    const seed = rotatingSeed(t);
    const stride = isLong ? 7 : 97;
    for (let at = 1 + (seed % stride), isDone = false; !isDone; at += stride) {
      const found = await dir(t);
      await pruned(found);
      rmSync(join(found.remote.folder, first.data));
      const killed = killedAt(at);
      try {
        await call(scrub, { readBackMax: 0 }, found.run({ files: killed.files }));
      } catch (error) {
        if (!(error instanceof Killed))
          assert.equal((error as { code?: string }).code, "REMOTE_DIFFERS");
      }
      isDone = killed.calls() < at;

      await call(scrub, {}, found.run()).catch(() => undefined);
      const { files } = await call(scrub, {}, found.run());

      assert.deepEqual([files.lost, files.missing, files.conflict], [1, 0, 0], `killed at ${at}`);
      const notes = await Array.fromAsync(lostNotes(systemFiles, found.recording.dataFolder));
      assert.deepEqual(
        notes.map((note) => note.files),
        [[`archive/${first.data}`]],
        `killed at ${at}`,
      );
      const left = Object.keys(contentsOf(found.recording.dataFolder)).filter((path) =>
        path.includes("scrubbing"),
      );
      assert.deepEqual(left, [], `killed at ${at}`);
      rmSync(join(found.recording.dataFolder, ".."), { recursive: true });
    }
  });
});
