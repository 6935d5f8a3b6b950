/**
 * verify is asked one question after each kind of harm: which file, and what is wrong with it?
 *
 * Method: four hours are recorded, sealed and described for real; then one thing is done to them that a disk,
 * a cloud drive or a person does, and the findings are compared as code and file.
 */
import assert from "node:assert/strict";
import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import verify from "../../functions/verify.ts";
import type { Verified } from "../../functions/verify/verification.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { all, anArchive, type TestArchive } from "../support/archive.ts";
import { settingsOf } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";

const hours = ["2026-11-22T10", "2026-11-22T11", "2026-11-22T12", "2026-11-22T13"] as const;

const tidyUps: (() => void)[] = [];
let whole: TestArchive;

/** Recorded once: sealing takes a hundred times as long as copying. */
async function recordFour(): Promise<TestArchive> {
  const archive = anArchive({ after: (tidyUp) => tidyUps.push(tidyUp) });
  for (const hour of hours) {
    await archive.poll({ at: `${hour}:00:00`, books: all(`{"hour":"${hour}"}`) });
    await archive.poll({
      at: `${hour}:00:10`,
      books: { "11": '{"a":1}' },
      missing: { "22": "omitted" },
    });
  }
  await archive.seal("2026-11-22T14:10:00Z");
  return archive;
}

function fourHours(t: TestContext): TestArchive {
  return anArchive(t, { like: whole });
}

async function verified(archive: TestArchive, input: object = {}): Promise<Verified> {
  const run = aRun({ dataFolder: archive.dataFolder, settings: {} });
  try {
    return await call(verify, { ...input }, run);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    assert.deepEqual([error.code, error.exit], ["FINDINGS", "findings"]);
    return error.result as Verified;
  }
}

