/** What could not be understood is evidence: it must come back byte for byte, and must not fill the disk. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import fc from "fast-check";
import {
  type Piece,
  pieceBytesMax,
  quarantine,
  quarantineLines,
  runBytesMax,
  runPiecesMax,
} from "../../../functions/archive/quarantine.ts";
import { readLines } from "../../../runtime/hours/read.ts";
import { systemFiles } from "../../../runtime/doors/files.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { aRun } from "../../support/run.ts";

type Line = Record<string, unknown>;

suite("quarantine", () => {
  test("gives back any bytes exactly, as text where they are text", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string().map((text) => Buffer.from(text)),
        ),
        (some) => {
          const bytes = Buffer.from(some);
          const [line, ...more] = [...quarantineLines("now", aPiece(bytes))].map(parsed);
          assert.deepEqual([bytesOf([line!]), more], [bytes, []]);
          assert.equal(line?.["bytes"], bytes.length);
        },
      ),
    );
  });

  test("says when, from where, why, and whose it was, the bytes last", () => {
    const piece = {
      from: "books",
      reason: "wrong-market",
      bytes: Buffer.from("é"),
      poll: 100_001,
      token: "1",
    };
    assert.deepEqual(
      String(Buffer.concat([...quarantineLines("now", piece)])),
      '{"kind":"quarantined","at":"now","from":"books","reason":"wrong-market","poll":100001,"token":"1","encoding":"utf8","bytes":2,"data":"é"}\n',
    );
  });

  test("takes several lines for a long piece, wherever the cut falls", () => {
    const bytes = Buffer.from("é".repeat(pieceBytesMax));
    const lines = [...quarantineLines("now", aPiece(Buffer.concat([Buffer.from("x"), bytes])))].map(
      parsed,
    );
    assert.deepEqual(
      lines.map(({ part, parts }) => [part, parts]),
      [
        [1, 3],
        [2, 3],
        [3, 3],
      ],
    );
    assert.equal(bytesOf(lines).length, bytes.length + 1);
    assert.ok(bytesOf(lines).subarray(1).equals(bytes));
  });

  test("writes one member into the hour given, into a stream of its own", async (t) => {
    const { run, lines } = aPlace(t);
    await quarantine(run, "polymarket", [aPiece("a"), aPiece("b")], "2026-11-22T15");
    assert.equal(await quarantine(run, "polymarket", []), undefined);
    assert.deepEqual(
      (await lines("2026-11-22T15")).map(({ data }) => data),
      ["a", "b"],
    );
    await quarantine(run, "polymarket", [aPiece("c")]);
    assert.deepEqual(
      (await lines("2026-11-22T16")).map(({ data }) => data),
      ["c"],
    );
  });

  test("writes bytes once an hour while every run brings them again, and counts them", async (t) => {
    const { run, lines } = aPlace(t);
    const hour = "2026-11-22T15";
    for (const second of ["b", "c", "c", "d"]) {
      await quarantine(run, "polymarket", [aPiece("a"), aPiece(second)], hour);
    }
    assert.deepEqual(
      (await lines(hour)).map(({ kind, data, pieces }) => [kind, data ?? pieces]),
      [
        ["quarantined", "a"],
        ["quarantined", "b"],
        ["quarantined", "c"],
        ["repeated", 1],
        ["repeated", 2],
        ["quarantined", "d"],
        ["repeated", 1],
      ],
    );
    await quarantine(run, "polymarket", [aPiece("a")]);
    assert.deepEqual(
      (await lines("2026-11-22T16")).map(({ data }) => data),
      ["a"],
    );
  });

  test("keeps to its bounds, and says how much it dropped", async (t) => {
    const { run, lines } = aPlace(t);
    const third = Buffer.alloc(Math.floor(runBytesMax / 3));
    await quarantine(
      run,
      "polymarket",
      Array.from({ length: 5 }, () => aPiece(third)),
    );
    const byBytes = (await lines("2026-11-22T16")).at(-1);
    assert.deepEqual(
      [byBytes?.["kind"], byBytes?.["pieces"], byBytes?.["bytes"], byBytes?.["reasons"]],
      ["dropped", 2, 2 * third.length, { garbage: 2 }],
    );
    await quarantine(
      run,
      "polymarket",
      Array.from({ length: runPiecesMax + 3 }, () => aPiece("x")),
    );
    assert.equal((await lines("2026-11-22T16")).at(-1)?.["pieces"], 3);
  });
});

function aPiece(bytes: Buffer | string): Piece {
  return { from: "books", reason: "garbage", bytes: Buffer.from(bytes as string) };
}

function parsed(line: Buffer): Line {
  assert.equal(line.indexOf(10), line.length - 1);
  return JSON.parse(line.toString()) as Line;
}

function bytesOf(lines: readonly Line[]): Buffer {
  return Buffer.concat(
    lines.map(({ data, encoding }) => Buffer.from(String(data), encoding as BufferEncoding)),
  );
}

function aPlace(t: TestContext): {
  run: Parameters<typeof quarantine>[0];
  lines(hour: string): Promise<Line[]>;
} {
  const dataFolder = join(temporaryFolder(t), "data");
  const { clock, files, log } = aRun({ dataFolder, settings: {}, now: "2026-11-22T16:10:00Z" });
  // Letting the event loop go takes no time of its own.
  const willing = {
    ...clock,
    after: (_: number, callback: () => void) => (queueMicrotask(callback), () => {}),
  };
  return {
    run: { clock: willing, files, log, dataFolder },
    async lines(hour) {
      const path = join(dataFolder, "open", `polymarket.quarantine.${hour}.part1.jsonl.gz`);
      return (await Array.fromAsync(readLines(systemFiles, path))).map(
        (line) => JSON.parse(line.toString()) as Line,
      );
    },
  };
}
