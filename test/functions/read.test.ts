/**
 * read must give every recorded book, byte for byte, and never one that was not in force.
 *
 * Method: polls with known books, holes and missing tokens are recorded through the real hour log, and read
 * while the hour is open, once it is sealed, and from a copy: the answers must be the same lines.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { compareDecimals } from "../../functions/reading/decimal.ts";
import offload from "../../functions/offload.ts";
import read from "../../functions/read.ts";
import type { ReadResult } from "../../functions/reading/reading.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { openFolder } from "../../runtime/hours/parts.ts";
import { aBook, all, anArchive, type TestArchive } from "../support/archive.ts";
import { aRemote, settingsOf, type TestRemote } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";

interface Answer {
  text: string;
  /** Each line's poll, and the one that recorded its book: `100002` or `100003<100002`. */
  polls: string[];
  lines: Record<string, unknown>[];
  result: ReadResult;
  warnings: string[];
}

type Asked = Pick<TestArchive, "dataFolder" | "collector"> & Partial<Pick<TestRemote, "settings">>;

async function ask(archive: Asked, input: object, lines = Infinity): Promise<Answer> {
  const { dataFolder, collector, settings = settingsOf("dir:/nowhere") } = archive;
  const run = aRun({ dataFolder, collector, settings });
  const pieces: Buffer[] = [];
  const output = {
    write: async (piece: string | Buffer) => pieces.push(Buffer.from(piece)) < lines,
  };
  const result = await call(read, { ...input }, { ...run, output });
  const text = Buffer.concat(pieces).toString();
  const isCsv = text.startsWith("time,");
  const parsed = isCsv
    ? []
    : text
        .trimEnd()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
  return {
    text,
    lines: parsed,
    polls: parsed.map(({ poll, recorded }) =>
      poll === recorded ? `${poll}` : `${poll}<${recorded}`,
    ),
    result,
    warnings: run.logged.filter(({ level }) => level === "warn").map(({ message }) => message),
  };
}

/** The same question to the open hour, the sealed one, and a copy: one answer. */
async function askThrice(
  archive: TestArchive,
  input: object,
  check: (answer: Answer, how: "open" | "sealed" | "copy") => void,
): Promise<void> {
  const open = await ask(archive, input);
  check(open, "open");
  await archive.seal("2026-11-22T18:00:00Z");
  const sealed = await ask(archive, input);
  check(sealed, "sealed");
  assert.equal(sealed.text, open.text);
  const copy = await ask(archive, { ...input, folder: archive.copy() });
  check(copy, "copy");
  assert.equal(copy.text, open.text);
}

/** 10 written, 20 unchanged, 30 missing, 40 unchanged again, 50 written. */
async function anHour(t: TestContext): Promise<TestArchive> {
  const archive = anArchive(t);
  await archive.poll({ at: "15:00:10", books: all(aBook("0.4", "0.6")) });
  await archive.poll({ at: "15:00:20", books: { "22": aBook("0.41", "0.6", "22") } });
  await archive.poll({ at: "15:00:30", missing: { "11": "venue-5xx" } });
  await archive.poll({ at: "15:00:40" });
  await archive.poll({ at: "15:00:50", books: { "11": aBook("0.45", "0.6") } });
  return archive;
}

for (const kind of ["dir", "rclone", "crypt"] as const) {
  suite(`read --remote, from ${kind === "dir" ? "a folder" : `an rclone remote (${kind})`}`, () => {
    test("answers as the hour here does, and fetches only the bytes needed", async (t) => {
      const remote = aRemote(t, kind);
      if (remote === undefined) return;
      const archive = await anHour(t);
      await archive.poll({ at: "16:00:10", books: all(aBook("0.4", "0.7")) });
      await archive.seal("2026-11-22T18:00:00Z");
      const { dataFolder } = archive;
      const { collector } = archive;
      const now = "2026-11-22T18:10:00Z";
      const run = aRun({ dataFolder, collector, settings: remote.settings, now });
      await call(offload, {}, run);
      const elsewhere = { ...remote, collector: "laptop" };
      for (const input of [
        { token: "11" },
        { token: "22", every: true, from: "2026-11-22T15", to: "2026-11-22T16" },
        { market: "market-1", at: "2026-11-22T15:00:25Z" },
        { token: "11", from: "2026-11-22T15:30", format: "csv" },
      ]) {
        const here = await ask(archive, input);
        const there = await ask(elsewhere, { ...input, remote: true });
        assert.equal(there.text, here.text);
        assert.ok(there.text.length > 0);
        assert.deepEqual(there.result, here.result);
      }
      await assert.rejects(ask(elsewhere, { token: "11", at: "2026-11-23T15:00", remote: true }), {
        code: "NO_HOURS",
      });
    });
  });
}

