/**
 * prune is the only function that destroys data, so each test is a promise to the archive's owner, worded to
 * follow "prune ...".
 *
 * Method: hours of four dates are offloaded for real, to a folder or through rclone; then something is
 * changed here or there, two hours pass, and what prune leaves is read from the disk.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { type HourPaths, listHours } from "../../functions/archive/layout.ts";
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import { readReceipt } from "../../functions/remote/receipts.ts";
import { remoteId, type remoteSettings } from "../../functions/remote/settings.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import { hourMs, minuteMs } from "../../runtime/time.ts";
import { contentsOf, type HourSpec, writeHour } from "../support/hours.ts";
import { Killed, killedAt, killStride } from "../support/killed-files.ts";
import { aRemote, failure, onDisk, settingsOf, type TestRemote } from "../support/remotes.ts";
import { aRun, call, type RunOptions } from "../support/run.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const now = Date.parse("2026-11-22T16:10:00Z");
const allowed = { allowSameDisk: true };
/** Two hours that are old enough, and one for each of the three dates that stay. */
const fourDates: HourSpec[] = [
  { hour: "2026-11-19T10" },
  { hour: "2026-11-19T11" },
  { hour: "2026-11-20T10" },
  { hour: "2026-11-21T10" },
  { hour: "2026-11-22T10" },
];

type Options = Partial<RunOptions<typeof remoteSettings>>;

function runOf({ dataFolder, settings }: TestRemote, options: Options = {}) {
  const clock = virtualClock({ start: now });
  return aRun({ dataFolder, clock, files: withFree(roomy), ...options, settings });
}

const megabyte = 1024 * 1024;
const disk = 100_000 * megabyte;
const roomy = disk / 2;

/** The real disk, as far as its room goes a larger one: what a machine has free must not decide a test. */
function withFree(freeBytes: number, totalBytes = disk): Files {
  return { ...systemFiles, space: async () => ({ freeBytes, totalBytes }) };
}

/** Writes the hours, offloads them, and lets two hours pass. */
async function offloaded(
  remote: TestRemote,
  hours: readonly HourSpec[] = fourDates,
): Promise<HourPaths[]> {
  const paths = hours.map((hour) => writeHour(remote.dataFolder, hour));
  await call(offload, {}, runOf(remote, { clock: virtualClock({ start: now - 2 * hourMs }) }));
  return paths;
}

async function hoursHere({ dataFolder }: TestRemote): Promise<string[]> {
  return (await listHours(systemFiles, dataFolder, "vps-1")).map(({ hour }) => hour.slice(8));
}

const allHere = ["19T10", "19T11", "20T10", "21T10", "22T10"];

for (const kind of ["dir", "rclone"] as const) {
  suite(`prune, its copies ${kind === "dir" ? "in a folder" : "behind rclone"},`, () => {
    test("deletes what is old and proven, and leaves the rest", async (t) => {
      const remote = aRemote(t, kind);
      if (remote === undefined) return;
      await offloaded(remote);
      const there = contentsOf(remote.folder);
      const run = runOf(remote);

      const result = await call(prune, allowed, run);

      assert.deepEqual(result.deleted, [
        "polymarket/books/2026-11-19T10",
        "polymarket/books/2026-11-19T11",
      ]);
      assert.deepEqual([result.hours, result.files, result.kept.recent], [2, 8, 3]);
      assert.deepEqual(await hoursHere(remote), ["20T10", "21T10", "22T10"]);
      assert.ok(
        !existsSync(
          join(remote.dataFolder, "archive/venue=polymarket/stream=books/date=2026-11-19"),
        ),
      );
      assert.deepEqual(contentsOf(remote.folder), there);
      assert.match(
        run.logged[0]?.message ?? "",
        /^deleting polymarket\/books\/2026-11-19T10: verified on /,
      );
      assert.match(prune.summary(result), /^deleted 2 hours \([\d,]+ B\); kept: recent 3$/);
    });

    test("keeps an hour whose copy is damaged or gone, says which, and prunes the others", async (t) => {
      const remote = aRemote(t, kind);
      if (remote === undefined) return;
      const hours = fourDates.toSpliced(2, 0, { hour: "2026-11-19T12" });
      const [damaged, gone] = (await offloaded(remote, hours)) as [HourPaths, HourPaths];
      flipByte(join(remote.folder, damaged.data));
      rmSync(join(remote.folder, gone.index));

      const error = await failure(call(prune, allowed, runOf(remote)));

      assert.equal(error.code, "REMOTE_DIFFERS");
      assert.equal(error.details.length, 2);
      assert.match(
        error.details[0] ?? "",
        /hour=10\/vps-1\.jsonl\.gz {3}\d+ B here and there, but other content$/,
      );
      assert.match(
        error.details[1] ?? "",
        /hour=11\/vps-1\.index\.json\.gz {3}local \d+ B, remote absent$/,
      );
      assert.match(error.safe ?? "", /1 other hour pruned\. Nothing recorded has been lost/);
      assert.deepEqual(await hoursHere(remote), allHere);
    });
  });
}

