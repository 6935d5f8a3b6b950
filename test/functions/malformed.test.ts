/**
 * Nothing that a venue sends, and nothing that lies in a file, brings the recorder down: every byte of an answer
 * is a recorded book, in quarantine, or between the two; a file that says nothing is refused by name or passed over.
 *
 * Method: valid bytes, damaged at random (fast-check prints the seed where it fails). A slice here; with
 * TEST_LONG=1 a million.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { jsonLine } from "../../functions/archive/lines.ts";
import { readManifest } from "../../functions/archive/manifest.ts";
import { readIndex } from "../../functions/archive/sealed-index.ts";
import { Tally } from "../../functions/archive/tally.ts";
import { judgeBooks } from "../../functions/polymarket/books.ts";
import { attempt } from "../../functions/polymarket/attempt.ts";
import { walkMarkets } from "../../functions/polymarket/market-pages.ts";
import type { Outcome } from "../../functions/polymarket/request.ts";
import { findWatchList } from "../../functions/polymarket/watch-list.ts";
import { readReceipt } from "../../functions/remote/receipts.ts";
import { systemClock } from "../../runtime/doors/clock.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import { removeIfThere } from "../../runtime/durable.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { parseJournalLine } from "../../runtime/journal-lines.ts";
import { pollAt } from "../crash/poll.ts";
import { inForce, openLines } from "../crash/sealed.ts";
import { textAt, tokens } from "../crash/texts.ts";
import { malformed } from "../support/malformed.ts";
import { MemoryDisk } from "../support/memory-files.ts";

/** Of a million. */
function runs(share: number): { numRuns: number } {
  return { numRuns: Math.ceil(share * (process.env["TEST_LONG"] === "1" ? 1_000_000 : 4_000)) };
}

const silent = (): void => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };
const time = "2026-11-22T15:00:00.000Z";
const slot = Date.parse(time);
const texts = tokens
  .slice(0, 4)
  .map((token, at) => textAt(slot + at * 50_000, token) ?? textAt(slot, token) ?? "{}");
const asked = new Map(tokens.slice(0, 4).map((token) => [token, "0xabc"]));

suite("a malformed answer", () => {
  const answers = malformed([
    Buffer.from(`[${texts.join(",")}]`),
    Buffer.from(`[\n ${texts[0]} , ${texts[1]}\r\n]`),
    Buffer.from("[]"),
  ]);

  test("of books: every token is a book or missing, every byte recorded or in quarantine", async () => {
    await fc.assert(
      fc.asyncProperty(answers, async (body) => {
        const answer = { body, sent: time, received: time };
        const { books, missing, pieces } = await judgeBooks(
          answer,
          asked,
          new Map(),
          async () => {},
        );
        const found = books.map(({ token }) => token);
        assert.deepEqual([...found, ...missing.keys()].sort(), [...asked.keys()].sort());
        for (const { raw, token } of books) {
          assert.equal((JSON.parse(raw.toString()) as { asset_id: unknown }).asset_id, token);
        }
        const kept = [...books.map(({ raw }) => raw), ...pieces.map(({ bytes }) => bytes)];
        const rest = without(body, kept);
        assert.match(
          rest.toString("latin1"),
          /^[\s,[\]]*$/,
          "what is in neither is no more than the list's own signs",
        );
      }),
      runs(0.6),
    );
  });

  test("is taken as what was asked for, or is a failure with one cause", async () => {
    const envelope = fc.record({
      status: fc.constantFrom(200, 200, 200, 204, 301, 400, 425, 429, 500, 503),
      type: fc.constantFrom("application/json", "application/json; charset=utf-8", "text/html", ""),
      body: answers,
      retry: fc.option(
        fc.constantFrom("5", "x", "-1", "Wed, 21 Oct 2099 07:28:00 GMT", "9".repeat(400)),
        { nil: undefined },
      ),
    });
    await fc.assert(
      fc.asyncProperty(envelope, async ({ status, type, body, retry }) => {
        const headers = {
          "content-type": type,
          ...(retry !== undefined && { "retry-after": retry }),
        };
        const http = { request: () => Promise.resolve({ status, headers, body }) };
        const run = {
          clock: systemClock,
          http,
          random: () => 0.5,
          signal: new AbortController().signal,
          log,
        };
        const tried = await attempt(run, { method: "POST", url: "https://x", expects: "[" }, 1000);
        assert.notEqual(tried.body === undefined, tried.failure === undefined);
      }),
      runs(0.1),
    );
  });

  test("of markets: the walk ends, and what was not understood is in quarantine", async () => {
    const row = JSON.stringify({
      conditionId: "0xabc1",
      slug: "s",
      closed: false,
      acceptingOrders: true,
      enableOrderBook: true,
      volumeNum: 5.5,
      outcomes: '["Yes","No"]',
      clobTokenIds: `["${tokens[0]}","${tokens[1]}"]`,
    });
    const pages = malformed([
      Buffer.from(`{"markets":[${row},${row.replace("abc1", "abc2")}],"next_cursor":"abc"}`),
      Buffer.from(`{"next_cursor":null,"markets":[]}`),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(pages, { minLength: 1, maxLength: 3 }), async (bodies) => {
        let at = 0;
        const ask = async (): Promise<Outcome> => {
          const body = bodies[Math.min(at, bodies.length - 1)] ?? Buffer.alloc(0);
          at += 1;
          const record = {
            sent: time,
            received: time,
            status: 200,
            bytes: body.length,
            attempts: 1,
          };
          return { isAnswered: true, record, scraps: [], body, received: time };
        };
        const rules = { order: "volume24hr", volumeMin: 0, liquidityMin: 0, pagesMax: 4 };
        let taken = 0;
        const walk = await walkMarkets({ ask }, "https://x", rules, () => (taken += 1) < 100);
        const told = walk.records.reduce((sum, { markets }) => sum + markets, 0);
        assert.ok(told >= taken);
        if (walk.outcome === "failed")
          assert.ok(walk.pieces.length > 0 || walk.stopped !== undefined);
      }),
      runs(0.15),
    );
  });
});

