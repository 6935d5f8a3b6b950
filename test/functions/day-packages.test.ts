/**
 * A day's data package must list every hour of the day or not be there, and go wherever the hours go.
 *
 * Method: days are recorded, sealed and described for real; what other functions make of the package is read
 * off the disk.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import buildManifest from "../../functions/build-manifest.ts";
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import verify from "../../functions/verify.ts";
import { parseManifest } from "../../functions/archive/manifest.ts";
import type { OperatorError } from "../../runtime/errors.ts";
import { systemClock } from "../../runtime/doors/clock.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { all, anArchive, type TestArchive } from "../support/archive.ts";
import { settingsOf } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const packagePath = "venue=polymarket/stream=books/date=2026-11-20/vps-1.datapackage.json";

async function aDay(t: TestContext): Promise<TestArchive> {
  const archive = anArchive(t);
  for (const at of ["20T10", "20T23", "21T10", "22T10"])
    await archive.poll({ at: `2026-11-${at}:00:00`, books: all("{}") });
  return archive;
}

function runOf({ dataFolder }: TestArchive, now: string) {
  const settings = settingsOf(`dir:${join(dataFolder, "../offsite")}`);
  return aRun({ dataFolder, settings, clock: virtualClock({ start: Date.parse(now) }) });
}

function packageIn(archive: TestArchive): string {
  return join(archive.dataFolder, "archive", packagePath);
}

suite("a day's data package", () => {
  test("is written once the day and a margin are over, and lists all its hours", async (t) => {
    const archive = await aDay(t);
    await archive.seal("2026-11-21T00:30:00Z");
    assert.ok(!existsSync(packageIn(archive)));
    const run = runOf(archive, "2026-11-21T01:00:00Z");
    const result = await call(buildManifest, {}, run);
    assert.deepEqual(result.packages, [packagePath]);
    assert.equal(
      buildManifest.summary(result),
      "0 hours described, 1 data package of days written",
    );

    const described = JSON.parse(readFileSync(packageIn(archive), "utf8"));
    assert.equal(described.profile, "data-package");
    assert.match(described.name, /^[a-z0-9._-]+$/);
    const manifestPath = archive.file("2026-11-20T23", "manifest");
    const { manifest, sha256 } = parseManifest(readFileSync(manifestPath), "m");
    assert.deepEqual(described.resources[1], {
      name: "hour-23",
      path: "hour=23/vps-1.jsonl.gz",
      format: "jsonl",
      mediatype: "application/jsonl",
      compression: "gz",
      encoding: "utf-8",
      bytes: manifest.data.bytes,
      hash: `sha256:${manifest.data.sha256}`,
      lines: manifest.data.lines,
      rawBytes: manifest.data.rawBytes,
      first: manifest.data.first,
      last: manifest.data.last,
      manifest: { path: "hour=23/vps-1.manifest.json", sha256 },
    });
    assert.deepEqual((await call(buildManifest, {}, run)).packages, []);
  });

  test("waits for an hour that is open, or sealed and not described", async (t) => {
    const archive = await aDay(t);
    await archive.seal("2026-11-22T18:00:00Z");
    for (const path of [packageIn(archive), archive.file("2026-11-20T23", "manifest")])
      rmSync(path);
    const index = archive.file("2026-11-20T23", "index");
    const bytes = readFileSync(index);
    writeFileSync(index, "damaged");
    await assert.rejects(call(buildManifest, {}, runOf(archive, "2026-11-22T18:00:00Z")));
    assert.ok(!existsSync(packageIn(archive)));
    writeFileSync(index, bytes);
  });

  test("is never written for a day of which hours were pruned before", async (t) => {
    for (const gone of ["2026-11-20T10", "2026-11-20T23"]) {
      const archive = await aDay(t);
      await archive.seal("2026-11-22T18:00:00Z");
      rmSync(packageIn(archive));
      rmSync(dirname(archive.file(gone, "data")), { recursive: true });
      await call(buildManifest, {}, runOf(archive, "2026-11-22T18:00:00Z"));
      assert.ok(!existsSync(packageIn(archive)), gone);
    }
  });

  test("is offloaded, verified, and pruned after the last of its hours", async (t) => {
    const archive = await aDay(t);
    await archive.seal("2026-11-22T18:00:00Z");
    await call(offload, {}, runOf(archive, "2026-11-22T18:00:00Z"));
    const offsite = join(archive.dataFolder, "../offsite");
    assert.deepEqual(readFileSync(join(offsite, packagePath)), readFileSync(packageIn(archive)));
    const { files } = await call(offload, {}, runOf(archive, "2026-11-22T18:10:00Z"));
    assert.equal(files.verified, 4 * 4 + 2 + 1);

    const later = "2026-11-22T20:00:00Z";
    const input = { allowSameDisk: true, keepDates: 2 };
    const foretold = await call(prune, { ...input, dryRun: true }, runOf(archive, later));
    const pruned = await call(prune, input, runOf(archive, later));
    assert.deepEqual([pruned.hours, pruned.files], [2, 9]);
    assert.deepEqual([foretold.files, foretold.bytes], [pruned.files, pruned.bytes]);
    assert.ok(!existsSync(dirname(packageIn(archive))));
    for (const folder of [undefined, offsite])
      assert.equal(
        (await call(verify, { folder }, runOf(archive, "2026-11-22T20:00:00Z"))).findingsTotal,
        0,
      );
  });

  test("stays where its copy is gone", async (t) => {
    const archive = await aDay(t);
    await archive.seal("2026-11-22T18:00:00Z");
    await call(offload, {}, runOf(archive, "2026-11-22T18:00:00Z"));
    rmSync(join(archive.dataFolder, "../offsite", packagePath));
    await call(
      prune,
      { allowSameDisk: true, keepDates: 2 },
      runOf(archive, "2026-11-22T20:00:00Z"),
    );
    assert.ok(existsSync(packageIn(archive)));
  });

  test("that does not fit its hours is found by verify", async (t) => {
    const archive = await aDay(t);
    await archive.seal("2026-11-22T18:00:00Z");
    const text = readFileSync(packageIn(archive), "utf8");
    const altered: [string, string][] = [
      [text.replace('"bytes": ', '"bytes": 1'), "PACKAGE_DIFFERS"],
      [text.replace(/"sha256": "./, '"sha256": "z'), "PACKAGE_DIFFERS"],
      [text.replace('"date": "2026-11-20"', '"date": "2026-11-21"'), "PACKAGE_DIFFERS"],
      ["{", "PACKAGE_DIFFERS"],
    ];
    for (const [bytes, code] of altered) {
      writeFileSync(packageIn(archive), bytes);
      const checked = call(verify, {}, runOf(archive, "2026-11-22T20:00:00Z"));
      await assert.rejects(checked, (error: OperatorError) => {
        assert.match(error.details[0] ?? "", new RegExp(`^${code} .*datapackage`));
        return error.details.length === 1;
      });
    }
  });
});

test("a manifest names the revisions of the schedule that were in force in its hour", async (t) => {
  const archive = await aDay(t);
  const machine = { files: systemFiles, clock: systemClock };
  const journal = hourLog({ machine, dataFolder: archive.dataFolder, stream: "journal" });
  const line = (revision: string) =>
    Buffer.from(
      `${JSON.stringify({ kind: "schedule", at: "2026-11-20T10:00:00.000Z", revision, by: "daemon", functions: {} })}\n`,
    );
  await journal.append("2026-11-20T10", () => [line("aaa"), line("bbb"), line("aaa")]);
  await archive.seal("2026-11-22T18:00:00Z");
  const schedulesOf = (hour: string) =>
    parseManifest(readFileSync(archive.file(hour, "manifest")), "m").manifest.schedules;
  assert.deepEqual(schedulesOf("2026-11-20T10"), ["aaa", "bbb"]);
  assert.deepEqual(schedulesOf("2026-11-20T23"), []);
});
