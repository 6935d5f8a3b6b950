/**
 * snapshot-poll writes the archive's only record of what the books were, so each test is a promise about it,
 * worded to follow "snapshot-poll ...".
 *
 * Method: a recorder before the simulated venue on a virtual clock. What the venue truly sent is the referee:
 * every text in the hour must be one that it served, in that order, and every poll's sums must close.
 */
import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { PollResult } from "../../functions/snapshot-poll.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { type Repair } from "../../runtime/hours/repair.ts";
import {
  aRecorder,
  failureOf,
  type Line,
  pollLines,
  type Recorder,
  textsOf,
  watchLines,
} from "../support/recorder.ts";
import { invalidUtf8 } from "../venue/answer.ts";
import { faultKindsAt } from "../venue/faults.ts";

const books = "polymarket.books";
const quarantine = "polymarket.quarantine";
const gigabyte = 1024 ** 3;

suite("snapshot-poll", () => {
  test("writes every book byte for byte as the venue sent it", async (t) => {
    const recorder = await aRecorder(t, { churn: 1 });
    await recorder.discover();
    for (let slot = 0; slot < 5; slot += 1) await recorder.pollSlot();
    await assertAgrees(recorder);
    const polls = pollLines(await recorder.lines(books));
    assert.deepEqual(
      polls.map(({ poll }) => poll),
      [100_001, 100_002, 100_003, 100_004, 100_005],
    );
    assert.equal(recorder.venue.served.times(), 5 * 20);
  });

  test("opens its hour with the watch list, then the poll, then its books", async (t) => {
    const recorder = await aRecorder(t);
    await recorder.discover();
    await recorder.pollSlot();
    const lines = await recorder.lines(books);
    assert.deepEqual(
      lines.slice(0, 3).map(({ kind }) => kind),
      ["watch", "poll", "book"],
    );
    const [watch] = watchLines(lines);
    const { id, tokens } = watch!;
    const [first] = recorder.venue.truth.markets();
    assert.deepEqual(
      tokens.filter(({ market }) => market === first?.conditionId).map(({ token }) => token),
      first?.tokens,
    );
    assert.equal(pollLines(lines)[0]?.watch, id);
  });

  test("counts a book that did not change, and does not write it again", async (t) => {
    const recorder = await aRecorder(t, { churn: 0 });
    await recorder.discover();
    assert.deepEqual(sumsOf(await recorder.pollSlot()), [20, 0, {}]);
    assert.deepEqual(sumsOf(await recorder.pollSlot()), [0, 20, {}]);
    assert.equal(watchLines(await recorder.lines(books)).length, 1);
  });

  test("writes every book anew in each hour, after the watch list", async (t) => {
    const recorder = await aRecorder(t, { churn: 0, start: "2026-11-22T15:59:45Z" });
    await recorder.discover();
    await recorder.pollSlot();
    const next = await recorder.pollSlot();
    assert.deepEqual([next.hour, next.poll], ["2026-11-22T16", 100_001]);
    assert.deepEqual(sumsOf(next), [20, 0, {}]);
    assert.equal(watchLines(await recorder.lines(books)).length, 2);
  });

  test("belongs to the hour of its slot, even if it ends in the next", async (t) => {
    const recorder = await aRecorder(t, { start: "2026-11-22T15:59:45Z" });
    await recorder.discover();
    recorder.venue.faults.inject({ kind: "slow", ms: 15_000, count: 1 });
    const scheduledAt = Date.parse("2026-11-22T15:59:50Z");
    await recorder.clock.run(scheduledAt);
    recorder.venue.faults.clear();
    recorder.venue.faults.inject({ kind: "slow", ms: 9_990, count: 1 });
    await recorder.clock.run(scheduledAt + 5_000);
    const result = await recorder.poll({}, { scheduledAt, nextSlotAt: scheduledAt + 60_000 });
    assert.equal(result.hour, "2026-11-22T15");
    const [poll] = pollLines(await recorder.lines(books));
    assert.deepEqual(
      [poll?.scheduled, poll?.ended.slice(0, 16)],
      ["2026-11-22T15:59:50.000Z", "2026-11-22T16:00"],
    );
    assert.equal(result.books, 20);
  });

  test("goes with its true times into the open hour if its own is closed", async (t) => {
    const recorder = await aRecorder(t, { churn: 0, start: "2026-11-22T15:59:40Z" });
    await recorder.discover();
    await recorder.pollSlot();
    await recorder.clock.run(Date.parse("2026-11-22T16:01:00Z"));
    await logOf(recorder).close("2026-11-22T15");
    const late = await recorder.poll({}, { scheduledAt: Date.parse("2026-11-22T15:59:50Z") });
    assert.deepEqual([late.hour, ...sumsOf(late)], ["2026-11-22T16", 20, 0, {}]);
    const next = await recorder.pollSlot(60_000);
    assert.deepEqual([next.hour, ...sumsOf(next)], ["2026-11-22T16", 0, 20, {}]);
    assert.equal(pollLines(await recorder.lines(books))[1]?.scheduled, "2026-11-22T15:59:50.000Z");
  });

  test("writes A, B, A as three books, and knows A again only from the last", async (t) => {
    const { recorder, show, token } = await aStage(t);
    for (const face of ["A", "B", "A", "A"]) {
      show(face);
      await recorder.pollSlot();
    }
    assert.deepEqual(facesOf(textsOf(await recorder.lines(books)).get(token)), ["A", "B", "A"]);
    assert.deepEqual(
      pollLines(await recorder.lines(books)).map(({ unchanged }) => unchanged),
      [0, 0, 0, 1],
    );
  });

  test("compares with the last recorded book, past polls in which the token was missing", async (t) => {
    const { recorder, show, token, server } = await aStage(t);
    show("A");
    await recorder.pollSlot();
    server.body = "[]";
    assert.equal((await failureOf(recorder.pollSlot())).code, "NO_BOOKS");
    show("A");
    assert.deepEqual(sumsOf(await recorder.pollSlot()), [0, 1, {}]);
    assert.deepEqual(facesOf(textsOf(await recorder.lines(books)).get(token)), ["A"]);
  });

  test("takes a poll by hand for one between two slots, and never for a slot", async (t) => {
    const recorder = await aRecorder(t, { churn: 0 });
    await recorder.discover();
    await recorder.pollSlot();
    await recorder.clock.run(recorder.clock.now() + 3_000);
    assert.deepEqual(sumsOf(await recorder.poll()), [0, 20, {}]);
    assert.deepEqual(sumsOf(await recorder.pollSlot()), [0, 20, {}]);
    const polls = pollLines(await recorder.lines(books));
    assert.deepEqual(
      polls.map(({ scheduled }) => scheduled === null),
      [false, true, false],
    );
    assert.deepEqual(
      polls.map(({ poll }) => poll),
      [100_001, 100_002, 100_003],
    );
    await assertAgrees(recorder);
  });

  test("counts no book as unchanged that only the torn end of the file held", async (t) => {
    const recorder = await aRecorder(t, { churn: 0 });
    await recorder.discover();
    await recorder.pollSlot();
    const path = join(recorder.dataFolder, "open", "polymarket.books.2026-11-22T15.part1.jsonl.gz");
    truncateSync(path, readFileSync(path).length - 5);
    const after = await recorder.pollSlot();
    assert.deepEqual([after.poll, ...sumsOf(after)], [200_001, 20, 0, {}]);
    const kinds = (await recorder.lines(books)).map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(0, 3), ["lost", "watch", "poll"]);
    assert.deepEqual(sumsOf(await recorder.pollSlot()), [0, 20, {}]);
  });

  for (const [what, spoil] of [
    ["gone", (path: string) => writeFileSync(path, "")],
    ["damaged", (path: string) => appendFileSync(path, "x")],
    ["an older one", undefined],
  ] as const) {
    test(`writes every book if its memory of the last ones is ${what}`, async (t) => {
      const recorder = await aRecorder(t, { churn: 0 });
      await recorder.discover();
      await recorder.pollSlot();
      const path = join(recorder.dataFolder, "state", "unchanged-polymarket.json");
      const older = readFileSync(path);
      await recorder.pollSlot();
      if (spoil === undefined) writeFileSync(path, older);
      else spoil(path);
      assert.deepEqual(sumsOf(await recorder.pollSlot()), [20, 0, {}]);
      assert.deepEqual(sumsOf(await recorder.pollSlot()), [0, 20, {}]);
    });
  }

  test("keeps what did not change when the watch list changes", async (t) => {
    const recorder = await aRecorder(t, { churn: 0 });
    await recorder.discover({ marketsMax: 5 });
    await recorder.pollSlot();
    await recorder.discover({ marketsMax: 7 });
    assert.deepEqual(sumsOf(await recorder.pollSlot()), [4, 10, {}]);
    assert.deepEqual(sumsOf(await recorder.pollSlot()), [0, 14, {}]);
    const lines = await recorder.lines(books);
    assert.deepEqual(
      watchLines(lines).map(({ tokens }) => tokens.length),
      [10, 14],
    );
    assert.deepEqual(
      lines.filter(({ kind }) => kind !== "book").map(({ kind }) => kind),
      ["watch", "poll", "watch", "poll", "poll"],
    );
  });

  test("keeps both of two polls at once, after a crash, each whole and in its own place", async (t) => {
    const recorder = await aRecorder(t, { churn: 0 });
    await recorder.discover();
    await recorder.pollSlot();
    const path = join(recorder.dataFolder, "open", "polymarket.books.2026-11-22T15.part1.jsonl.gz");
    appendFileSync(path, readFileSync(path).subarray(0, 700));
    const scheduledAt = Math.floor(recorder.clock.now() / 10_000) * 10_000 + 10_000;
    await recorder.clock.run(scheduledAt);
    const [repaired, ...polls] = await recorder.together<
      Repair[] | { poll: number; books: number }
    >((poll) => [logOf(recorder).repair(), poll(), poll({}, { scheduledAt })]);
    assert.ok(Array.isArray(repaired));
    assert.deepEqual(
      polls.map((result) => (result as { poll: number }).poll).toSorted((a, b) => a - b),
      [200_001, 200_002],
    );
    await assertAgrees(recorder);
    assert.deepEqual(sumsOf(await recorder.pollSlot()), [0, 20, {}]);
  });

  test("asks in batches, no more at once than it may, for each token once", async (t) => {
    const recorder = await aRecorder(t, { markets: 50 });
    await recorder.discover();
    const result = await recorder.poll({ batch: 7, concurrency: 3 });
    assert.equal(result.requests, Math.ceil(100 / 7));
    assert.equal(recorder.venue.served.times(), 100);
    assert.ok(recorder.venue.served.atOnceMax <= 3);
    await assertAgrees(recorder);
  });

  test("finds the token for which the venue refuses a batch, and records the others", async (t) => {
    const recorder = await aRecorder(t, { markets: 50 });
    await recorder.discover();
    const path = join(recorder.dataFolder, "watch", "polymarket.json");
    const list = JSON.parse(readFileSync(path, "utf8")) as { tokens: { token: string }[] };
    list.tokens[37]!.token = "not-a-number";
    writeFileSync(path, JSON.stringify(list));
    const result = await recorder.poll({}, { timeoutMs: 60_000 });
    assert.deepEqual(sumsOf(result), [99, 0, { "venue-4xx": 1 }]);
    assert.ok(result.requests <= 2 * 7 + 1, `${result.requests} requests`);
    const again = await recorder.poll({}, { timeoutMs: 60_000 });
    assert.equal(again.requests, 2, "the second time it is asked for alone");
  });

  test("never asks for closed markets, and says so", async (t) => {
    const recorder = await aRecorder(t);
    await recorder.discover();
    const path = join(recorder.dataFolder, "watch", "polymarket.json");
    const list = JSON.parse(readFileSync(path, "utf8")) as { tokens: { closed?: string }[] };
    for (const token of list.tokens.slice(0, 4)) token.closed = "2026-11-22T14:59:00.000Z";
    writeFileSync(path, JSON.stringify(list));
    assert.deepEqual(sumsOf(await recorder.pollSlot()), [16, 0, { "market-closed": 4 }]);
    assert.equal(recorder.venue.served.times(), 16);
  });

  test("without a book exits 69, after its account is durable", async (t) => {
    const recorder = await aRecorder(t);
    await recorder.discover();
    recorder.venue.faults.inject({ kind: "503" });
    const error = await failureOf(recorder.pollSlot());
    assert.deepEqual([error.code, error.exit], ["NO_BOOKS", "unavailable"]);
    assert.match(error.message, /not one of 20 watched books came/);
    assert.deepEqual(error.details, [
      "20 tokens: venue-5xx",
      "HTTP 503: Trading is currently disabled",
    ]);
    const [poll] = pollLines(await recorder.lines(books));
    assert.equal(poll?.missing.length, 20);
    assert.deepEqual(error.result, {
      ...(error.result as object),
      poll: 100_001,
      missing: { "venue-5xx": 20 },
    });
  });

  test("accounts in time for a run that is cut off by its timeout, whatever the venue does", async (t) => {
    const recorder = await aRecorder(t);
    await recorder.discover();
    recorder.venue.faults.inject({ kind: "hang" });
    const before = recorder.clock.now();
    assert.equal((await failureOf(recorder.poll({}, { timeoutMs: 3_000 }))).code, "NO_BOOKS");
    assert.ok(recorder.clock.now() - before < 3_000);
    const [poll] = pollLines(await recorder.lines(books));
    assert.deepEqual([...new Set(poll?.missing.map(({ reason }) => reason))], ["venue-timeout"]);
  });

  test("records the good books even if the bad ones find no place in quarantine", async (t) => {
    const recorder = await aRecorder(t, {
      files: {
        ...systemFiles,
        async open(path, mode) {
          const file = await systemFiles.open(path, mode);
          return path.includes("polymarket.quarantine")
            ? { ...file, write: () => Promise.resolve(0) }
            : file;
        },
      },
    });
    await recorder.discover();
    recorder.venue.faults.inject({ kind: "wrong-market" });
    assert.equal((await failureOf(recorder.pollSlot())).code, "DISK_FULL");
    const [poll] = pollLines(await recorder.lines(books));
    assert.deepEqual(
      [poll?.books, poll?.missing.map(({ reason }) => reason)],
      [19, ["quarantined"]],
    );
    assert.equal(textsOf(await recorder.lines(books)).size, 19);
  });

  test("stops below the mark, asks nothing, says `disk` of each token, and goes on by itself at twice it", async (t) => {
    let free = 10 * gigabyte;
    const space = () => Promise.resolve({ freeBytes: free, totalBytes: 20 * gigabyte });
    const recorder = await aRecorder(t, { churn: 0, files: { ...systemFiles, space } });
    await recorder.discover();
    await recorder.pollSlot();
    const asked = recorder.venue.served.times();
    const outcomes: unknown[] = [];
    for (const megabytes of [900, 120, 200, 90, 300, 200, 5000]) {
      free = megabytes * 1024 * 1024;
      const outcome = await recorder.pollSlot().catch((error: unknown) => error);
      outcomes.push(
        outcome instanceof OperatorError ? outcome.code : sumsOf(outcome as PollResult),
      );
    }
    const stopped = "DISK_LOW";
    const good = [0, 20, {}];
    // 200 MB are enough to go on, and not enough to begin again.
    assert.deepEqual(outcomes, [good, stopped, stopped, stopped, good, good, good]);
    assert.equal(recorder.venue.served.times(), asked + 4 * 20);
    const missing = pollLines(await recorder.lines(books)).map((line) =>
      line.missing.map(({ reason }) => reason),
    );
    const disk = Array.from({ length: 20 }, () => "disk");
    assert.deepEqual(missing, [[], [], disk, disk, disk, [], [], []]);
    const logged = recorder.logged.filter(({ message }) => message.startsWith("the disk has"));
    assert.deepEqual(
      logged.map(({ message }) => /little|no room|enough/.exec(message)?.[0]),
      ["little", "no room", "little", "enough"],
    );
    await assertAgrees(recorder);
  });

  test("keeps as much free as sealing its hour will need", async (t) => {
    let free = 10 * gigabyte;
    const space = () => Promise.resolve({ freeBytes: free, totalBytes: 20 * gigabyte });
    const recorder = await aRecorder(t, { churn: 0, files: { ...systemFiles, space } });
    await recorder.discover();
    await recorder.pollSlot();
    const open = join(
      recorder.dataFolder,
      "open",
      "polymarket.books.2026-11-22T10.part1.closed.jsonl.gz",
    );
    writeFileSync(open, "");
    truncateSync(open, 300 * 1024 * 1024);
    free = 700 * 1024 * 1024;
    const error = await failureOf(recorder.pollSlot());
    assert.deepEqual([error.code, error.exit], ["DISK_LOW", "failed"]);
    assert.match(error.message, /^700 MB free, .* 600 MB are needed to seal, 128 MB to stay free$/);
    assert.match(error.safe ?? "", /on record as poll 100002 of 2026-11-22T15Z/);
    assert.match(error.next ?? "", /goes on by itself above 856 MB/);
  });

  test("puts its account on record on a full disk, in the room held back, and says what is lost", async (t) => {
    const disk = { room: Infinity };
    const recorder = await aRecorder(t, { churn: 1, files: bookfileWithRoom(disk) });
    await recorder.discover();
    await recorder.pollSlot();
    disk.room = 300;
    const error = await failureOf(recorder.pollSlot());
    assert.equal(error.code, "DISK_FULL");
    assert.match(error.safe ?? "", /its account is on record/);
    disk.room = Infinity;
    assert.deepEqual(sumsOf(await recorder.pollSlot()), [20, 0, {}]);
    const reasons = pollLines(await recorder.lines(books)).map(({ poll, missing }) => [
      poll,
      new Set(missing.map(({ reason }) => reason)),
    ]);
    assert.deepEqual(reasons, [
      [100_001, new Set()],
      [100_002, new Set(["disk"])],
      [100_003, new Set()],
    ]);
    await recorder.pollSlot();
    assert.ok(existsSync(join(recorder.dataFolder, "state", "reserve")), "made again with room");
  });

  test("is content with a part of the books", async (t) => {
    const recorder = await aRecorder(t, { markets: 20 });
    await recorder.discover();
    recorder.venue.faults.inject({ kind: "404-html", count: 1 });
    assert.deepEqual(sumsOf(await recorder.poll({ batch: 10 })), [30, 0, { "venue-4xx": 10 }]);
  });

  test("says what to type where there is no watch list, and where it is damaged", async (t) => {
    const recorder = await aRecorder(t);
    const none = await failureOf(recorder.poll());
    assert.deepEqual(
      [none.code, none.exit, none.next],
      ["NO_WATCH_LIST", "unavailable", "npm run fn -- discover"],
    );
    await recorder.discover();
    writeFileSync(join(recorder.dataFolder, "watch", "polymarket.json"), '{"tokens":[');
    const damaged = await failureOf(recorder.poll());
    assert.equal(damaged.code, "WATCH_LIST_DAMAGED");
    assert.match(damaged.next ?? "", /^mv .+ && npm run fn -- discover$/);
  });

  const causes: Record<string, string | undefined> = {
    "429": "venue-429",
    "429-seconds": "venue-429",
    "429-date": "venue-429",
    "429-html": "venue-429",
    "500": "venue-5xx",
    "502": "venue-5xx",
    "503": "venue-5xx",
    "425": "venue-4xx",
    "403-html": "venue-4xx",
    "404-html": "venue-4xx",
    redirect: "network",
    "error-200": "venue-429",
    empty: "quarantined",
    truncated: "quarantined",
    "cut-short": "network",
    garbage: "quarantined",
    huge: "quarantined",
    "wrong-content-type": "quarantined",
    pretty: undefined,
    slow: "venue-timeout",
    trickle: "venue-timeout",
    stall: "venue-timeout",
    hang: "venue-timeout",
    reset: "network",
    "renamed-field": "quarantined",
    "new-field": undefined,
    "invalid-utf8": "quarantined",
    numbers: undefined,
    "wrong-market": "quarantined",
    "duplicate-book": undefined,
    "unasked-book": undefined,
    omitted: "omitted",
  };
  for (const kind of faultKindsAt("books")) {
    test(`accounts for every token under the fault ${kind}, and recovers at the next slot`, async (t) => {
      const recorder = await aRecorder(t, { churn: 1 });
      await recorder.discover();
      await recorder.pollSlot();
      recorder.venue.faults.inject({ kind, bytes: 32 * 1024 * 1024 });
      await settled(recorder.pollSlot());
      recorder.venue.faults.clear();
      assert.equal((await recorder.pollSlot()).missing["unknown"], undefined);
      const [, spoilt, next] = pollLines(await recorder.lines(books));
      assert.ok(kind in causes, "the fault has an expected cause");
      const expected = causes[kind];
      assert.deepEqual(
        [...new Set(spoilt?.missing.map(({ reason }) => reason))],
        expected === undefined ? [] : [expected],
      );
      assert.deepEqual(next?.missing, []);
      await assertAgrees(recorder);
    });
  }

  test("asks again within its slot, so that a passing fault costs nothing", async (t) => {
    const recorder = await aRecorder(t);
    await recorder.discover();
    for (const kind of [
      "429",
      "500",
      "502",
      "503",
      "425",
      "error-200",
      "empty",
      "truncated",
      "cut-short",
      "garbage",
      "reset",
    ] as const) {
      recorder.venue.faults.inject({ kind, count: 1 });
      assert.deepEqual((await recorder.pollSlot()).missing, {}, kind);
    }
    await assertAgrees(recorder);
  });

  test("accounts for every token under every fault at once, whatever the order", async (t) => {
    for (const seed of [1, 2, 3]) {
      const recorder = await aRecorder(t, {
        churn: 1,
        markets: 30,
        turnover: 0.3,
        quirks: true,
        seed,
      });
      await recorder.discover();
      const kinds = faultKindsAt("books").filter((kind) => kind !== "huge");
      recorder.venue.faults.random(seed, 0.6, kinds);
      for (let slot = 0; slot < 25; slot += 1)
        await settled(recorder.pollSlot(10_000, { batch: 15 }));
      await assertAgrees(recorder);
      assert.equal(pollLines(await recorder.lines(books)).length, 25);
    }
  });

  test("follows no redirect", async (t) => {
    const recorder = await aRecorder(t);
    await recorder.discover();
    recorder.venue.faults.inject({ kind: "redirect" });
    const error = await failureOf(recorder.pollSlot());
    assert.deepEqual(error.details[0], "20 tokens: network");
    assert.equal(recorder.venue.served.followed, 0);
  });
});

