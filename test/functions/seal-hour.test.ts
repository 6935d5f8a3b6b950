/**
 * seal-hour makes of what a crash left an hour that says so: in its manifest, in the journal and in quarantine.
 *
 * Method: polls are recorded through the real hour log, damage is put behind them, and the real function seals.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { gunzipSync } from "node:zlib";
import sealHour from "../../functions/seal-hour.ts";
import { readIndex } from "../../functions/archive/sealed-index.ts";
import { hourPaths } from "../../functions/archive/layout.ts";
import { systemClock } from "../../runtime/doors/clock.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { all, anArchive } from "../support/archive.ts";
import { aRun, call } from "../support/run.ts";

/** Bytes that do not compress, as an encrypted disk gives back what was never written. */
function noise(bytes: number): Buffer {
  const pieces: Buffer[] = [];
  let piece = Buffer.from("seed");
  for (let size = 0; size < bytes; size += piece.length) {
    piece = createHash("sha512").update(piece).digest();
    pieces.push(piece);
  }
  return Buffer.concat(pieces).subarray(0, bytes);
}

interface Kept {
  from: string;
  data: string;
  encoding: BufferEncoding;
}

suite("seal-hour", () => {
  test("keeps damage as large as an hour, piece by piece, and puts it on record", async (t) => {
    const archive = anArchive(t);
    const { dataFolder, collector } = archive;
    await archive.poll({ at: "15:00:10", books: all('{"a":1}') });
    const open = join(dataFolder, "open");
    const part = readdirSync(open).find((name) => name.endsWith(".gz")) ?? "";
    // More than one append of the quarantine takes.
    const damage = noise(20 * 1024 * 1024);
    appendFileSync(join(open, part), damage);
    await archive.poll({ at: "15:00:20", books: all('{"a":2}') });

    const now = "2026-11-22T16:10:00Z";
    const run = aRun({ dataFolder, collector, settings: {}, now });
    const report = await call(sealHour, {}, { ...run, clock: systemClock });

    assert.equal(report.quarantined, 1);
    const { index } = hourPaths(
      { venue: "polymarket", stream: "books", hour: "2026-11-22T15" },
      collector,
    );
    const { recovered } = await readIndex(systemFiles, dataFolder, index);
    assert.deepEqual(
      recovered.map(({ bytes }) => bytes),
      [damage.length],
    );
    assert.deepEqual(
      run.noted.map(({ event, about }) => [event, (about as { bytes: number }).bytes]),
      [["recovered", damage.length]],
    );
    const name = readdirSync(open).find((each) => each.includes("quarantine")) ?? "";
    const lines = gunzipSync(readFileSync(join(open, name)))
      .toString()
      .trimEnd()
      .split("\n");
    const kept = lines.map((line) => JSON.parse(line) as Kept);
    const bytes = Buffer.concat(kept.map(({ data, encoding }) => Buffer.from(data, encoding)));
    assert.ok(bytes.equals(damage));
    // An append each: what is held in memory at a time.
    assert.equal(new Set(kept.map(({ from }) => from)).size, 3);
  });

  test("leaves alone what lies in open/ and is no hour of a stream", async (t) => {
    const archive = anArchive(t);
    const { dataFolder, collector } = archive;
    await archive.poll({ at: "15:00:10", books: all('{"a":1}') });
    const part = "2026-11-22T15.part1";
    const strange = [
      `my notes.${part}.jsonl.gz`,
      `..${part}.jsonl.gz`,
      `..${part}.at7.torn`,
      `books.${part}.jsonl.gz`,
      `polymarket.books.2026-13-45T99.part1.jsonl.gz`,
    ];
    for (const name of strange) writeFileSync(join(dataFolder, "open", name), "x");

    const run = aRun({ dataFolder, collector, settings: {}, now: "2026-11-22T16:10:00Z" });
    const report = await call(sealHour, {}, run);

    assert.equal(report.sealed.length, 1);
    const left = readdirSync(join(dataFolder, "open"));
    assert.deepEqual(left.toSorted(), [...strange, "polymarket.books.closed.json"].toSorted());
  });
});
