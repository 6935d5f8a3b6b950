/** Asking for many books: where time runs short, it is not always the same tokens that go without. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { askBooks } from "../../../functions/polymarket/ask-books.ts";
import type { VenueClient } from "../../../functions/polymarket/request.ts";

const tokens = new Map(["1", "2", "3", "4"].map((token) => [token, `0x${token}`]));

/** A venue with time for so many requests. */
function clientWithTimeFor(requests: number, asked: string[]): VenueClient {
  return {
    async ask({ body = "" }) {
      const isInTime = asked.length < requests;
      if (isInTime) asked.push((JSON.parse(body) as { token_id: string }[])[0]?.token_id ?? "");
      const sent = "2026-11-22T15:00:00.000Z";
      const record = { sent, received: null, status: null, bytes: 0, attempts: 0 };
      return { isAnswered: false, cause: isInTime ? "venue-5xx" : "late", record, scraps: [] };
    },
  };
}

suite("asking for books", () => {
  for (const [turn, expected] of [
    [0, ["1", "2"]],
    [0.5, ["3", "4"]],
    [0.99, ["4", "1"]],
  ] as const) {
    test(`begins with batch ${expected[0]} where chance says ${turn}`, async () => {
      const asked: string[] = [];
      const harvest = await askBooks(clientWithTimeFor(2, asked), {
        url: "http://venue/books",
        tokens,
        suspects: new Set(),
        known: new Map(),
        batch: 1,
        concurrency: 1,
        turn,
        breathe: async () => {},
      });
      assert.deepEqual(asked, expected);
      assert.equal(harvest.missing.size, 4);
    });
  }
});
