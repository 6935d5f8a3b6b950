/** Captured files are answered as the venue would have sent them: compact, and otherwise untouched. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { compact, pretty, slices } from "./json.ts";
import { ask, askBooks, aVenue, handClock } from "./support.ts";

// Number forms, escapes, key order and doubled keys, all of which parsing and printing again would lose.
const book = (token: string, size: string): string => `{
  "market" : "0xab",
  "asset_id": "${token}",
  "note": "caf\\u00e9 \\"q\\" \\/ a , [ b",
  "hash": "",
  "hash": "00",
  "bids": [ { "price": "0.10", "size": "${size}" } ],
  "asks": [ ],
  "odd": [1.0, 1e5, -0, 12345678901234567890]
}`;
const market = `{ "volumeNum": 10.0, "id": "5", "conditionId": "0xab", "question": "Caf\\u00e9?",
  "slug": "cafe", "clobTokenIds": "[\\"11\\", \\"12\\"]", "closed": false }`;

function folderOf(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "venue-payloads-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

suite("payload files", () => {
  test("give their books, with nothing but blanks taken out", async (t) => {
    const payloads = folderOf(t, {
      "books.json": `[ ${book("11", "1")},\n ${book("12", "2")} ]`,
      "notes.txt": "no",
    });
    const venue = await aVenue(t, { payloads });

    const reply = await askBooks(venue, ["11", "12", "13"]);

    const texts = ["11", "12"].map((token) => venue.served.books(token)[0]!.text);
    assert.equal(
      texts[0],
      '{"market":"0xab","asset_id":"11","note":"caf\\u00e9 \\"q\\" \\/ a , [ b","hash":"","hash":"00",' +
        '"bids":[{"price":"0.10","size":"1"}],"asks":[],"odd":[1.0,1e5,-0,12345678901234567890]}',
    );
    assert.ok([`[${texts.join(",")}]`, `[${texts.toReversed().join(",")}]`].includes(reply.text));
    assert.equal((await ask(`${venue.clobUrl}/book?token_id=11`)).text, texts[0]);
  });

  test("give their markets, from a list or out of an event", async (t) => {
    for (const text of [`[${market}]`, `{ "id": "1", "markets": [ ${market} ] }`]) {
      const venue = await aVenue(t, { payloads: folderOf(t, { "gamma.json": text }) });
      const reply = await ask(
        `${venue.gammaUrl}/markets/keyset?volume_num_min=10&clob_token_ids=12`,
      );
      assert.ok(reply.text.includes(`"markets":[${compact(market)}]}`), reply.text);
    }
  });

  test("that hold books only are given the least of markets", async (t) => {
    const payloads = folderOf(t, { "a.json": `[${book("11", "1")},${book("12", "1")}]` });
    const venue = await aVenue(t, { payloads });
    const reply = await ask(`${venue.gammaUrl}/markets/keyset`);
    const [row] = JSON.parse(reply.text).markets;
    assert.equal(row.conditionId, "0xab");
    assert.deepEqual(JSON.parse(row.clobTokenIds), ["11", "12"]);
  });

  test("with several captures of a token show one each minute", async (t) => {
    const clock = handClock();
    const payloads = folderOf(t, { "1.json": book("11", "1"), "2.json": book("11", "2") });
    const venue = await aVenue(t, { payloads, clock });
    const size = (): string => JSON.parse(venue.truth.book("11")!).bids[0].size;
    assert.equal(size(), "1");
    clock.advance(60_000);
    assert.equal(size(), "2");
    clock.advance(600_000);
    assert.equal(size(), "2");
  });

  test("are refused by name when they hold nothing", async (t) => {
    const payloads = folderOf(t, { "a.json": "[]" });
    await assert.rejects(aVenue(t, { payloads }), /holds no .json file with books or markets/);
  });
});

suite("JSON as text", () => {
  test("is cut into elements where commas separate, not where strings hold them", () => {
    assert.deepEqual(slices('[1,"a,]",{"b":[2,3]},[]]'), ["1", '"a,]"', '{"b":[2,3]}', "[]"]);
    assert.deepEqual(slices("[]"), []);
    assert.deepEqual(slices('{"a":{"b":1},"c":2}'), ['"a":{"b":1}', '"c":2']);
  });

  test("is printed over lines as JSON.stringify does, and back", () => {
    const value = { a: [1, { b: "x, y: [z]" }, [], {}], c: "\n", d: null };
    const text = JSON.stringify(value);
    assert.equal(pretty(text), JSON.stringify(value, null, 2));
    assert.equal(compact(pretty(text)), text);
  });
});