suite("read", () => {
  test("prints each recorded book of a token once, with its poll and the venue's own text", async (t) => {
    await askThrice(await anHour(t), { token: "11" }, ({ polls, text, result }, how) => {
      assert.deepEqual(polls, ["100001", "100005"]);
      assert.equal(
        text.split("\n")[0],
        `{"token":"11","hour":"2026-11-22T15","poll":100001,"at":"2026-11-22T15:00:10.000Z","recorded":100001,"sent":"2026-11-22T15:00:10.000Z","received":"2026-11-22T15:00:10.300Z","raw":${aBook("0.4", "0.6")}}`,
      );
      assert.deepEqual([result.hours, result.polls, result.books, result.carried], [1, 5, 2, 0]);
      assert.equal(result.read.open > 0, how === "open");
    });
  });

  test("--every carries an unchanged book into each poll, and none into one that misses it", async (t) => {
    await askThrice(await anHour(t), { token: "11", every: true }, ({ polls, result }) => {
      assert.deepEqual(polls, ["100001", "100002<100001", "100004<100001", "100005"]);
      assert.deepEqual(result.missing, { "venue-5xx": 1 });
    });
  });

  test("--at prints the book in force then, and says why there is none", async (t) => {
    const archive = await anHour(t);
    const at = (time: string) => ask(archive, { token: "11", at: `2026-11-22T${time}Z` });
    assert.deepEqual((await at("15:00:25")).polls, ["100002<100001"]);
    assert.deepEqual((await at("15:00:50.399")).polls, ["100004<100001"]);
    assert.deepEqual((await at("15:00:50.400")).polls, ["100005"]);
    assert.deepEqual((await at("15:59:00")).polls, ["100005"]);
    const missing = await at("15:00:35");
    assert.deepEqual(missing.polls, []);
    assert.deepEqual(missing.warnings, ["no book at 2026-11-22T15:00:30.000Z: venue-5xx"]);
    // Before the first poll of its hour nothing is in force, whatever the hour before held.
    await archive.poll({ at: "14:59:50", books: all(aBook("0.1", "0.2")) });
    assert.deepEqual((await at("15:00:05")).polls, []);
    await assert.rejects(at("16:00:05"), { code: "NO_HOURS" });
  });

  test("--market prints all tokens of a slug or a condition id, poll by poll", async (t) => {
    const archive = anArchive(t);
    const watched = ["11", "12", "22"];
    const books = { "11": aBook("0.4", "0.6"), "12": aBook("0.3", "0.7", "12"), "22": "{}" };
    await archive.poll({ at: "15:00:10", books, watched });
    await archive.poll({ at: "15:00:20", books: { "12": aBook("0.3", "0.8", "12") }, watched });
    for (const market of ["market-1", "0x1"]) {
      const { lines } = await ask(archive, { market, every: true });
      assert.deepEqual(
        lines.map(({ token, poll }) => [token, poll]),
        [
          ["11", 100001],
          ["12", 100001],
          ["11", 100002],
          ["12", 100002],
        ],
      );
    }
  });

  test("--from and --to choose slots across hours; late polls are found in the hour that holds them", async (t) => {
    const archive = anArchive(t);
    for (const at of ["14:59:50", "15:00:00", "15:59:40"])
      await archive.poll({ at, books: { "11": `{"at":"${at}"}` }, watched: ["11"] });
    await archive.poll({
      at: "15:59:50",
      hour: "2026-11-22T16",
      books: { "11": "{}" },
      watched: ["11"],
    });
    await archive.poll({ at: "16:00:00", watched: ["11"] });
    const range = { token: "11", from: "2026-11-22T15", to: "2026-11-22T16" };
    await askThrice(archive, range, ({ lines }) => {
      assert.deepEqual(
        lines.map(({ hour, at }) => [String(hour).slice(11), String(at).slice(11, 19)]),
        [
          ["15", "15:00:00"],
          ["15", "15:59:40"],
          ["16", "15:59:50"],
        ],
      );
    });
    const every = await ask(archive, { ...range, to: "2026-11-22T17", every: true });
    assert.deepEqual(every.polls.slice(2), ["100001", "100002<100001"]);
  });

  test("never carries a book over an hour's start", async (t) => {
    const archive = anArchive(t);
    await archive.poll({ at: "15:59:50", books: all("{}") });
    // As if its first book had been lost: the hour itself does not hold what this one was equal to.
    await archive.poll({ at: "16:00:00" });
    await askThrice(archive, { token: "11", every: true }, ({ polls, result }) => {
      assert.deepEqual(polls, ["100001"]);
      assert.deepEqual(result.missing, { unknown: 1 });
    });
  });

  test("never carries a book over a hole, which is told of behind the polls that follow it", async (t) => {
    const archive = await anHour(t);
    // Polls up to 100003 are as they were; 100004, whole on disk too, follows a lost one.
    await archive.line("2026-11-22T15", { kind: "lost", after: 100_003, before: 100_004 });
    await archive.poll({ at: "15:01:00" });
    const input = { token: "22", every: true };
    await archive.seal("2026-11-22T18:00:00Z");
    const { polls, result } = await ask(archive, input);
    assert.deepEqual(polls, ["100001", "100002", "100003<100002"]);
    assert.deepEqual(result.missing, { damaged: 3 });
  });

  test("reads an open hour with a torn end up to the tear, and carries nothing past it", async (t) => {
    const archive = await anHour(t);
    const path = join(
      openFolder(archive.dataFolder),
      "polymarket.books.2026-11-22T15.part1.jsonl.gz",
    );
    truncateSync(path, statSync(path).size - 5);
    const torn = await ask(archive, { token: "11", every: true });
    assert.deepEqual(torn.polls, ["100001", "100002<100001", "100004<100001"]);
    assert.match(torn.warnings[0] ?? "", /part1\.jsonl\.gz is damaged/);

    await archive.poll({ at: "15:01:00" });
    await askThrice(archive, { token: "11", every: true }, ({ polls, result }) => {
      assert.deepEqual(polls, ["100001", "100002<100001", "100004<100001"]);
      assert.deepEqual(result.missing, { "venue-5xx": 1, damaged: 1 });
    });
  });

  test("reads around a damaged member of an open hour, as around the hole that it will be", async (t) => {
    const archive = await anHour(t);
    const names = readdirSync(openFolder(archive.dataFolder));
    const part = names.find((name) => name.endsWith(".gz")) ?? "";
    const path = join(openFolder(archive.dataFolder), part);
    const bytes = readFileSync(path);
    const starts = [...bytes.keys()].filter(
      (at) => bytes.readUInt32BE(Math.min(at, bytes.length - 4)) === 0x1f8b0804,
    );
    assert.equal(starts.length, 5);
    // The second poll's, which wrote 22: in its header, and in its body.
    for (const at of [0, 40]) {
      const damaged = Buffer.from(bytes);
      damaged[(starts[1] ?? 0) + at]! ^= 0x10;
      writeFileSync(path, damaged);
      const open = await ask(archive, { market: "market-2", every: true });
      assert.deepEqual(open.polls, ["100001"]);
      assert.deepEqual(open.result.missing, { damaged: 3 });
      const own = await ask(archive, { token: "11" });
      assert.deepEqual(own.polls, ["100001", "100005"]);
      assert.match(own.warnings[0] ?? "", /part1\.jsonl\.gz is damaged/);
    }
    const before = await ask(archive, { token: "11", every: true });
    await archive.seal("2026-11-22T18:00:00Z");
    const sealed = await ask(archive, { token: "11", every: true });
    assert.equal(sealed.text, before.text);
  });

  test("passes over a line that says nothing, and carries no book past it", async (t) => {
    const archive = await anHour(t);
    await archive.line("2026-11-22T15", { kind: "poll", poll: "no number" });
    await archive.poll({ at: "15:01:10", books: { "22": aBook("0.42", "0.6", "22") } });
    await askThrice(archive, { token: "11", every: true }, ({ polls, result }) => {
      assert.equal(polls.at(-1), "100005");
      assert.deepEqual(result.missing, { "venue-5xx": 1, damaged: 1 });
    });
    assert.equal((await ask(archive, { token: "22" })).polls.at(-1), "100007");
  });

  test("prints what was sealed or names the file, wherever a bit is flipped or the end is gone", async (t) => {
    const archive = await anHour(t);
    await archive.seal("2026-11-22T18:00:00Z");
    const path = archive.file("2026-11-22T15", "data");
    const whole = readFileSync(path);
    const input = { market: "market-1", every: true };
    const { text } = await ask(archive, input);
    let refused = 0;
    const check = async (bytes: Buffer): Promise<void> => {
      writeFileSync(path, bytes);
      try {
        assert.equal((await ask(archive, input)).text, text);
      } catch (error) {
        assert.ok(error instanceof OperatorError, String(error));
        assert.equal(error.code, "SEALED_HOUR_DIFFERS");
        assert.match(error.message, /vps-1\.jsonl\.gz/);
        refused += 1;
      }
    };
    await check(whole.subarray(0, -60));
    await check(Buffer.concat([whole.subarray(0, -60), Buffer.alloc(60)]));
    const flipped = fc.asyncProperty(
      fc.nat({ max: whole.length - 1 }),
      fc.nat({ max: 7 }),
      async (at, bit) => {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= 1 << bit;
        await check(bytes);
      },
    );
    await fc.assert(flipped, { numRuns: process.env["TEST_LONG"] === "1" ? 5_000 : 100 });
    assert.ok(refused > 20, `${refused}`);
  });

  test("names what is missing, lies elsewhere, or would fill the memory", async (t) => {
    const archive = await anHour(t);
    await archive.poll({ at: "16:00:10", books: all(aBook("0.4", "0.6")) });
    await archive.seal("2026-11-22T18:00:00Z");
    const index = archive.file("2026-11-22T15", "index");
    const refused = (code: string) =>
      assert.rejects(ask(archive, { token: "11" }), (error) => {
        assert.ok(error instanceof OperatorError, String(error));
        return error.code === code;
      });

    writeFileSync(index, readFileSync(archive.file("2026-11-22T16", "index")));
    await refused("SEALED_HOUR_DIFFERS");
    writeFileSync(index, gzipSync(Buffer.alloc(130 * 1024 * 1024, " "), { level: 1 }));
    await refused("INDEX_DAMAGED");
    rmSync(archive.file("2026-11-22T16", "data"));
    const answer = ask(archive, { token: "11", from: "2026-11-22T16" });
    await assert.rejects(answer, { code: "HOUR_INCOMPLETE", message: /2026-11-22T16.*jsonl\.gz/ });
  });

  test("follows watch lists: a token that a poll did not watch has no book there", async (t) => {
    const archive = anArchive(t);
    await archive.poll({ at: "15:00:00", books: all("{}") });
    await archive.poll({ at: "15:00:10", watched: ["22", "33"] });
    await archive.poll({ at: "15:00:20" });
    await askThrice(archive, { token: "11", every: true }, ({ polls, result }) => {
      assert.deepEqual(polls, ["100001", "100003<100001"]);
      assert.equal(result.polls, 2);
    });
  });

  test("prints texts with line breaks as they are archived", async (t) => {
    const archive = anArchive(t);
    await archive.poll({ at: "15:00:00", books: { "11": '{\r\n "a": 1}' }, watched: ["11"] });
    await askThrice(archive, { token: "11" }, ({ lines }) => {
      assert.equal(lines[0]?.["text"], '{\r\n "a": 1}');
    });
  });

  test("--format csv prints the best levels by price, wherever they stand, and empty cells for none", async (t) => {
    const archive = anArchive(t);
    const level = (price: string, size: string) => ({ price, size });
    const odd = {
      bids: [level("0.10", "1"), level("0.9", "2"), level("0.25", "3")],
      asks: [],
    };
    await archive.poll({ at: "15:00:00", books: { "11": aBook("0.4", "0.60") }, watched: ["11"] });
    await archive.poll({ at: "15:00:10", books: { "11": JSON.stringify(odd) }, watched: ["11"] });
    await archive.poll({ at: "15:00:20", watched: ["11"] });
    await archive.poll({ at: "15:00:30", books: { "11": '{"bids":7}' }, watched: ["11"] });
    const { text, warnings } = await ask(archive, { token: "11", every: true, format: "csv" });
    assert.equal(
      text,
      [
        "time,token,bid,bid_size,ask,ask_size",
        "2026-11-22T15:00:00.000Z,11,0.4,10.50,0.60,10.50",
        "2026-11-22T15:00:10.000Z,11,0.9,2,,",
        "2026-11-22T15:00:20.000Z,11,0.9,2,,",
        "",
      ].join("\n"),
    );
    assert.match(warnings[0] ?? "", /poll 100004 holds a text without bids and asks/);
  });

  test("stops when its reader goes away", async (t) => {
    const { result } = await ask(await anHour(t), { token: "11", every: true }, 2);
    assert.deepEqual([result.books, result.stopped], [2, true]);
  });

  test("asks which machine is meant where a copy holds several", async (t) => {
    const [one, other] = [await anHour(t), anArchive(t, { collector: "vps-2" })];
    await other.poll({ at: "15:00:00", books: all("{}") });
    for (const archive of [one, other]) await archive.seal("2026-11-22T18:00:00Z");
    const folder = one.copy();
    for (const kind of ["data", "index"] as const) {
      const path = other.file("2026-11-22T15", kind);
      writeFileSync(join(folder, path.split("/archive/")[1] ?? ""), readFileSync(path));
    }
    await assert.rejects(ask(one, { token: "11", folder }), { code: "WHICH_COLLECTOR" });
    assert.equal((await ask(one, { token: "11", folder, collector: "vps-2" })).lines.length, 1);
  });

  const refused: [string, object, RegExp][] = [
    ["nothing to look for", {}, /--token or --market must be given/],
    ["two things at once", { token: "1", market: "2" }, /exclude each other/],
    ["--at beside a range", { token: "1", at: "2026-11-22", every: true }, /--at stands alone/],
    [
      "a range that ends before it begins",
      { token: "1", from: "2026-11-22", to: "2026-11-21" },
      /--from must lie before --to/,
    ],
    ["a name that objects know", { token: "constructor" }, /constructor was not watched/],
    ["a token that was never watched", { token: "44" }, /44 was not watched in any of the 1 hours/],
    [
      "a time without hours",
      { token: "11", to: "2026-11-01" },
      /holds 2026-11-22T15 to 2026-11-22T15/,
    ],
  ];
  for (const [what, input, message] of refused) {
    test(`refuses ${what}`, async (t) => {
      await assert.rejects(ask(await anHour(t), input), { exit: "usage", message });
    });
  }

  test("refuses to run where nobody reads, as under the daemon", async (t) => {
    const { dataFolder } = await anHour(t);
    const run = aRun({ dataFolder, settings: settingsOf("dir:/nowhere") });
    await assert.rejects(call(read, { token: "11" }, run), { code: "BY_HAND_ONLY", exit: "usage" });
  });

  test("prints its result alone with --json: the one line that a program reads", async (t) => {
    const { dataFolder } = await anHour(t);
    const env = {
      PATH: process.env["PATH"],
      HOURBOOK_DATA: dataFolder,
      HOURBOOK_COLLECTOR: "vps-1",
    };
    const args = ["runtime/fn.ts", "read", "--token", "11", "--json"];
    const cwd = join(import.meta.dirname, "../..");
    const { status, stdout } = spawnSync(process.execPath, args, { cwd, env, encoding: "utf8" });
    const { ok, result } = JSON.parse(stdout) as { ok: boolean; result: ReadResult };
    assert.deepEqual([status, ok, result.books, result.stopped], [0, true, 2, false]);
  });

  test("ends quietly, with 0, when `head` has read enough", async (t) => {
    const archive = anArchive(t);
    const pad = "x".repeat(400_000);
    for (const second of ["10", "20", "30", "40"])
      await archive.poll({
        at: `15:00:${second}`,
        books: { "11": `{"at":${second},"pad":"${pad}"}` },
        watched: ["11"],
      });
    const env = {
      PATH: process.env["PATH"],
      HOURBOOK_DATA: archive.dataFolder,
      HOURBOOK_COLLECTOR: "vps-1",
    };
    const script = `"${process.execPath}" runtime/fn.ts read --token 11 | head -c 10; echo " \${PIPESTATUS[0]}"`;
    const cwd = join(import.meta.dirname, "../..");
    const child = spawn("bash", ["-c", script], { cwd, env });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (text) => (stdout += text));
    child.stderr.on("data", (text) => (stderr += text));
    await once(child, "close");
    assert.equal(stdout, '{"token":" 0\n');
    assert.match(stderr, /books?; .*its reader went away$/m);
    rmSync(archive.dataFolder, { recursive: true });
  });
});

test("decimals are compared as text, whatever their length", () => {
  const ascending = [
    "0",
    "0.001",
    "0.01",
    "0.1",
    "0.10000000000000000001",
    ".5",
    "1",
    "1.5",
    "02",
    "10",
  ];
  for (const [position, a] of ascending.entries()) {
    for (const [other, b] of ascending.entries())
      assert.equal(Math.sign(compareDecimals(a, b)), Math.sign(position - other), `${a} ${b}`);
  }
  assert.equal(compareDecimals("0.50", ".5"), 0);
  assert.ok(compareDecimals("-1", "1e-3") < 0);
});