suite("prune", () => {
  test("makes offload bring a copy that went missing again, and then lets the hour go", async (t) => {
    const remote = onDisk(t);
    const [gone] = (await offloaded(remote)) as [HourPaths];
    rmSync(join(remote.folder, gone.data));
    const run = runOf(remote);

    await failure(call(prune, allowed, run));
    const { copied } = await call(offload, {}, runOf(remote, { clock: run.clock }));
    const young = await call(prune, allowed, run);
    run.clock.step(hourMs);
    const old = await call(prune, allowed, run);

    assert.equal(copied, 1 + 1, "the file, and the upload manifest that names it");
    assert.deepEqual([young.hours, young.kept.youngReceipt], [0, 1]);
    assert.equal(old.hours, 1);
  });

  test("keeps an hour without a receipt, and one whose receipt is another remote's", async (t) => {
    const remote = onDisk(t);
    await offloaded(remote);
    const other = { ...remote, settings: settingsOf(`dir:${remote.folder}-2`) };
    writeHour(remote.dataFolder, { hour: "2026-11-19T12", seq: 3 });

    const first = await call(prune, allowed, runOf(other));
    const second = await call(prune, allowed, runOf(remote));

    assert.deepEqual([first.hours, first.kept.noReceipt], [0, 3]);
    assert.deepEqual([second.hours, second.kept.noReceipt], [2, 1]);
  });

  test("keeps an hour that was verified less than receiptAge ago", async (t) => {
    const remote = onDisk(t);
    for (const hour of fourDates) writeHour(remote.dataFolder, hour);
    await call(offload, {}, runOf(remote));
    const clock = virtualClock({ start: now });

    clock.step(30 * minuteMs);
    const young = await call(prune, { ...allowed, receiptAge: "31m" }, runOf(remote, { clock }));
    const old = await call(prune, { ...allowed, receiptAge: "30m" }, runOf(remote, { clock }));

    assert.deepEqual([young.hours, young.kept.youngReceipt], [0, 2]);
    assert.equal(old.hours, 2);
  });

  test("counts dates that hold polls, not days: a clock in 2030 makes nothing older", async (t) => {
    const remote = onDisk(t);
    const jumped = { hour: "2030-01-01T00" };
    const silent = { hour: "2026-11-21T11", polls: 0, stream: "journal" };
    await offloaded(remote, [...fourDates.slice(0, 4), silent]);
    writeHour(remote.dataFolder, { ...jumped, seq: 5 });
    const clock = virtualClock({ start: Date.parse("2030-01-01T05:00:00Z") });

    const result = await call(prune, { ...allowed, keepDates: 3 }, runOf(remote, { clock }));

    assert.deepEqual(result.deleted, [
      "polymarket/books/2026-11-19T10",
      "polymarket/books/2026-11-19T11",
    ]);
  });

  test("keeps everything while there are fewer dates with polls than it is to keep", async (t) => {
    const remote = onDisk(t);
    await offloaded(remote);

    const result = await call(prune, { ...allowed, keepDates: 5 }, runOf(remote));

    assert.deepEqual([result.hours, result.kept.recent], [0, 5]);
  });

  test("never deletes the newest hour of a stream, nor the manifest that the chain ends with", async (t) => {
    const remote = onDisk(t);
    // Hour 11 was sealed late, after 12: the chain ends with it.
    await offloaded(remote, [
      { hour: "2026-11-19T10", seq: 1 },
      { hour: "2026-11-19T11", seq: 3 },
      { hour: "2026-11-19T12", seq: 2 },
      { hour: "2026-11-18T09", seq: 1, stream: "markets" },
    ]);

    const result = await call(prune, { ...allowed, keepDates: 0 }, runOf(remote));

    assert.deepEqual(result.deleted, ["polymarket/books/2026-11-19T10"]);
    assert.equal(result.kept.newest, 3);
  });

  test("keeps an hour that is not described, differs from its manifest, or shares its folder", async (t) => {
    const remote = onDisk(t);
    const [differs, shared] = (await offloaded(remote)) as [HourPaths, HourPaths];
    writeFileSync(join(remote.dataFolder, "archive", differs.data), "short");
    writeFileSync(join(remote.dataFolder, "archive", shared.folder, "other.jsonl.gz"), "");
    writeHour(remote.dataFolder, { hour: "2026-11-19T13", manifest: false });

    const { hours, kept } = await call(prune, allowed, runOf(remote));

    assert.deepEqual([hours, kept.localDiffers, kept.shared, kept.incomplete], [0, 1, 1, 1]);
  });

  test("leaves receipts, reports, labels and upload manifests alone", async (t) => {
    const remote = onDisk(t);
    mkdirSync(join(remote.dataFolder, "labels"));
    writeFileSync(join(remote.dataFolder, "labels/a.json"), "{}");
    const [hour] = (await offloaded(remote)) as [HourPaths];
    const uploads = contentsOf(join(remote.dataFolder, "uploads"));

    await call(prune, allowed, runOf(remote));

    assert.ok(existsSync(join(remote.dataFolder, "labels/a.json")));
    assert.deepEqual(contentsOf(join(remote.dataFolder, "uploads")), uploads);
    const id = remoteId(remote.settings.HOURBOOK_REMOTE);
    const receipt = await readReceipt(systemFiles, remote.dataFolder, id, hour.data);
    assert.deepEqual([receipt?.state, receipt?.lastSeen], ["verified", "2026-11-22T16:10:00.000Z"]);
  });

  test("says in a dry run what would go, and changes nothing, not even a receipt", async (t) => {
    const remote = onDisk(t);
    const [, gone] = (await offloaded(remote)) as [HourPaths, HourPaths];
    rmSync(join(remote.folder, gone.data));
    const here = contentsOf(remote.dataFolder);

    const error = await failure(call(prune, { ...allowed, dryRun: true }, runOf(remote)));

    assert.deepEqual((error.result as { deleted: string[] }).deleted, [
      "polymarket/books/2026-11-19T10",
    ]);
    assert.deepEqual(contentsOf(remote.dataFolder), here);
  });

  test("makes room below keepDates, oldest first and no more than it takes, when little is free", async (t) => {
    const remote = onDisk(t);
    await offloaded(remote);
    const nearly = { files: withFree(2_048 * megabyte - 1) };
    const far = { files: withFree(1_000 * megabyte) };
    const input = { ...allowed, keepDates: 7 };

    const foretold = await call(prune, { ...input, dryRun: true }, runOf(remote, nearly));
    const run = runOf(remote, nearly);
    const first = await call(prune, input, run);
    const rest = await call(prune, input, runOf(remote, far));

    assert.deepEqual(first.deleted, ["polymarket/books/2026-11-19T10"]);
    assert.deepEqual([foretold.deleted, foretold.kept], [first.deleted, first.kept]);
    assert.deepEqual([first.forRoom, first.kept.recent], [1, 4]);
    assert.deepEqual(
      run.noted.map(({ about }) => (about as { why: string }).why),
      ["room"],
    );
    assert.match(
      prune.summary(first),
      /^deleted 1 hour \([\d,]+ B\), 1 of them to make room; kept: recent 4$/,
    );
    // Of the newest two dates nothing goes, however little room there is.
    assert.deepEqual(await hoursHere(remote), ["21T10", "22T10"]);
    assert.match(prune.summary(rest), /; kept: recent 2; 1,000 MB free, 2,048 wanted$/);
  });

  test("makes room only from what is proven by every other rule", async (t) => {
    const remote = onDisk(t);
    const [labelled, gone] = (await offloaded(remote)) as [HourPaths, HourPaths];
    const label = join(remote.dataFolder, "labels", labelled.folder, "vps-1.a.json");
    mkdirSync(dirname(label), { recursive: true });
    writeFileSync(label, "it cannot be read, so it may be one that says keep");
    rmSync(join(remote.folder, gone.index));
    writeHour(remote.dataFolder, { hour: "2026-11-18T10", seq: 9, stream: "markets" });
    writeHour(remote.dataFolder, { hour: "2026-11-18T09", seq: 8, stream: "markets" });
    const run = runOf(remote, { files: withFree(0) });

    const error = await failure(call(prune, { ...allowed, keepDates: 7 }, run));

    const { deleted, kept } = error.result as { deleted: string[]; kept: Record<string, number> };
    assert.deepEqual(deleted, ["polymarket/books/2026-11-20T10"]);
    assert.deepEqual(
      [kept["labelled"], kept["remoteDiffers"], kept["noReceipt"], kept["recent"]],
      [1, 1, 1, 3],
    );
  });

  test("makes no room where enough is free, on a small disk less, or none is wanted", async (t) => {
    const remote = onDisk(t);
    await offloaded(remote);
    const small = { files: withFree(151 * megabyte, 1_000 * megabyte) };

    const input = { ...allowed, keepDates: 7 };
    const enough = await call(prune, input, runOf(remote));
    const ofSmall = await call(prune, input, runOf(remote, small));
    const none = await call(
      prune,
      { ...input, freeWanted: 0 },
      runOf(remote, { files: withFree(0) }),
    );

    assert.deepEqual([enough.hours, ofSmall.hours, none.hours], [0, 0, 0]);
    assert.deepEqual(await hoursHere(remote), allHere);
  });

  test("puts each deletion into the journal before it happens", async (t) => {
    const remote = onDisk(t);
    const [hour] = (await offloaded(remote)) as [HourPaths];
    const run = runOf(remote);
    const hereWhenNoted: boolean[] = [];
    const journal: typeof run.journal = (event, about) => {
      hereWhenNoted.push(existsSync(join(remote.dataFolder, "archive", hour.manifest)));
      return run.journal(event, about);
    };

    await call(prune, allowed, { ...run, journal });

    assert.deepEqual(hereWhenNoted, [true, true]);
    assert.deepEqual(
      run.noted.map(({ event, about }) => `${event} ${(about as { hour: string }).hour}`),
      ["delete polymarket/books/2026-11-19T10", "delete polymarket/books/2026-11-19T11"],
    );
  });

  test("is refused (78) where the copies lie on the data folder's own filesystem", async (t) => {
    const remote = onDisk(t);
    await offloaded(remote);

    const error = await failure(call(prune, {}, runOf(remote)));

    assert.deepEqual([error.code, error.exit], ["SAME_DISK", "configuration"]);
    assert.match(error.next ?? "", /--allow-same-disk/);
    assert.deepEqual(await hoursHere(remote), allHere);
  });

  test("takes an hour back whose copy is the very same files by another name", async (t) => {
    const remote = onDisk(t);
    for (const hour of fourDates) writeHour(remote.dataFolder, hour);
    rmSync(remote.folder, { recursive: true });
    symlinkSync(join(remote.dataFolder, "archive"), remote.folder);
    await call(offload, {}, runOf(remote, { clock: virtualClock({ start: now - 2 * hourMs }) }));

    const error = await failure(call(prune, allowed, runOf(remote)));

    assert.equal(error.code, "REMOTE_DIFFERS");
    assert.match(error.details[0] ?? "", /its copy went when it was moved/);
    assert.deepEqual(await hoursHere(remote), allHere);
  });

  test("works on a disk that takes no more writes", async (t) => {
    const remote = onDisk(t);
    await offloaded(remote);
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const files = {
      ...withFree(0),
      makeFolder: () => Promise.reject(full),
      open: (path: string, mode: "read" | "create" | "append") =>
        mode === "read" ? systemFiles.open(path, mode) : Promise.reject(full),
    };

    await assert.rejects(
      call(prune, allowed, runOf(remote, { files })),
      "the receipts could not be renewed",
    );

    assert.deepEqual(await hoursHere(remote), ["20T10", "21T10", "22T10"]);
  });

  test("keeps a copy of everything and finishes the next time, killed at any call", async (t) => {
    for (let at = 1, isDone = false; !isDone; at += killStride) {
      const remote = onDisk(t);
      await offloaded(remote, [fourDates[0], fourDates[1], fourDates[4]] as HourSpec[]);
      const input = { ...allowed, keepDates: 1 };
      const killed = killedAt(at);
      try {
        await call(prune, input, runOf(remote, { files: killed.files }));
        isDone = killed.calls() < at;
      } catch (error) {
        assert.ok(error instanceof Killed, String(error));
      }
      for (const { hour, has } of await listHours(systemFiles, remote.dataFolder, "vps-1")) {
        assert.equal(has.size, 4, `killed at ${at}: ${hour} looks complete`);
      }

      const { kept } = await call(prune, input, runOf(remote, { files: killedAt(Infinity).files }));

      assert.equal(kept.recent, 1);
      assert.deepEqual(await hoursHere(remote), ["22T10"], `killed at ${at}`);
      const left = Object.keys(contentsOf(join(remote.dataFolder, "archive")));
      assert.equal(left.length, 4, `killed at ${at}: ${left.join(", ")}`);
      assert.equal(Object.keys(contentsOf(remote.folder)).length, 12 + 1);
      rmSync(join(remote.dataFolder, ".."), { recursive: true });
    }
  });
});

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
