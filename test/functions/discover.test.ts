/**
 * discover decides what is recorded at all, so each test is a promise about the watch list, worded to follow
 * "discover ...".
 *
 * Method: a recorder before the simulated venue on a virtual clock; where the venue must lie in a way of its
 * own, a scripted list of markets in its place.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { rawOf } from "../../functions/archive/lines.ts";
import type { WatchEntry, WatchList } from "../../functions/polymarket/watch-list.ts";
import type { Http } from "../../runtime/doors/http.ts";
import { aRecorder, failureOf, type Line, pollLines, type Recorder } from "../support/recorder.ts";
import { faultKindsAt } from "../venue/faults.ts";

const markets = "polymarket.markets";

suite("discover", () => {
  test("maps every token to its market and outcome, as the venue lists them", async (t) => {
    const recorder = await aRecorder(t);
    const result = await recorder.discover();
    assert.deepEqual(
      [result.outcome, result.markets, result.watched, result.added],
      ["complete", 10, 20, 20],
    );
    const list = listOf(recorder);
    for (const { conditionId, tokens, slug } of recorder.venue.truth.markets()) {
      const own = list.filter((entry) => entry.market === conditionId);
      assert.deepEqual(
        own.map(({ token }) => token),
        tokens,
      );
      assert.equal(new Set(own.map(({ outcome }) => outcome)).size, 2);
      assert.ok(own.every((entry) => entry.slug === slug && entry.question));
    }
  });

  test("walks page after page to the end, however short the pages", async (t) => {
    const recorder = await aRecorder(t, { markets: 350, quirks: true });
    const result = await recorder.discover();
    const open = recorder.venue.truth.markets();
    assert.equal(result.outcome, "complete");
    assert.equal(result.marketsSeen, open.length);
    assert.ok(result.pages >= 4);
    const queries = (await walks(recorder))[0]!.pages.map(
      ({ query }) => new URLSearchParams(query),
    );
    assert.equal(queries[0]?.has("after_cursor"), false);
    assert.ok(queries.slice(1).every((query) => query.has("after_cursor")));
  });

  test("archives each chosen market's object byte for byte, with the walk", async (t) => {
    const recorder = await aRecorder(t);
    await recorder.discover({ marketsMax: 4 });
    const lines = await recorder.lines(markets);
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ["walk", "market", "market", "market", "market"],
    );
    const raws = lines.slice(1).map((line) => rawOf(line.text).toString());
    const chosen = raws.map((raw) => (JSON.parse(raw) as { conditionId: string }).conditionId);
    assert.deepEqual(
      lines.slice(1).map((line) => line["market"]),
      chosen,
    );
    const [walk] = await walks(recorder);
    assert.deepEqual(
      walk?.selected.map((chosenOne) => chosenOne.market),
      chosen,
    );
    assert.deepEqual([walk?.walk, walk?.watched, walk?.outcome], [100_001, 8, "complete"]);
  });

  test("leaves an unchanged object out until the next hour", async (t) => {
    const recorder = await aRecorder(t, { churn: 0, start: "2026-11-22T15:50:00Z" });
    await recorder.discover();
    await recorder.clock.run(Date.parse("2026-11-22T15:55:00Z"));
    await recorder.discover();
    const kinds = (await recorder.lines(markets)).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === "market").length, 10);
    assert.equal(kinds.filter((kind) => kind === "walk").length, 2);
    await recorder.clock.run(Date.parse("2026-11-22T16:00:00Z"));
    await recorder.discover();
    assert.equal(
      (await recorder.lines(markets)).filter(({ kind }) => kind === "market").length,
      20,
    );
  });

  test("takes the most active markets that the rules let through", async (t) => {
    const recorder = await aRecorder(t, { markets: 40 });
    const [first, second] = recorder.venue.truth.markets();
    const result = await recorder.discover({
      marketsMax: 6,
      outcomes: "first",
      include: [first!.slug, second!.conditionId, "no-such-market"],
      exclude: [first!.slug, "*-0-*"],
      volumeMin: 1_000,
    });
    assert.deepEqual([result.markets, result.watched, result.notFound], [6, 6, ["no-such-market"]]);
    const list = listOf(recorder);
    assert.deepEqual(
      list.slice(0, 2).map(({ token }) => token),
      [second!.tokens[0], first!.tokens[0]],
    );
    assert.match((await walks(recorder))[0]!.pages[0]!.query, /volume_num_min=1000/);
  });

  test("never takes what matches an exclusion, and takes * for any text", async (t) => {
    const http = gamma([
      market(1, { slug: "btc-updown-5m" }),
      market(2, { slug: "btc.updown" }),
      market(3, { slug: "fed" }),
    ]);
    const recorder = await aRecorder(t, { http });
    await recorder.discover({ exclude: ["btc-*", "f"] });
    assert.deepEqual(marketsOf(recorder), ["0x02", "0x03"]);
  });

  test("takes no market without an open order book, and takes silence for a yes", async (t) => {
    const http = gamma([
      market(1),
      market(2, { closed: true }),
      market(3, { acceptingOrders: false }),
      market(4, { enableOrderBook: false }),
      market(5, { active: false, archived: true }),
      market(6, { enableOrderBook: undefined, acceptingOrders: undefined }),
    ]);
    const recorder = await aRecorder(t, { http });
    assert.equal((await recorder.discover()).marketsSeen, 6);
    assert.deepEqual(marketsOf(recorder), ["0x01", "0x05", "0x06"]);
  });

  test("keeps to the rules where the venue ignores them", async (t) => {
    const http = gamma([
      market(1, { volumeNum: 5 }),
      market(2, { volumeNum: 50, liquidityNum: 1 }),
      market(3),
    ]);
    const recorder = await aRecorder(t, { http });
    await recorder.discover({ volumeMin: 10, liquidityMin: 10 });
    assert.deepEqual(marketsOf(recorder), ["0x03"], "an absent key is no zero");
  });

  test("takes lists that come as lists, three outcomes, and names that are not ASCII", async (t) => {
    const outcomes = ["Ja 🇩🇪", "Non", "\u4e0d"];
    const http = gamma([market(1, { outcomes, clobTokenIds: ["11", "12", "13"] })]);
    const recorder = await aRecorder(t, { http });
    await recorder.discover();
    assert.deepEqual(
      listOf(recorder).map(({ token, outcome }) => [token, outcome]),
      [
        ["11", outcomes[0]],
        ["12", outcomes[1]],
        ["13", outcomes[2]],
      ],
    );
  });

  const unmapped: [string, object][] = [
    ["a token more than outcomes", { clobTokenIds: '["1","2","3"]' }],
    ["no tokens", { clobTokenIds: undefined }],
    ["a list that is no JSON", { clobTokenIds: "1,2" }],
    ["an id that is not digits", { clobTokenIds: '["1","0x2"]' }],
    ["one token twice", { clobTokenIds: '["1","1"]' }],
  ];
  for (const [what, fields] of unmapped) {
    test(`does not guess at a market with ${what}: its object is set aside`, async (t) => {
      const recorder = await aRecorder(t, { http: gamma([market(1, fields), market(2)]) });
      const result = await recorder.discover();
      assert.deepEqual(marketsOf(recorder), ["0x02"]);
      assert.deepEqual(
        result.conflicts.map(({ market: id }) => id),
        ["0x01"],
      );
      const [aside] = await recorder.lines("polymarket.quarantine");
      assert.deepEqual(
        [aside?.["from"], aside?.["reason"], aside?.["market"]],
        ["markets", "schema", "0x01"],
      );
      assert.equal(
        (JSON.parse(String(aside?.["data"])) as { conditionId: string }).conditionId,
        "0x01",
      );
    });
  }

  const contradictions: [string, object[], RegExp][] = [
    [
      "another outcome for a token",
      [market(1, { clobTokenIds: '["12","11"]' })],
      /for "Yes", which was for "No"/,
    ],
    [
      "other tokens for a market",
      [market(1, { clobTokenIds: '["91","92"]' })],
      /no longer has token 11/,
    ],
    [
      "a token that was in another market",
      [market(3, { clobTokenIds: '["11","93"]' })],
      /which was in 0x01/,
    ],
    [
      "one token in two markets",
      [market(1), market(3, { clobTokenIds: '["93","12"]' })],
      /also in 0x01/,
    ],
  ];
  for (const [what, rows, why] of contradictions) {
    test(`stays with the earlier mapping when the venue says ${what}`, async (t) => {
      const rowsNow = [market(1), market(2)];
      const recorder = await aRecorder(t, { http: gamma(rowsNow) });
      await recorder.discover();
      const before = listOf(recorder);
      rowsNow.splice(0, rowsNow.length, ...(rows as typeof rowsNow), market(2));
      const result = await recorder.discover();
      const kept = listOf(recorder).filter(({ until }) => until === undefined);
      assert.deepEqual(
        kept.map(({ token, market: id, outcome }) => [token, id, outcome]),
        before.map(({ token, market: id, outcome }) => [token, id, outcome]),
      );
      assert.match(result.conflicts[0]!.what, why);
      assert.equal(result.quarantined, 1);
      assert.ok(
        recorder.logged.some(({ level, message }) => level === "warn" && why.test(message)),
      );
    });
  }

  test("keeps a market that is not chosen any more to the end of its hour", async (t) => {
    const rows = [market(1), market(2)];
    const recorder = await aRecorder(t, { http: gamma(rows), start: "2026-11-22T15:20:00Z" });
    await recorder.discover();
    rows.pop();
    assert.deepEqual((await recorder.discover()).leaving, 2);
    assert.deepEqual(
      listOf(recorder).map(({ until }) => until),
      [undefined, undefined, "2026-11-22T16:00:00.000Z", "2026-11-22T16:00:00.000Z"],
    );
    await recorder.clock.run(Date.parse("2026-11-22T15:59:00Z"));
    await failureOf(recorder.pollSlot(10_000));
    await recorder.clock.run(Date.parse("2026-11-22T15:59:59Z"));
    await failureOf(recorder.pollSlot(10_000));
    const polls = pollLines(await recorder.lines("polymarket.books"));
    assert.deepEqual(
      polls.map(({ scheduled, missing }) => [scheduled?.slice(11, 16), missing.length]),
      [
        ["15:59", 4],
        ["16:00", 2],
      ],
    );
    await recorder.discover();
    assert.deepEqual(marketsOf(recorder), ["0x01"]);
  });

  test("keeps a market that the walk did not meet, but that is open all the same", async (t) => {
    const rows = [market(1), market(2)];
    const http = gamma(rows);
    let hidden = "";
    const recorder = await aRecorder(t, {
      http: {
        async request(request) {
          const answer = await http.request(request);
          if (request.url.includes("condition_ids") || hidden === "") return answer;
          return http.request({ ...request, url: `${request.url}&condition_ids=${hidden}` });
        },
      },
    });
    await recorder.discover();
    hidden = "0x01";
    const result = await recorder.discover();
    assert.deepEqual([result.marketsSeen, result.markets, result.leaving], [1, 2, 0]);
    rows[1] = market(2, { volumeNum: 3 });
    assert.equal(
      (await recorder.discover({ volumeMin: 5 })).leaving,
      2,
      "the rules do not want it any more",
    );
  });

  test("takes a market back that was to leave, as if it had never gone", async (t) => {
    const rows = [market(1), market(2)];
    const recorder = await aRecorder(t, { http: gamma(rows) });
    await recorder.discover();
    const before = listOf(recorder);
    const [, second] = rows.splice(1);
    rows.splice(1, 1);
    await recorder.discover();
    rows.push(second ?? market(2));
    await recorder.clock.run(recorder.clock.now() + 60_000);
    await recorder.discover();
    assert.deepEqual(listOf(recorder), before);
  });

  test("marks a market that the venue has closed, keeps its last object, and asks for it no more", async (t) => {
    const rows = [market(1), market(2)];
    const recorder = await aRecorder(t, { http: gamma(rows) });
    await recorder.discover();
    rows[1] = market(2, { closed: true, acceptingOrders: false });
    const result = await recorder.discover();
    assert.deepEqual([result.closed, result.leaving], [1, 2]);
    assert.deepEqual(
      listOf(recorder).map(({ closed }) => closed !== undefined),
      [false, false, true, true],
    );
    const last = (await recorder.lines(markets)).at(-1)!;
    assert.equal((JSON.parse(rawOf(last.text).toString()) as { closed: boolean }).closed, true);
    const again = await recorder.discover();
    assert.equal(again.closed, 0);
    assert.equal((await walks(recorder))[2]!.lookups.length, 0);
    await failureOf(recorder.pollSlot());
    const [poll] = pollLines(await recorder.lines("polymarket.books"));
    assert.deepEqual(poll?.missing.map(({ reason }) => reason).slice(2), [
      "market-closed",
      "market-closed",
    ]);
  });

  test("follows markets that open and close on a busy venue, hour after hour", async (t) => {
    const recorder = await aRecorder(t, { markets: 30, turnover: 0.5, quirks: true });
    for (let turn = 0; turn < 12; turn += 1) {
      await recorder.discover();
      const list = listOf(recorder);
      const staying = new Set(
        list.filter(({ until }) => until === undefined).map(({ token }) => token),
      );
      for (const token of recorder.venue.truth.tokens())
        assert.ok(staying.has(token), "every book is watched");
      assert.equal(new Set(list.map(({ token }) => token)).size, list.length);
      await recorder.clock.run(recorder.clock.now() + 20 * 60_000);
    }
  });

  for (const kind of faultKindsAt("markets").filter(
    (name) => !["pretty", "new-field"].includes(name),
  )) {
    test(`never shortens the list under the fault ${kind}`, async (t) => {
      const recorder = await aRecorder(t, { markets: 110 });
      await recorder.discover();
      const before = listOf(recorder);
      recorder.venue.faults.inject({ kind, skip: 1, ms: 20_000, bytes: 32 * 1024 * 1024 });
      const result = await recorder.discover();
      assert.equal(
        result.outcome,
        kind === "renamed-field" ? "complete" : "partial",
        JSON.stringify(result),
      );
      assert.deepEqual(listOf(recorder), before);
      recorder.venue.faults.clear();
      assert.equal((await recorder.discover()).outcome, "complete");
      assert.deepEqual(listOf(recorder), before);
    });
  }

  test("exits 69 where nothing can be read, leaves the list, and puts that on record", async (t) => {
    const recorder = await aRecorder(t);
    await recorder.discover();
    const before = listOf(recorder);
    recorder.venue.faults.inject({ kind: "403-html" });
    const error = await failureOf(recorder.discover());
    assert.deepEqual([error.code, error.exit], ["NO_MARKETS", "unavailable"]);
    assert.deepEqual(error.details, ["HTTP 403"]);
    assert.deepEqual(listOf(recorder), before);
    const [, walk] = await walks(recorder);
    assert.deepEqual([walk?.outcome, walk?.markets, walk?.pages[0]?.status], ["failed", 0, 403]);
  });

  test("does not believe a venue that lists nothing", async (t) => {
    const rows = [market(1)];
    const recorder = await aRecorder(t, { http: gamma(rows) });
    await recorder.discover();
    rows.pop();
    await recorder.discover();
    assert.deepEqual(
      listOf(recorder).map(({ until }) => until),
      [undefined, undefined],
    );
  });

  test("stops after so many pages, and says that the list went on", async (t) => {
    const recorder = await aRecorder(t, { markets: 250 });
    const result = await recorder.discover({ pagesMax: 2 });
    assert.deepEqual([result.outcome, result.pages, result.markets], ["bounded", 2, 200]);
    assert.equal(result.stopped, "after 2 pages");
  });

  test("sets a watch list that it cannot read aside and makes it anew", async (t) => {
    const recorder = await aRecorder(t);
    const folder = join(recorder.dataFolder, "watch");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "polymarket.json"), "{}");
    assert.equal((await failureOf(recorder.poll())).code, "WATCH_LIST_DAMAGED");
    await recorder.discover();
    assert.ok(listOf(recorder).length > 0);
    const aside = readdirSync(folder).find((name) => name.includes(".damaged-")) ?? "";
    assert.equal(readFileSync(join(folder, aside), "utf8"), "{}");
  });
});

interface WalkLine {
  walk: number;
  outcome: string;
  markets: number;
  watched: number;
  pages: { query: string; status: number | null }[];
  lookups: unknown[];
  selected: { market: string }[];
}

async function walks(recorder: Recorder): Promise<WalkLine[]> {
  const lines: Line[] = await recorder.lines(markets);
  return lines.filter(({ kind }) => kind === "walk") as unknown as WalkLine[];
}

function listOf({ dataFolder }: Recorder): WatchEntry[] {
  return (
    JSON.parse(readFileSync(join(dataFolder, "watch", "polymarket.json"), "utf8")) as WatchList
  ).tokens;
}

function marketsOf(recorder: Recorder): string[] {
  return [...new Set(listOf(recorder).map(({ market: id }) => id))];
}

function market(number: number, fields: object = {}): Record<string, unknown> {
  return {
    conditionId: `0x0${number}`,
    slug: `market-${number}`,
    question: `${number}?`,
    outcomes: '["Yes", "No"]',
    clobTokenIds: `["${number}1", "${number}2"]`,
    active: true,
    closed: false,
    acceptingOrders: true,
    enableOrderBook: true,
    ...fields,
  };
}

/** Lists these rows as Gamma does, by id or all of them, and answers every other question with nothing. */
function gamma(rows: readonly Record<string, unknown>[]): Http {
  return {
    request({ url }) {
      const { pathname, searchParams } = new URL(url);
      const ids = searchParams.getAll("condition_ids");
      const closed = searchParams.get("closed") === "true";
      const found =
        ids.length === 0
          ? rows
          : rows.filter(
              (row) =>
                ids.includes(String(row["conditionId"])) && (row["closed"] === true) === closed,
            );
      const text = pathname === "/books" ? "[]" : JSON.stringify({ markets: found });
      return Promise.resolve({
        status: 200,
        headers: { "content-type": "application/json" },
        body: Buffer.from(text),
      });
    },
  };
}
