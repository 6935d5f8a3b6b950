/**
 * restore is what all the copies are for, so each test is a promise to someone whose machine is gone, worded to
 * follow "restore ...".
 *
 * Method: hours with journal and reports, written by the real functions, are offloaded to a folder or through the
 * real rclone; then the data folder is gone, or parts of it, or something on the remote is changed.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { hourFolder, hourPaths, listHours } from "../../functions/archive/layout.ts";
import buildManifest from "../../functions/build-manifest.ts";
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import { remoteId } from "../../functions/remote/settings.ts";
import { readReceipt } from "../../functions/remote/receipts.ts";
import restore from "../../functions/restore.ts";
import verify from "../../functions/verify.ts";
import type { Files } from "../../runtime/doors/files.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { contentsOf, writeHour } from "../support/hours.ts";
import { Killed, killedAt } from "../support/killed-files.ts";
import { failure, onDisk, type RemoteKind } from "../support/remotes.ts";
import { isLong, rotatingSeed } from "../support/seed.ts";
import { books, now, type Offsite, offsite } from "../support/offsite.ts";
import { aRun, call } from "../support/run.ts";

const dir = async (t: TestContext): Promise<Offsite> => (await offsite(t)) as Offsite;

for (const kind of ["dir", "rclone", "crypt"] satisfies RemoteKind[]) {
  suite(`restore from ${kind === "dir" ? "a folder" : `rclone (${kind})`}`, () => {
    test("brings everything back, the same, so that verify is green and reports come out again", async (t) => {
      const found = await offsite(t, kind);
      if (found === undefined) return;
      const { recording, archive, reports, run, lose, remote } = found;
      const beside = ["labels", "uploads"].map((folder) => join(recording.dataFolder, folder));
      const before = beside.map(contentsOf);
      const there = contentsOf(remote.folder);
      lose();

      const result = await call(restore, {}, run());

      assert.equal(result.hours, 3 + 4);
      assert.deepEqual(contentsOf(join(recording.dataFolder, "archive")), archive);
      assert.deepEqual(recording.finals(), reports);
      assert.deepEqual(beside.map(contentsOf), before);
      assert.deepEqual(contentsOf(remote.folder), there);
      assert.equal((await call(verify, {}, run())).findingsTotal, 0);
      for (const hour of ["2026-11-22T15", "2026-11-22T16"])
        await recording.report("2026-11-22T18:02:00Z", { hour });
      assert.deepEqual(withoutPages(recording.finals()), reports);
      assert.match(
        restore.summary(result),
        /^7 hours brought, each proven\n\d+ files, [\d,]+ B from (dir|rclone):\S+$/,
      );
    });
  });
}

suite("restore", () => {
  test("leaves receipts: offload has nothing to send, and prune lets go what it may", async (t) => {
    const { run, lose, recording, remote } = await dir(t);
    lose();
    await call(restore, {}, run());

    const sent = await call(offload, {}, run());
    assert.deepEqual([sent.copied, sent.found], [0, 0]);
    const input = { allowSameDisk: true, keepDates: 0 };
    const young = await call(prune, input, run());
    const old = await call(prune, input, run({ now: "2026-11-22T20:11:00Z" }));
    assert.deepEqual([young.hours, old.hours], [0, 5]);
    const id = remoteId(remote.settings.HOURBOOK_REMOTE);
    const path = hourPaths(books("2026-11-22T15"), "vps-1").data;
    const receipt = await readReceipt(systemFiles, recording.dataFolder, id, path);
    assert.deepEqual(
      [receipt?.state, receipt?.firstSeen],
      ["verified", "2026-11-22T19:10:00.000Z"],
    );
  });

  test("brings the hours and the streams that are asked for, with their reports and labels", async (t) => {
    const { run, lose, recording, archive } = await dir(t);
    lose();

    await call(restore, { from: "2026-11-22T16", to: "2026-11-22T16", stream: ["books"] }, run());

    const wanted = Object.entries(archive).filter(([path]) =>
      path.startsWith(hourFolder(books("2026-11-22T16"))),
    );
    assert.deepEqual(contentsOf(join(recording.dataFolder, "archive")), Object.fromEntries(wanted));
    const reports = Object.keys(recording.finals());
    assert.ok(reports.length > 0 && reports.every((path) => path.includes("/hour=16/")));
    assert.deepEqual(contentsOf(join(recording.dataFolder, "labels")), {});
    assert.equal((await call(verify, {}, run())).findingsTotal, 0);
  });

  test("fills what is missing and brings nothing else", async (t) => {
    const { run, recording, archive } = await dir(t);
    const hour = join(recording.dataFolder, "archive", hourFolder(books("2026-11-22T15")));
    rmSync(join(hour, "vps-1.jsonl.gz"));
    rmSync(join(recording.dataFolder, "archive", hourFolder(books("2026-11-22T16"))), {
      recursive: true,
    });

    const result = await call(restore, {}, run());

    assert.deepEqual([result.hours, result.files, result.present], [2, 5, 5]);
    assert.deepEqual(contentsOf(join(recording.dataFolder, "archive")), archive);
    const again = await call(restore, {}, run());
    assert.deepEqual([again.hours, again.files, again.present], [0, 0, 7]);
  });

  test("leaves alone what is here and differs, says so (65), and brings the others", async (t) => {
    const { run, recording, archive } = await dir(t);
    const path = hourPaths(books("2026-11-22T15"), "vps-1").data;
    const full = join(recording.dataFolder, "archive", path);
    writeFileSync(full, "damaged");
    rmSync(join(recording.dataFolder, "archive", hourFolder(books("2026-11-22T16"))), {
      recursive: true,
    });

    const error = await failure(call(restore, {}, run()));

    assert.deepEqual([error.code, error.exit], ["NOT_RESTORED", "findings"]);
    assert.match(
      error.details[0] ?? "",
      /^LOCAL_DIFFERS {2}venue=.*hour=15\/vps-1\.jsonl\.gz {3}it is here/,
    );
    assert.equal(readFileSync(full, "utf8"), "damaged");
    rmSync(full);
    await call(restore, {}, run());
    assert.deepEqual(contentsOf(join(recording.dataFolder, "archive")), archive);
  });

  test("names a file beside the hours that is here, as large as the sent one and another", async (t) => {
    const { run, recording } = await dir(t);
    const path = Object.keys(recording.finals()).find((each) => each.endsWith(".md")) ?? "";
    const full = join(recording.dataFolder, "reports", path);
    const changed = readFileSync(full, "utf8").replace("Gaps", "Gapz");
    writeFileSync(full, changed);

    const error = await failure(call(restore, {}, run()));

    assert.match(error.details.join("\n"), /^LOCAL_DIFFERS {2}reports\/\S+\.md {3}it is here/);
    assert.equal(readFileSync(full, "utf8"), changed);
  });

  test("puts no hour into the archive of which a file was changed or lost there", async (t) => {
    const { run, recording, remote, lose } = await dir(t);
    lose();
    const [changed, lost] = ["2026-11-22T15", "2026-11-22T16"].map((hour) =>
      hourPaths(books(hour), "vps-1"),
    );
    const bytes = readFileSync(join(remote.folder, changed!.data));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(join(remote.folder, changed!.data), bytes);
    rmSync(join(remote.folder, lost!.index));

    const error = await failure(call(restore, {}, run()));

    assert.match(
      error.details.join("\n"),
      /REMOTE_DIFFERS .*hour=15\/vps-1\.jsonl\.gz {3}\d+ B came, but of other content/,
    );
    assert.match(
      error.details.join("\n"),
      /MISSING .*hour=16\/vps-1\.index\.json\.gz {3}it is not on the remote/,
    );
    assert.match(error.safe ?? "", /Nothing here was overwritten; 5 other hours brought/);
    const here = await listHours(systemFiles, recording.dataFolder, "vps-1");
    assert.deepEqual(
      here.filter(({ stream }) => stream === "books").map(({ hour }) => hour),
      ["2026-11-22T17"],
    );
  });

  test("finds a manifest that was altered together with its data: the next one knows it by its bytes", async (t) => {
    const { run, remote, lose } = await dir(t);
    lose();
    const { manifest } = hourPaths(books("2026-11-22T15"), "vps-1");
    const path = join(remote.folder, manifest);
    writeFileSync(path, readFileSync(path, "utf8").replace('"findings": []', '"findings":  []'));

    const error = await failure(call(restore, {}, run()));

    assert.match(
      error.details.join("\n"),
      /CHAIN_BREAK .*hour=15\/vps-1\.manifest\.json {3}\S+ names it with SHA-256/,
    );
  });

  test("asks for an hour that a manifest names and nothing shows", async (t) => {
    const { run, remote, lose } = await dir(t);
    lose();
    const { folder, manifest } = hourPaths(books("2026-11-22T16"), "vps-1");
    rmSync(join(remote.folder, folder), { recursive: true });

    const error = await failure(call(restore, {}, run()));

    assert.deepEqual(error.details, [`MISSING  ${manifest}   it is not on the remote`]);
  });

  test("brings an hour whose manifest was not sent any more, and build-manifest goes on with it", async (t) => {
    const { run, remote, lose, recording, archive } = await dir(t);
    const last = hourPaths(books("2026-11-22T17"), "vps-1");
    lose();
    rmSync(join(remote.folder, last.manifest));
    for (const path of Object.keys(contentsOf(join(remote.folder, "uploads"))))
      rmSync(join(remote.folder, "uploads", path));

    const result = await call(restore, {}, run());
    await call(buildManifest, {}, run());

    assert.equal(result.undescribed, 1);
    assert.match(
      restore.summary(result),
      /1 hour without a manifest there: npm run fn -- build-manifest/,
    );
    const here = contentsOf(join(recording.dataFolder, "archive"));
    assert.deepEqual(Object.keys(here), Object.keys(archive));
    for (const path of [last.data, last.index, last.sums]) assert.equal(here[path], archive[path]);
    assert.equal((await call(verify, {}, run())).findingsTotal, 0);
  });

  test("says of a remote that holds other collectors' hours whose they are", async (t) => {
    const { run, lose } = await dir(t);
    lose();

    const error = await failure(call(restore, {}, run({ collector: "vps-2" })));

    assert.equal(error.code, "NOTHING_TO_RESTORE");
    assert.match(error.details.join("\n"), /^it holds what these recorded:\nvps-1 {3}\d+ objects$/);
    assert.match(error.next ?? "", /set HOURBOOK_COLLECTOR/);
  });

  test("says in a dry run what it would bring, and changes nothing", async (t) => {
    const { run, lose, recording, archive } = await dir(t);
    lose();

    const { hours, files } = await call(restore, { dryRun: true }, run());

    assert.equal(hours, 7);
    assert.ok(files > Object.keys(archive).length);
    assert.ok(!existsSync(recording.dataFolder));
    const some = { from: "2026-11-22T16", to: "2026-11-22T16" };
    const foretold = await call(restore, { ...some, dryRun: true }, run());
    const brought = await call(restore, some, run());
    assert.deepEqual(
      [foretold.hours, foretold.files, foretold.bytes],
      [brought.hours, brought.files, brought.bytes],
    );
  });

  test("refuses before it begins where there is no room for it", async (t) => {
    const { run, lose, recording } = await dir(t);
    lose();
    const files: Files = {
      ...systemFiles,
      space: async () => ({ freeBytes: 1e6, totalBytes: 1e9 }),
    };

    const error = await failure(call(restore, {}, run({ files })));

    assert.equal(error.code, "NO_ROOM");
    assert.deepEqual(contentsOf(recording.dataFolder), {});
  });

  test("brings the rest after a kill at any call, and no hour is ever there in part", async (t) => {
    const remote = onDisk(t);
    const hours = ["2026-11-22T14", "2026-11-22T15"];
    for (const hour of hours) writeHour(remote.dataFolder, { hour });
    mkdirSync(join(remote.dataFolder, "labels"));
    writeFileSync(join(remote.dataFolder, "labels/vps-1.x.json"), "{}");
    const run = (files: Files) => aRun({ ...remote, files, now });
    await call(offload, {}, run(killedAt(Infinity).files));
    const lost = contentsOf(remote.dataFolder);
    const kept = Object.keys(lost).filter((path) => !path.startsWith("receipts/"));
    const seed = rotatingSeed(t);
    const stride = isLong ? 1 : 23;
    for (let at = 1 + (seed % stride), isDone = false; !isDone; at += stride) {
      rmSync(remote.dataFolder, { recursive: true });
      const killed = killedAt(at);
      try {
        await call(restore, {}, run(killed.files));
        isDone = killed.calls() < at;
      } catch (error) {
        assert.ok(error instanceof Killed, String(error));
      }
      for (const { hour, has } of await listHours(systemFiles, remote.dataFolder, "vps-1"))
        assert.equal(has.size, 4, `killed at ${at}: ${hour} is there in part`);

      await call(restore, {}, run(killedAt(Infinity).files));

      const here = contentsOf(remote.dataFolder);
      for (const path of kept) assert.equal(here[path], lost[path], `killed at ${at}: ${path}`);
      // Half-written receipts are for offload and prune to end.
      const left = Object.keys(here).filter(
        (path) => !(path in lost) && !path.startsWith("receipts/"),
      );
      assert.deepEqual(left, [], `killed at ${at}`);
    }
  });
});

/** Without the pages on labels, which each run of gap-report adds where they lack. */
function withoutPages(reports: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(reports).filter(([path]) => path.includes(".gaps.")));
}