type Sums = [books: number, unchanged: number, missing: Record<string, number>];

function sumsOf({
  books: written,
  unchanged,
  missing,
}: {
  books: number;
  unchanged: number;
  missing: Record<string, number>;
}): Sums {
  return [written, unchanged, missing];
}

function logOf({ machine, dataFolder }: Recorder): ReturnType<typeof hourLog> {
  return hourLog({ machine, dataFolder, stream: books });
}

/** A poll without a book fails, which is right; anything but that is a bug. */
async function settled(poll: Promise<unknown>): Promise<void> {
  try {
    await poll;
  } catch (error) {
    assert.equal((error as { code?: string }).code, "NO_BOOKS", String(error));
  }
}

/**
 * Sums close, every text is the venue's own, and every text that the venue sent whole is on record: as a book,
 * as unchanged, or in quarantine.
 */
async function assertAgrees(recorder: Recorder): Promise<void> {
  const lines = await recorder.lines(books);
  const aside = Buffer.concat((await recorder.lines(quarantine)).map(bytesOf)).toString("latin1");
  const observed = observations(lines);
  for (const [token, texts] of observed) {
    const { served, truth } = recorder.venue;
    const sent = [...served.books(token), ...served.spoilt(token)].map(({ text }) => text);
    for (const { text, at } of texts)
      assert.ok(at === undefined || sent.includes(text) || truth.book(token, at) === text);
    const own = new Set(texts.map(({ text }) => text));
    for (const text of sent) assert.ok(own.has(text) || aside.includes(asSent(text)));
  }
}

