/**
 * A sealed hour must be readable without Hourbook, by what people have: each reader must see every line of it.
 *
 * Method: an hour of three tokens, sealed for real, with a text that holds line breaks; each reader counts its
 * lines and digests them, and DuckDB reads it through the Hive folders.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { after, before, suite, test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { parseIndex, type SealedIndex } from "../../../functions/archive/sealed-index.ts";
import { aBook, all, anArchive, type TestArchive } from "../../support/archive.ts";

const tidyUps: (() => void)[] = [];
let archive: TestArchive;
let path: string;
let index: SealedIndex;

before(async () => {
  archive = anArchive({ after: (tidyUp) => tidyUps.push(tidyUp) });
  for (let poll = 0; poll < 60; poll += 1) {
    const at = `15:${String(poll).padStart(2, "0")}:00`;
    const books = {
      ...all(aBook(`0.${poll + 10}`, "0.9")),
      "33": `{\n"bids":[],"asks":[],"n":${poll}}`,
    };
    await archive.poll({ at, books });
  }
  await archive.poll({ at: "16:00:00", books: all(aBook("0.5", "0.6")) });
  await archive.seal("2026-11-22T17:10:00Z");
  path = archive.file("2026-11-22T15", "data");
  index = parseIndex(readFileSync(archive.file("2026-11-22T15", "index")), "index");
});
after(() => {
  for (const tidyUp of tidyUps) tidyUp();
});

function check(text: Buffer): void {
  assert.equal(text.toString().split("\n").length - 1, index.data.lines);
  assert.equal(createHash("sha256").update(text).digest("hex"), index.data.rawSha256);
}

suite("a sealed hour is read whole by", () => {
  test("zcat", () => check(execFileSync("zcat", [path])));

  test("gzip -t", () => void execFileSync("gzip", ["-t", path]));

  test("sha256sum -c", () => {
    const cwd = dirname(path);
    assert.match(
      execFileSync("sha256sum", ["-c", "vps-1.sha256"], { cwd }).toString(),
      /gz: OK\n.*gz: OK/,
    );
  });

  test("Python's gzip", () => {
    const script = "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())";
    check(execFileSync("python3", ["-c", script, path]));
  });

  test("DecompressionStream, as browsers have it, which stops after the first gzip member", async () => {
    const stream = new Blob([readFileSync(path)])
      .stream()
      .pipeThrough(new DecompressionStream("gzip"));
    check(Buffer.from(await new Response(stream).arrayBuffer()));
  });

  test("DuckDB, with the folders as columns", async () => {
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    const root = dirname(dirname(dirname(dirname(dirname(path)))));
    const reader = await connection.runAndReadAll(
      `SELECT venue, stream, date::VARCHAR AS date, hour, kind, count(*)::INTEGER AS lines
       FROM read_json('${root}/venue=*/stream=books/date=*/hour=*/*.jsonl.gz',
                      format = 'newline_delimited', hive_partitioning = true, hive_types = {hour: VARCHAR},
                      columns = {kind: 'VARCHAR', token: 'VARCHAR'})
       GROUP BY ALL ORDER BY hour, kind`,
    );
    const hour = (utc: string, kind: string, lines: number) => {
      return ["polymarket", "books", "2026-11-22", utc, kind, lines];
    };
    assert.deepEqual(reader.getRows(), [
      hour("15", "book", 180),
      hour("15", "poll", 60),
      hour("15", "watch", 1),
      hour("16", "book", 3),
      hour("16", "poll", 1),
      hour("16", "watch", 1),
    ]);
    connection.closeSync();
  });
});