/** `ALTERED T11 data` of each finding. */
function found({ findings }: Verified): string[] {
  return findings.map(({ code, path }) => {
    const [, hour, kind] = /hour=(\d\d)\/[^.]+\.(.+)$/.exec(path) ?? [];
    return hour === undefined ? `${code} ${path}` : `${code} ${hour} ${kind}`;
  });
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

suite("verify", () => {
  before(async () => {
    whole = await recordFour();
  });
  after(() => {
    for (const tidyUp of tidyUps) tidyUp();
  });

  test("finds nothing in a whole archive, and says what it looked at", async (t) => {
    const result = await verified(fourHours(t));
    assert.deepEqual(result.findings, []);
    assert.deepEqual(result.notes, []);
    assert.deepEqual([result.hours, result.files, result.lines], [4, 16, 4 * 7]);
    assert.match(
      verify.summary(result),
      /^4 hours verified \(16 files, [\d,]+ B, 28 lines\): no finding\nchain of vps-1 polymarket books: 1 to 4, 2026-11-22T10 to 2026-11-22T13, from its beginning$/,
    );
  });

  test("finds nothing in a copy of the archive either", async (t) => {
    const archive = fourHours(t);
    const folder = archive.copy();
    rmSync(archive.dataFolder, { recursive: true });
    assert.deepEqual(found(await verified(archive, { folder })), []);
  });

  const harms: [string, (archive: TestArchive) => void, string[]][] = [
    ["a data file is missing", (a) => rmSync(a.file(hours[1], "data")), ["MISSING 11 jsonl.gz"]],
    ["an index is missing", (a) => rmSync(a.file(hours[1], "index")), ["MISSING 11 index.json.gz"]],
    ["a .sha256 is missing", (a) => rmSync(a.file(hours[1], "sums")), ["MISSING 11 sha256"]],
    [
      "a manifest is missing",
      (a) => rmSync(a.file(hours[1], "manifest")),
      ["MISSING 11 manifest.json"],
    ],
    [
      "a whole hour is missing",
      (a) => rmSync(dirname(a.file(hours[1], "data")), { recursive: true }),
      ["MISSING 11 manifest.json"],
    ],
    [
      "one bit of a data file is flipped",
      (a) => flipByte(a.file(hours[1], "data"), 40),
      ["ALTERED 11 jsonl.gz"],
    ],
    [
      "a byte of the gzip header is changed, which no reader minds",
      (a) => flipByte(a.file(hours[1], "data"), 9),
      ["ALTERED 11 jsonl.gz"],
    ],
    [
      "a data file is compressed anew, with the same lines",
      (a) => {
        const path = a.file(hours[1], "data");
        writeFileSync(path, gzipSync(gunzipSync(readFileSync(path)), { level: 9 }));
      },
      ["ALTERED 11 jsonl.gz"],
    ],
    [
      "a data file is cut short",
      (a) => truncateSync(a.file(hours[1], "data"), 50),
      ["TRUNCATED 11 jsonl.gz"],
    ],
    [
      "a data file is empty",
      (a) => truncateSync(a.file(hours[1], "data"), 0),
      ["TRUNCATED 11 jsonl.gz"],
    ],
    [
      "an index is altered",
      (a) => flipByte(a.file(hours[1], "index"), 30),
      ["ALTERED 11 index.json.gz"],
    ],
    [
      "a .sha256 names another sum",
      (a) => edit(a.file(hours[1], "sums"), (text) => text.replace(/^./, "z")),
      ["SUMS_DIFFER 11 sha256"],
    ],
    [
      "two hours' data files are swapped",
      (a) => swap(a.file(hours[1], "data"), a.file(hours[2], "data")),
      ["SWAPPED 11 jsonl.gz", "SWAPPED 12 jsonl.gz"],
    ],
    [
      "two hours' folders are swapped",
      (a) => swap(dirname(a.file(hours[1], "data")), dirname(a.file(hours[2], "data"))),
      ["SWAPPED 11 manifest.json", "SWAPPED 12 manifest.json", "MISSING 12 manifest.json"],
    ],
    [
      "a manifest is edited",
      (a) => edit(a.file(hours[1], "manifest"), (text) => text.replace('"late": 0', '"late": 1')),
      ["INDEX_DIFFERS 11 index.json.gz", "CHAIN_BREAK 11 manifest.json"],
    ],
    [
      "a manifest's text is other bytes of the same meaning",
      (a) => edit(a.file(hours[1], "manifest"), (text) => `${text}\n`),
      ["CHAIN_BREAK 11 manifest.json"],
    ],
    [
      "a manifest is no JSON",
      (a) => edit(a.file(hours[1], "manifest"), (text) => text.slice(9)),
      ["MANIFEST_DAMAGED 11 manifest.json", "MISSING 11 manifest.json"],
    ],
    [
      "a manifest takes another's number",
      (a) => edit(a.file(hours[3], "manifest"), (text) => text.replace('"seq": 4', '"seq": 3')),
      ["CHAIN_FORK 13 manifest.json", "CHAIN_BREAK 13 manifest.json"],
    ],
    [
      "a manifest names another one before it",
      (a) =>
        edit(a.file(hours[3], "manifest"), (text) =>
          text.replace("hour=12/vps-1.man", "hour=11/vps-1.man"),
        ),
      ["CHAIN_BREAK 13 manifest.json"],
    ],
    [
      "the first manifest names one before it",
      (a) =>
        edit(a.file(hours[0], "manifest"), (text) =>
          text.replace('"previous": null', '"previous": {"path": "x", "sha256": "y"}'),
        ),
      ["CHAIN_BREAK 10 manifest.json", "CHAIN_BREAK 10 manifest.json"],
    ],
    [
      "a sealed file has no index and no manifest, and no open file is left",
      (a) => {
        rmSync(a.file(hours[3], "index"));
        rmSync(a.file(hours[3], "sums"));
        rmSync(a.file(hours[3], "manifest"));
      },
      ["MISSING 13 index.json.gz"],
    ],
  ];
  for (const [what, harm, expected] of harms) {
    test(`finds that ${what}`, async (t) => {
      const archive = fourHours(t);
      harm(archive);
      assert.deepEqual(found(await verified(archive)), expected);
      // The same is found in a copy.
      assert.deepEqual(found(await verified(archive, { folder: archive.copy() })), expected);
    });
  }

  test("finds an hour whose index and counts were made to fit other lines", async (t) => {
    const archive = fourHours(t);
    const path = archive.file(hours[3], "index");
    const index = JSON.parse(gunzipSync(readFileSync(path)).toString());
    index.data.unchanged += 1;
    index.tokens["22"].first += 1;
    index.tokens["33"].offset += 1;
    writeFileSync(path, gzipSync(JSON.stringify(index)));
    for (const kind of ["sums", "manifest"] as const) rmSync(archive.file(hours[3], kind));
    const { findings } = await verified(archive);
    assert.deepEqual(
      findings.map(({ code, detail }) => `${code} ${detail}`),
      [
        "INDEX_DIFFERS token 33: its bytes do not follow the group before it",
        "COUNTS_DIFFER unchanged: 2 noted, 1 found",
        "COUNTS_DIFFER token 22: its polls or slots are noted otherwise",
      ],
    );
  });

  test("looks at the range alone", async (t) => {
    const archive = fourHours(t);
    flipByte(archive.file(hours[0], "data"), 40);
    const result = await verified(archive, { from: hours[1], to: hours[2] });
    assert.deepEqual([result.hours, result.findings], [2, []]);
    assert.equal((await verified(archive, { to: "2026-11-21" })).hours, 0);
    assert.deepEqual(found(await verified(archive, { from: "2026-11-22", to: "2026-11-22" })), [
      "ALTERED 10 jsonl.gz",
    ]);
  });

  test("takes strays, leftovers and hours on their way for notes", async (t) => {
    const archive = fourHours(t);
    await archive.poll({ at: "14:00:00", books: all("{}") });
    writeFileSync(join(dirname(archive.file(hours[1], "data")), "Thumbs.db"), "");
    writeFileSync(join(dirname(archive.file(hours[1], "data")), ".vps-1.jsonl.gz.tmp"), "");
    for (const kind of ["sums", "manifest"] as const) rmSync(archive.file(hours[3], kind));
    const { findings, notes } = await verified(archive);
    assert.deepEqual(findings, []);
    assert.deepEqual(
      notes.map(({ code }) => code),
      ["STRAY", "STRAY", "NOT_DESCRIBED"],
    );
  });

  test("says where a pruned chain begins, and finds nothing; a hole that no receipt explains it finds", async (t) => {
    const archive = anArchive(t);
    const { dataFolder } = archive;
    for (const day of ["19", "20", "21", "22"])
      await archive.poll({ at: `2026-11-${day}T10:00:00`, books: all("{}") });
    await archive.seal("2026-11-22T14:10:00Z");
    const settings = settingsOf(`dir:${join(dataFolder, "../offsite")}`);
    const at = (now: string) =>
      aRun({ dataFolder, settings, clock: virtualClock({ start: Date.parse(now) }) });
    await call(offload, {}, at("2026-11-22T14:20:00Z"));
    await call(prune, { allowSameDisk: true, keepDates: 3 }, at("2026-11-22T17:20:00Z"));

    const pruned = await verified(archive);
    assert.deepEqual(pruned.findings, []);
    assert.deepEqual(
      pruned.notes.map(({ code }) => code),
      ["CHAIN_BEGINS"],
    );
    assert.match(verify.summary(pruned), /: 2 to 4, .*, what came before is not here/);
    assert.deepEqual(
      found(await verified(archive, { folder: join(dataFolder, "../offsite") })),
      [],
    );

    rmSync(dirname(archive.file("2026-11-21T10", "data")), { recursive: true });
    assert.deepEqual(
      (await verified(archive)).notes.map(({ code }) => code),
      ["CHAIN_BEGINS", "CHAIN_HOLE", "NOT_HERE"],
    );
    rmSync(join(dataFolder, "receipts"), { recursive: true });
    assert.deepEqual(found(await verified(archive)), ["MISSING 10 manifest.json"]);
  });

  test("misses the newest hour, which no later manifest names, by the list of uploads", async (t) => {
    const archive = fourHours(t);
    const { dataFolder } = archive;
    const offsite = join(dataFolder, "../offsite");
    await call(offload, {}, aRun({ dataFolder, settings: settingsOf(`dir:${offsite}`) }));
    rmSync(dirname(archive.file(hours[3], "data")), { recursive: true });
    assert.deepEqual(found(await verified(archive)), ["MISSING 13 manifest.json"]);

    const there = archive.file(hours[3], "manifest").replace(join(dataFolder, "archive"), offsite);
    edit(there, (text) => `${text} `);
    assert.deepEqual(found(await verified(archive, { folder: offsite })), [
      "ALTERED 13 manifest.json",
    ]);
  });

  test("checks all collectors of a folder, or one", async (t) => {
    const [one, other] = [fourHours(t), anArchive(t, { collector: "vps-2" })];
    await other.poll({ at: "10:00:00", books: all("{}") });
    await other.seal("2026-11-22T14:10:00Z");
    const folder = one.copy();
    cpSync(join(other.dataFolder, "archive"), folder, { recursive: true });
    flipByte(
      join(
        folder,
        dirname(one.file(hours[0], "data")).split("/archive/")[1] ?? "",
        "vps-2.jsonl.gz",
      ),
      40,
    );
    assert.deepEqual(found(await verified(one, { folder })), ["ALTERED 10 jsonl.gz"]);
    assert.deepEqual(found(await verified(one, { folder, collector: "vps-1" })), []);
    assert.equal((await verified(one, { folder })).chains.length, 2);
  });

  test("refuses a folder without hours, and what is no hour", async (t) => {
    const archive = anArchive(t);
    mkdirSync(archive.dataFolder, { recursive: true });
    const run = aRun({ dataFolder: archive.dataFolder, settings: {} });
    const file = join(archive.dataFolder, "file");
    writeFileSync(file, "");
    for (const folder of [archive.dataFolder, file, join(file, "below")])
      await assert.rejects(call(verify, { folder }, run), { code: "NO_ARCHIVE", exit: "usage" });
    for (const from of ["2026-02-30", "2026-11-22T24", "yesterday"])
      await assert.rejects(async () => call(verify, { from }, run), /UTC hour or date/);
  });
});

function swap(a: string, b: string): void {
  renameSync(a, `${a}.swap`);
  renameSync(b, a);
  renameSync(`${a}.swap`, b);
}