function asSent(text: string): string {
  return Buffer.from(text)
    .toString("latin1")
    .replaceAll(Buffer.from(invalidUtf8).toString("latin1"), "\u00c3(\u00ff");
}

interface Observed {
  text: string;
  /** When it was asked for, if it was written then. */
  at: number | undefined;
}

/** Token → what each poll says its book was, checked on the way. */
function observations(lines: readonly Line[]): Map<string, Observed[]> {
  const observed = new Map<string, Observed[]>();
  const last = new Map<string, string>();
  const watches = new Map(
    watchLines(lines).map((watch) => [watch.id, watch.tokens.map(({ token }) => token)]),
  );
  for (const poll of pollLines(lines)) {
    const watched = watches.get(poll.watch);
    assert.ok(watched, "the poll's watch list is in the stream");
    const own = lines.filter((line) => line["poll"] === poll.poll && line.kind === "book");
    const written = textsOf(own);
    const sent = new Map(own.map((line) => [line["token"], Date.parse(String(line["sent"]))]));
    const missing = new Set(poll.missing.map(({ token }) => token));
    assert.equal(written.size, poll.books);
    assert.equal(own.length, poll.books);
    assert.equal(missing.size, poll.missing.length);
    assert.equal(poll.books + poll.unchanged + missing.size, watched.length);
    for (const token of watched) {
      const text = written.get(token)?.[0] ?? last.get(token);
      assert.ok(missing.has(token) ? !written.has(token) : text !== undefined);
      if (missing.has(token) || text === undefined) continue;
      last.set(token, text);
      observed.set(token, [...(observed.get(token) ?? []), { text, at: sent.get(token) }]);
    }
  }
  return observed;
}