/** What is left of `body` when each of `parts`, views into it, is taken out. */
function without(body: Buffer, parts: readonly Buffer[]): Buffer {
  const isTaken = Buffer.alloc(body.length);
  for (const part of parts)
    isTaken.fill(
      1,
      part.byteOffset - body.byteOffset,
      part.byteOffset - body.byteOffset + part.length,
    );
  return Buffer.from(body.filter((_, at) => isTaken[at] === 0));
}

suite("a malformed file", () => {
  const readers: Record<string, { valid: Buffer; read(files: Files): Promise<unknown> }> = {
    "watch list": {
      valid: Buffer.from(
        JSON.stringify({
          updated: time,
          tokens: [
            { token: "1", market: "0x1", outcome: "Yes", slug: "s", since: time, until: time },
          ],
        }),
      ),
      read: (files) => findWatchList({ files, settings: { dataFolder: "/data" } }),
    },
    index: {
      valid: gzipSync(
        JSON.stringify({
          schema: 1,
          kind: "index",
          collector: "c",
          data: { bytes: 1 },
          tokens: {},
        }),
      ),
      read: (files) => readIndex(files, "/data", "a.index.json.gz"),
    },
    manifest: {
      valid: Buffer.from(
        JSON.stringify({
          schema: 1,
          kind: "manifest",
          collector: "c",
          seq: 1,
          previous: null,
          files: [],
        }),
      ),
      read: (files) =>
        readManifest(files, "/data", { venue: "v", stream: "books", hour: "2026-11-22T15" }, "c"),
    },
    receipt: {
      valid: Buffer.from(
        JSON.stringify({
          schema: 1,
          kind: "receipt",
          remote: "r",
          spec: "dir:x",
          path: "a",
          bytes: 1,
          sha256: "0",
          md5: "0",
          state: "verified",
          seen: [],
          looked: time,
        }),
      ),
      read: (files) => readReceipt(files, "/data", "r", "a"),
    },
  };
  for (const [name, { valid, read }] of Object.entries(readers)) {
    test(`(${name}) is refused by name or passed over`, async () => {
      await fc.assert(
        fc.asyncProperty(malformed([valid]), async (bytes) => {
          const files = { ...systemFiles, read: () => Promise.resolve(bytes) };
          await read(files).catch((error: unknown) => {
            assert.ok(error instanceof OperatorError, String(error));
          });
        }),
        runs(0.02),
      );
    });
  }

  test("(journal line) is passed over", () => {
    const valid = jsonLine({
      kind: "begin",
      at: time,
      run: "r",
      function: "f",
      trigger: "schedule",
      scheduled: time,
      latenessMs: 3,
    });
    fc.assert(
      fc.property(malformed([valid]), (bytes) => void parseJournalLine(bytes)),
      runs(0.02),
    );
  });

  test("(line of an hour) is counted, or is a finding, and never keeps the hour from being sealed", () => {
    const poll = {
      kind: "poll",
      poll: 100_001,
      scheduled: time,
      started: time,
      ended: time,
      watch: "w",
      books: 1,
      unchanged: 0,
      missing: [{ token: "1", reason: "disk" }],
      requests: [],
    };
    const valid = [
      poll,
      { kind: "watch", id: "w", tokens: [] },
      { kind: "lost", after: 1, before: 2 },
      { kind: "book", poll: 100_001, token: "1", sent: time, received: time, raw: {} },
    ];
    const lines = malformed(valid.map((line) => Buffer.from(JSON.stringify(line))));
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 4 }), (some) => {
        const tally = new Tally("2026-11-22T15");
        for (const line of some) tally.add(line);
        assert.equal(tally.finish().counts.lines, some.length);
      }),
      runs(0.03),
    );
  });

  const caches = [
    "open/polymarket.books.closed.json",
    "state/tail-polymarket.books.json",
    "state/unchanged-polymarket.json",
  ];
  for (const path of caches) {
    test(`(${path}) costs time or bytes, never truth`, async () => {
      const disk = new MemoryDisk();
      const { files } = disk.process();
      await files.makeFolder("/data/state");
      const run = { clock: systemClock, files, log, settings: { dataFolder: "/data" } };
      const books = hourLog({ machine: run, dataFolder: "/data", stream: "polymarket.books" });
      await pollAt(run, slot - 3_600_000);
      await books.close("2026-11-22T14");
      await pollAt(run, slot);
      let at = 0;
      await fc.assert(
        fc.asyncProperty(malformed([await files.read(`/data/${path}`)]), async (bytes) => {
          await removeIfThere(files, `/data/${path}`);
          await (await files.open(`/data/${path}`, "create")).write(bytes);
          at += 1;
          const { appended } = await pollAt(run, slot + at * 10);
          assert.ok(appended.hour >= "2026-11-22T15");
        }),
        { numRuns: Math.min(400, runs(0.02).numRuns) },
      );
      const lines = await openLines(files, "polymarket.books.2026-11-22T15");
      for (const line of lines.filter(({ kind }) => kind === "poll").slice(-20)) {
        for (const token of tokens) {
          const sent = textAt(Date.parse(String(line["scheduled"])), token) ?? null;
          assert.equal(inForce(lines, Number(line["poll"]), token), sent);
        }
      }
      const all = await openLines(files, "polymarket.books");
      assert.equal(all.filter(({ kind }) => kind === "poll").length, at + 2);
    });
  }
});
