/**
 * Sealing rewrites an hour, so each test asks: is every line still there, byte for byte, and does it say so?
 *
 * Method: hours are written through the real hour log, sealed into a folder of the test's own, and read back by
 * plain gunzip and by the index alone.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describeHour } from "../../../functions/archive/describe.ts";
import { hourPaths } from "../../../functions/archive/layout.ts";
import { bookLine, jsonLine } from "../../../functions/archive/lines.ts";
import { readManifest } from "../../../functions/archive/manifest.ts";
import { regroup } from "../../../functions/archive/regroup.ts";
import { sealHour } from "../../../functions/archive/seal.ts";
import { readRange } from "../../../functions/archive/sealed-read.ts";
import { bookOf } from "../../../functions/archive/lines.ts";
import { Tally } from "../../../functions/archive/tally.ts";
import { systemClock } from "../../../runtime/doors/clock.ts";
import { systemFiles } from "../../../runtime/doors/files.ts";
import { hourLog } from "../../../runtime/hours/hour-log.ts";
import { temporaryFolder } from "../../support/folder.ts";

const hour = "2026-11-22T15";
const id = { venue: "polymarket", stream: "books", hour };
const collector = "vps-1";
const paths = hourPaths(id, collector);
const time = `${hour}:00:00.000Z`;

interface PollSpec {
  books: Record<string, string>;
  unchanged?: string[];
  missing?: string[];
  scheduled?: string | null;
}

function archive(t: TestContext) {
  const dataFolder = temporaryFolder(t);
  const log = hourLog({
    machine: { files: systemFiles, clock: systemClock },
    dataFolder,
    stream: "polymarket.books",
  });
  const context = {
    files: systemFiles,
    dataFolder,
    collector,
    signal: new AbortController().signal,
  };
  return {
    dataFolder,
    log,
    context,
    open: (part: number) =>
      join(dataFolder, "open", `polymarket.books.${hour}.part${part}.jsonl.gz`),
    file: (path: string) => join(dataFolder, "archive", path),
    poll: (spec: PollSpec) =>
      log.append(hour, (tail) => pollLines(spec, tail.number, tail.isFirst)),
    async seal() {
      await log.close(hour);
      return sealHour(context, id);
    },
  };
}

const tokens = ["11", "22", "33"];

function pollLines(spec: PollSpec, poll: number, isFirst: boolean): Buffer[] {
  const watched = tokens.map((token) => ({
    token,
    market: "0x1",
    outcome: "Yes",
    slug: "s",
    since: time,
  }));
  const books = Object.entries(spec.books);
  const line = {
    kind: "poll",
    poll,
    scheduled: spec.scheduled === undefined ? time : spec.scheduled,
    started: time,
    ended: time,
    watch: "w1",
    books: books.length,
    unchanged: (spec.unchanged ?? []).length,
    missing: (spec.missing ?? []).map((token) => ({ token, reason: "omitted" })),
    requests: [],
  };
  return [
    ...(isFirst ? [jsonLine({ kind: "watch", id: "w1", tokens: watched })] : []),
    jsonLine(line),
    ...books.flatMap(([token, raw]) =>
      bookLine(poll, { token, raw: Buffer.from(raw), sent: time, received: time }),
    ),
  ];
}

const all = (raw: string): Record<string, string> =>
  Object.fromEntries(tokens.map((token) => [token, raw]));

suite("sealing an hour", () => {
  test("keeps every line, grouped by token, in one gzip member", async (t) => {
    const hourFile = archive(t);
    for (const raw of ['{"a":1}', '{"a":2}', '{"a":3}']) await hourFile.poll({ books: all(raw) });
    const before = linesOf(readFileSync(hourFile.open(1)));

    const { index } = await hourFile.seal();

    const sealed = readFileSync(hourFile.file(paths.data));
    const after = linesOf(sealed);
    assert.deepEqual([...after].sort(), [...before].sort());
    assert.deepEqual(
      after.map((line) => bookOf(Buffer.from(line))?.token ?? "head"),
      ["head", "head", "head", "head", ...tokens.flatMap((token) => [token, token, token])],
    );
    assert.equal(sealed.indexOf(Buffer.from([0x1f, 0x8b, 8]), 1), -1);
    assert.equal(index?.data.lines, 13);
    assert.deepEqual(readdirSync(join(hourFile.dataFolder, "open")), [
      "polymarket.books.closed.json",
    ]);
  });

  test("lets a token's byte range inflate on its own", async (t) => {
    const hourFile = archive(t);
    for (const raw of ['{"a":1}', '{"a":2}']) await hourFile.poll({ books: all(raw) });
    const { index } = await hourFile.seal();
    for (const token of tokens) {
      const range = index?.tokens[token];
      assert.ok(range);
      const lines: string[] = [];
      for await (const batch of readRange(systemFiles, hourFile.dataFolder, paths.data, range)) {
        lines.push(...batch.map(String));
      }
      assert.deepEqual(
        lines.map((line) => bookOf(Buffer.from(line))),
        [
          { poll: 100_001, token },
          { poll: 100_002, token },
        ],
      );
    }
  });

  test("keeps lines that are longer than what is compressed at a time, and reads them by range", async (t) => {
    const hourFile = archive(t);
    const mebibyte = 1024 * 1024;
    for (const size of [mebibyte, 10, mebibyte - 200, 2.5 * mebibyte, 100])
      await hourFile.poll({ books: all(JSON.stringify({ pad: "x".repeat(size) })) });
    const before = linesOf(readFileSync(hourFile.open(1)));
    const { index } = await hourFile.seal();
    assert.deepEqual(
      [...linesOf(readFileSync(hourFile.file(paths.data)))].sort(),
      [...before].sort(),
    );
    const range = index?.tokens["22"];
    assert.ok(range);
    const lines: string[] = [];
    for await (const batch of readRange(systemFiles, hourFile.dataFolder, paths.data, range))
      lines.push(...batch.map(String));
    assert.deepEqual(
      lines,
      before.filter((line) => bookOf(Buffer.from(line))?.token === "22"),
    );
  });

  test("gives the same bytes for the same lines", async (t) => {
    const sums = await Promise.all(
      [1, 2].map(async () => {
        const hourFile = archive(t);
        await hourFile.poll({ books: all('{"a":1}') });
        return (await hourFile.seal()).index?.data.sha256;
      }),
    );
    assert.equal(sums[0], sums[1]);
  });

  test("keeps number forms, escapes, duplicate keys and line breaks of a book byte for byte", async (t) => {
    const forms = [
      '{"n":1e-2,"m":0.10,"big":12345678901234567890,"s":"\\u00e9","s":"é"}',
      '{\n  "pretty": 1\r\n}',
    ];
    const hourFile = archive(t);
    await hourFile.poll({ books: { "11": forms[0] ?? "", "22": forms[1] ?? "" }, missing: ["33"] });
    await hourFile.seal();
    const lines = linesOf(readFileSync(hourFile.file(paths.data))).slice(2);
    assert.ok(lines[0]?.endsWith(`"raw":${forms[0]}}`));
    assert.equal((JSON.parse(lines[1] ?? "") as { text: string }).text, forms[1]);
  });

  test("is done again after a crash at any of its file operations, and loses nothing", async (t) => {
    const reference = archive(t);
    await reference.poll({ books: all('{"a":1}') });
    const expected = (await reference.seal()).index?.data.lineDigest;
    for (let crashAt = 1; crashAt < 200; crashAt += 1) {
      const hourFile = archive(t);
      await hourFile.poll({ books: all('{"a":1}') });
      await hourFile.log.close(hour);
      const crashing = { ...hourFile.context, files: crashingFiles(crashAt) };
      const crashed = await sealHour(crashing, id).then(
        () => false,
        () => true,
      );
      await sealHour(hourFile.context, id);
      const manifest = await describeHour(
        { ...hourFile.context, clock: systemClock, isSilent: () => true },
        id,
        undefined,
      );
      assert.equal(manifest.seq, 1);
      const { manifest: read } = await readManifest(
        systemFiles,
        hourFile.dataFolder,
        id,
        collector,
      );
      assert.equal(read.data.lineDigest, expected, `crash at ${crashAt}`);
      if (!crashed) return;
    }
    assert.fail("sealing never came to its end");
  });

  test("knows the parts that a crash left of those it had sealed, in whatever order they went", async (t) => {
    for (const gone of [1, 2]) {
      const hourFile = archive(t);
      for (const raw of ['{"a":0}', '{"a":1}']) await hourFile.poll({ books: all(raw) });
      truncateSync(hourFile.open(1), statSync(hourFile.open(1)).size - 5);
      for (const raw of ['{"a":2}', '{"a":3}']) await hourFile.poll({ books: all(raw) });
      await hourFile.log.close(hour);
      const open = (part: number): string =>
        hourFile.open(part).replace("jsonl.gz", "closed.jsonl.gz");
      await sealHour({ ...hourFile.context, files: keepingFiles() }, id);
      const sealed = readFileSync(hourFile.file(paths.data));
      rmSync(open(gone));

      await sealHour(hourFile.context, id);

      assert.deepEqual(readFileSync(hourFile.file(paths.data)), sealed);
      assert.deepEqual(
        [1, 2].map((part) => existsSync(open(part))),
        [false, false],
      );
    }
  });

  test("gives the room back when the disk is full, and keeps the open files", async (t) => {
    const hourFile = archive(t);
    await hourFile.poll({ books: all('{"a":1}') });
    await hourFile.log.close(hour);
    const full = { ...hourFile.context, files: fullFiles(30) };
    await assert.rejects(sealHour(full, id), { code: "DISK_FULL" });
    assert.deepEqual(readdirSync(hourFile.file(paths.folder)), []);
    assert.equal((await sealHour(hourFile.context, id)).index?.data.polls, 1);
  });

  test("leaves no temporary file of a publication that was cut off", async (t) => {
    const hourFile = archive(t);
    await hourFile.poll({ books: all('{"a":1}') });
    await hourFile.log.close(hour);
    const killed = {
      ...systemFiles,
      remove: async (path: string) => {
        // Killed between giving the index its name and taking away the temporary one.
        if (path.endsWith(".index.json.gz.tmp") && existsSync(hourFile.file(paths.index)))
          throw new Error("killed");
        await systemFiles.remove(path);
      },
    };
    await assert.rejects(sealHour({ ...hourFile.context, files: killed }, id));
    await sealHour(hourFile.context, id);
    const names = readdirSync(hourFile.file(paths.folder));
    assert.deepEqual(names, [`${collector}.index.json.gz`, `${collector}.jsonl.gz`]);
  });

  test("refuses to touch a sealed hour when open files of that hour hold other lines", async (t) => {
    const hourFile = archive(t);
    await hourFile.poll({ books: all('{"a":1}') });
    await hourFile.seal();
    const sealed = readFileSync(hourFile.file(paths.data));
    const other = archive(t);
    await other.poll({ books: all('{"a":2}') });
    writeFileSync(hourFile.open(1), readFileSync(other.open(1)));

    await assert.rejects(hourFile.seal(), { code: "SEALED_DIFFERS" });

    assert.deepEqual(readFileSync(hourFile.file(paths.data)), sealed);
    assert.ok(existsSync(hourFile.open(1).replace("part1", "part1.closed")));
  });

  test("repairs a torn hour first and notes what was recovered", async (t) => {
    const hourFile = archive(t);
    for (const raw of ['{"a":1}', '{"a":2}']) await hourFile.poll({ books: all(raw) });
    truncateSync(hourFile.open(1), statSync(hourFile.open(1)).size - 5);
    const { index, torn } = await hourFile.seal();
    assert.equal(index?.data.polls, 1);
    assert.equal(index.data.lost, 1);
    assert.deepEqual(
      index.recovered.map(({ file }) => file),
      torn,
    );
  });

  test("does not seal an hour without a line", async (t) => {
    const hourFile = archive(t);
    mkdirSync(join(hourFile.dataFolder, "open"));
    writeFileSync(hourFile.open(1), "");
    assert.equal((await hourFile.seal()).index, undefined);
  });

  test("reports a poll whose sums do not close", async (t) => {
    const hourFile = archive(t);
    await hourFile.poll({ books: { "11": "{}" }, missing: ["22"] });
    const { index } = await hourFile.seal();
    assert.deepEqual(
      index?.findings.map(({ code }) => code),
      ["SUMS_OPEN", "UNCHANGED_WITHOUT_BOOK"],
    );
  });

  test("counts the slots of scheduled polls apart from books of by-hand polls", async (t) => {
    const hourFile = archive(t);
    await hourFile.poll({ books: all("{}") });
    await hourFile.poll({ books: all("{} "), scheduled: null });
    await hourFile.poll({ books: { "11": "{}" }, unchanged: ["22", "33"] });
    const { index } = await hourFile.seal();
    assert.deepEqual(index?.findings, []);
    assert.equal(index.tokens["11"]?.slots, 2);
    assert.equal(index.tokens["22"]?.slots, 1);
    assert.equal(index.tokens["22"]?.lines, 2);
  });
});

suite("a described hour", () => {
  test("passes sha256sum -c and gzip -t", async (t) => {
    const hourFile = archive(t);
    await hourFile.poll({ books: all("{}") });
    await hourFile.seal();
    await describeHour(
      { ...hourFile.context, clock: systemClock, isSilent: () => true },
      id,
      undefined,
    );
    const cwd = hourFile.file(paths.folder);
    assert.match(
      execFileSync("sha256sum", ["-c", `${collector}.sha256`], { cwd }).toString(),
      /jsonl\.gz: OK/,
    );
    execFileSync("gzip", ["-t", `${collector}.jsonl.gz`], { cwd });
  });

  test("is refused when one byte of the file is not what sealing noted", async (t) => {
    const hourFile = archive(t);
    await hourFile.poll({ books: all("{}") });
    await hourFile.seal();
    const bytes = readFileSync(hourFile.file(paths.data));
    // The operating system byte of the header: every reader ignores it, the checksum does not.
    bytes[9] = 255;
    writeFileSync(hourFile.file(paths.data), bytes);
    const described = describeHour(
      { ...hourFile.context, clock: systemClock, isSilent: () => true },
      id,
      undefined,
    );
    await assert.rejects(described, { code: "SEALED_HOUR_DIFFERS" });
    assert.ok(!existsSync(hourFile.file(paths.manifest)));
  });
});

suite("regrouping", () => {
  test("gives the same groups through buckets on disk as in memory", async (t) => {
    const scratch = join(temporaryFolder(t), "scratch");
    const line = fc.record({
      token: fc.constantFrom("1", "22", "333", ""),
      pad: fc.string({ maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 60 }), async (specs) => {
        const lines = specs.map(({ token, pad }, poll) =>
          Buffer.from(
            token === ""
              ? JSON.stringify({ kind: "note", pad })
              : `{"kind":"book","poll":${poll},"token":"${token}","raw":${JSON.stringify(pad)}}`,
          ),
        );
        const tally = new Tally(hour);
        for (const each of lines) tally.add(each);
        const read = (bytesMax: number): Promise<string[]> =>
          collect(
            regroup(systemFiles, scratch, tally.groups, () => batches(lines), {
              heldBytesMax: bytesMax,
              bucketBytesMax: bytesMax,
            }),
          );
        assert.deepEqual(await read(100), await read(1e9));
        assert.deepEqual(readdirSync(join(scratch, "..")).length <= 1 ? [] : ["left over"], []);
      }),
      { numRuns: 60 },
    );
  });
});

async function* batches(lines: Buffer[]): AsyncGenerator<Buffer[]> {
  for (let at = 0; at < lines.length; at += 7) yield lines.slice(at, at + 7);
}

async function collect(groups: ReturnType<typeof regroup>): Promise<string[]> {
  const out: string[] = [];
  for await (const group of groups) {
    for await (const batch of group.batches)
      for (const line of batch) out.push(`${group.key}|${line.toString()}`);
  }
  return out;
}

function linesOf(bytes: Buffer): string[] {
  return gunzipSync(bytes).toString().split("\n").slice(0, -1);
}

/** Nothing in `open/` goes, as if the process had died right before that. */
function keepingFiles(): typeof systemFiles {
  return {
    ...systemFiles,
    remove: (path) => (path.includes("/open/") ? Promise.resolve() : systemFiles.remove(path)),
  };
}

/** A disk that takes so many bytes more. */
function fullFiles(room: number): typeof systemFiles {
  return {
    ...systemFiles,
    async open(path, mode) {
      const file = await systemFiles.open(path, mode);
      return {
        ...file,
        write: async (bytes) => {
          const fits = bytes.subarray(0, room);
          room -= fits.length;
          if (fits.length === 0) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
          return file.write(fits);
        },
      };
    },
  };
}

/** Every door call from the `at`-th on fails, as if the process had died there. */
function crashingFiles(at: number): typeof systemFiles {
  let calls = 0;
  const dying = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const value = (object as Record<string | symbol, unknown>)[name];
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          calls += 1;
          if (calls >= at && name !== "close") throw new Error("killed");
          const result: unknown = await value.apply(object, args);
          return name === "open" ? dying(result as object) : result;
        };
      },
    });
  return dying(systemFiles);
}