function bytesOf(line: Line): Buffer {
  return Buffer.from(String(line["data"]), line["encoding"] as BufferEncoding);
}

interface Stage {
  recorder: Recorder;
  token: string;
  server: { body: string };
  show(face: string): void;
}

/** One token before a server that answers whatever the test wants. */
async function aStage(t: Parameters<typeof aRecorder>[0]): Promise<Stage> {
  const [token, market] = ["123", "0xab"];
  const server = { body: "[]" };
  const headers = { "content-type": "application/json" };
  const recorder = await aRecorder(t, {
    http: {
      request: () => Promise.resolve({ status: 200, headers, body: Buffer.from(server.body) }),
    },
  });
  const list = {
    updated: "now",
    tokens: [{ token, market, outcome: "Yes", slug: "s", since: "2026-11-22T15:00:00.000Z" }],
  };
  await systemFiles.makeFolder(join(recorder.dataFolder, "watch"));
  writeFileSync(join(recorder.dataFolder, "watch", "polymarket.json"), JSON.stringify(list));
  return {
    recorder,
    token,
    server,
    show(face) {
      server.body = `[{"market":"${market}","asset_id":"${token}","hash":"${face}","bids":[],"asks":[]}]`;
    },
  };
}

function facesOf(texts: readonly string[] | undefined): string[] {
  return (texts ?? []).map((text) => (JSON.parse(text) as { hash: string }).hash);
}

/** The file of books takes so many bytes more; giving up the reserve makes room for an account. */
function bookfileWithRoom(disk: { room: number }): Files {
  return {
    ...systemFiles,
    async remove(path) {
      await systemFiles.remove(path);
      if (path.endsWith("state/reserve")) disk.room += 2_000;
    },
    async open(path, mode) {
      const file = await systemFiles.open(path, mode);
      if (!path.includes("polymarket.books") || mode === "read") return file;
      return {
        ...file,
        write(bytes) {
          const fits = bytes.subarray(0, disk.room);
          disk.room -= fits.length;
          return fits.length === 0 ? Promise.resolve(0) : file.write(fits);
        },
      };
    },
  };
}
