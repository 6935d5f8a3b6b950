/**
 * A label must be seen wherever the data is looked at, and the sealed hour must stay as it is.
 *
 * Method: two hours are sealed, one of them is labelled, and then each function that should show it is run.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { suite, test, type TestContext } from "node:test";
import gapReport from "../../functions/gap-report.ts";
import label from "../../functions/label.ts";
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import read from "../../functions/read.ts";
import verify from "../../functions/verify.ts";
import type { OperatorError } from "../../runtime/errors.ts";
import { all, anArchive, type TestArchive } from "../support/archive.ts";
import { contentsOf } from "../support/hours.ts";
import { settingsOf } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const hour = "2026-11-22T15";
const said = { hour, verdict: "invalid", reason: "the clock was wrong", replacement: "vps-2" };

async function sealedHours(
  t: TestContext,
  dates: readonly string[] = ["22"],
): Promise<TestArchive> {
  const archive = anArchive(t);
  for (const day of dates) {
    for (const utc of ["15", "16"])
      await archive.poll({
        at: `2026-11-${day}T${utc}:00:00`,
        books: all('{"bids":[],"asks":[]}'),
      });
  }
  await archive.seal("2026-11-22T18:00:00Z");
  return archive;
}

function runOf({ dataFolder }: TestArchive, now = "2026-11-22T18:00:00Z") {
  const settings = settingsOf(`dir:${join(dataFolder, "../offsite")}`);
  return aRun({ dataFolder, settings, clock: virtualClock({ start: Date.parse(now) }) });
}

suite("label", () => {
  test("writes one file that says what, why and what instead, and which bytes were judged", async (t) => {
    const archive = await sealedHours(t);
    const before = contentsOf(join(archive.dataFolder, "archive"));

    const result = await call(label, said, runOf(archive));

    assert.match(
      result.path,
      /^labels\/venue=polymarket\/stream=books\/date=2026-11-22\/hour=15\/vps-1\.20261122T.+\.json$/,
    );
    const written = JSON.parse(readFileSync(join(archive.dataFolder, result.path), "utf8"));
    assert.deepEqual(
      [written.verdict, written.replacement, written.token],
      ["invalid", "vps-2", null],
    );
    assert.match(written.manifest.path, /hour=15\/vps-1\.manifest\.json$/);
    assert.deepEqual(contentsOf(join(archive.dataFolder, "archive")), before);
    assert.match(
      label.summary(result),
      /^2026-11-22T15 is labelled invalid: the clock was wrong; use vps-2\n/,
    );
  });

  test("is shown by read, for the token that it speaks of", async (t) => {
    const archive = await sealedHours(t);
    await call(label, { ...said, token: "11" }, runOf(archive));
    const ask = async (token: string): Promise<string[]> => {
      const run = runOf(archive);
      await call(read, { token }, { ...run, output: { write: async () => true } });
      return run.logged.map(({ message }) => message);
    };
    assert.deepEqual(await ask("11"), [
      "2026-11-22T15 is labelled invalid: the clock was wrong (token 11); use vps-2",
    ]);
    assert.deepEqual(await ask("22"), []);
  });

  test("is shown by verify, which finds a damaged one", async (t) => {
    const archive = await sealedHours(t);
    const { path } = await call(label, said, runOf(archive));
    const result = await call(verify, {}, runOf(archive));
    assert.match(
      verify.summary(result),
      /^label: vps-1 polymarket books 2026-11-22T15: invalid: the clock was wrong; use vps-2$/m,
    );
    writeFileSync(join(archive.dataFolder, path), "{");
    await assert.rejects(call(verify, {}, runOf(archive)), (error: OperatorError) => {
      assert.match(error.details[0] ?? "", /^LABEL_DAMAGED {2}labels\/.+\.json/);
      return true;
    });
  });

  test("gets a page beside the gap report, which stays as it was, also when that is final", async (t) => {
    const archive = await sealedHours(t);
    await call(gapReport, {}, runOf(archive));
    const reports = join(archive.dataFolder, "reports");
    const before = contentsOf(reports);
    await call(label, said, runOf(archive));

    const { hours, labelPages } = await call(gapReport, {}, runOf(archive));

    const after = contentsOf(reports);
    assert.equal(labelPages.length, 1);
    const page = labelPages[0] ?? "";
    assert.match(page, /hour=15\/vps-1\.label\..+\.md$/);
    assert.deepEqual({ ...after, ...before }, after);
    assert.equal(Object.keys(after).length, Object.keys(before).length + 1);
    const text = readFileSync(join(archive.dataFolder, page), "utf8");
    assert.match(text, /labelled \*\*invalid\*\*[\s\S]+Use instead: vps-2/);
    assert.deepEqual(
      hours.map((reported) => [reported.hour, reported.labels]),
      [
        [hour, ["invalid: the clock was wrong; use vps-2"]],
        ["2026-11-22T16", []],
      ],
    );
    assert.deepEqual((await call(gapReport, {}, runOf(archive))).labelPages, []);
  });

  test("makes prune keep the hour, until a newer one lets it go", async (t) => {
    const archive = await sealedHours(t, ["20", "21", "22"]);
    await call(label, { ...said, hour: "2026-11-20T15", keep: true }, runOf(archive));
    const { wouldCopy } = await call(offload, { dryRun: true }, runOf(archive));
    assert.ok(wouldCopy.some((path) => path.startsWith("labels/")));
    await call(offload, {}, runOf(archive));
    const pruned = (now: string) =>
      call(prune, { allowSameDisk: true, keepDates: 2 }, runOf(archive, now));

    const first = await pruned("2026-11-22T20:00:00Z");
    assert.deepEqual(first.deleted, ["polymarket/books/2026-11-20T16"]);
    assert.equal(first.kept.labelled, 1);
    assert.ok(existsSync(archive.file("2026-11-20T15", "data")));

    const lifted = { ...said, hour: "2026-11-20T15", keep: false };
    await call(label, lifted, runOf(archive, "2026-11-22T20:10:00Z"));
    assert.deepEqual((await pruned("2026-11-22T21:00:00Z")).deleted, [
      "polymarket/books/2026-11-20T15",
    ]);
  });

  test("that cannot be read makes prune keep its hour", async (t) => {
    const archive = await sealedHours(t, ["20", "21"]);
    const { path } = await call(label, { ...said, hour: "2026-11-20T15" }, runOf(archive));
    await call(offload, {}, runOf(archive));
    writeFileSync(join(archive.dataFolder, path), "{");
    const run = runOf(archive, "2026-11-22T20:00:00Z");
    const { kept, deleted } = await call(prune, { allowSameDisk: true, keepDates: 1 }, run);
    assert.deepEqual([kept.labelled, deleted], [1, ["polymarket/books/2026-11-20T16"]]);
  });

  test("refuses a slip of the hand, which would stay for ever", async (t) => {
    const archive = await sealedHours(t);
    await archive.poll({ at: "17:00:00", books: all("{}") });
    const refused = async (input: object, expected: object): Promise<void> => {
      await assert.rejects(call(label, { ...said, ...input }, runOf(archive)), expected);
    };
    await refused({ token: "44" }, { code: "NO_SUCH_TOKEN", exit: "usage" });
    await refused({ token: "11", stream: "journal" }, { code: "BAD_FLAGS", exit: "usage" });
    await refused({ hour: "2026-11-22T17" }, { code: "HOUR_NOT_SEALED", exit: "usage" });
    for (const [slip, what] of [
      [{ collector: "../../../etc/vps" }, /letters, digits/],
      [{ venue: ".." }, /letters, digits/],
      [{ reason: "wrong\n\u001b[31m" }, /one line/],
      [{ reason: "x".repeat(1_001) }, /longer than 1000/],
    ] as const)
      assert.throws(() => v.parse(label.input, { ...said, ...slip }), what);
    assert.ok(!existsSync(join(archive.dataFolder, "labels")));
  });

  test("takes an hour that is not here, and says that it was not looked at", async (t) => {
    const run = runOf(await sealedHours(t));
    await call(label, { ...said, hour: "2025-01-01T00" }, run);
    assert.match(run.logged[0]?.message ?? "", /is not here/);
  });
});
