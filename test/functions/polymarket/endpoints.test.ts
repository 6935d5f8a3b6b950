/** The list of what may be asked is short, and an address is taken only if it is plainly one. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as v from "valibot";
import {
  booksEndpoint,
  marketsEndpoint,
  venueSettings,
} from "../../../functions/polymarket/endpoints.ts";

const settingsSchema = v.object(venueSettings);

suite("the venue's endpoints", () => {
  test("are two public reads", () => {
    const settings = v.parse(settingsSchema, {});
    assert.deepEqual(
      [marketsEndpoint(settings), booksEndpoint(settings)],
      [
        { method: "GET", url: "https://gamma-api.polymarket.com/markets/keyset" },
        { method: "POST", url: "https://clob.polymarket.com/books" },
      ],
    );
    assert.equal(
      settings.HOURBOOK_STREAM_URL,
      "wss://ws-subscriptions-clob.polymarket.com/ws/market",
    );
  });

  test("can be moved, below a path too", () => {
    const settings = v.parse(settingsSchema, {
      HOURBOOK_GAMMA_URL: "http://127.0.0.1:8080/",
      HOURBOOK_CLOB_URL: "https://Proxy.example/clob/",
    });
    assert.equal(marketsEndpoint(settings).url, "http://127.0.0.1:8080/markets/keyset");
    assert.equal(booksEndpoint(settings).url, "https://proxy.example/clob/books");
  });

  for (const address of [
    "",
    "clob.example",
    "ftp://clob.example",
    "wss://clob.example",
    "https://key:s@clob.example",
    "https://clob.example?",
    "https://clob.example/?a=b",
    "https://clob.example/#x",
    "file:///etc",
  ]) {
    test(`refuse "${address}" as an address`, () => {
      const result = v.safeParse(settingsSchema, { HOURBOOK_CLOB_URL: address });
      assert.match(
        result.issues?.[0].message ?? "",
        /write an address such as "https:\/\/clob\.polymarket\.com" \(http or https/,
      );
    });
  }
});
