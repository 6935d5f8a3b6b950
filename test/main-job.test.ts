/**
 * The main job by hand, as a stranger would do it: real processes, one after another, against a server that speaks
 * the venue's API; then the archive is held against what that server says it served.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { hourPaths } from "../functions/archive/layout.ts";
import { bookOf, rawOf } from "../functions/archive/lines.ts";
import { systemClock } from "../runtime/doors/clock.ts";
import { hourOf, iso } from "../runtime/time.ts";
import { temporaryFolder } from "./support/folder.ts";
import { startVenue, type Venue } from "./venue/venue.ts";

const root = join(import.meta.dirname, "..");
const hourMs = 3_600_000;

interface ByHand {
  folder: string;
  /** The result line of a function run by hand. */
  fn(name: string, ...flags: string[]): Promise<{ ok: boolean; result: Record<string, unknown> }>;
  /** Raw texts of the sealed hours, token → in poll order. */
  recorded(hours: readonly string[]): Map<string, string[]>;
}

function byHand(t: TestContext, venue: Venue): ByHand {
  const folder = temporaryFolder(t);
  const env = {
    PATH: process.env["PATH"],
    HOURBOOK_DATA: join(folder, "data"),
    HOURBOOK_REMOTE: `dir:${join(folder, "offsite")}`,
    HOURBOOK_COLLECTOR: "by-hand",
    HOURBOOK_GAMMA_URL: venue.gammaUrl,
    HOURBOOK_CLOB_URL: venue.clobUrl,
  };
  return {
    folder,
    async fn(name, ...flags) {
      const args = ["--import", "./runtime/guard.js", "runtime/fn.ts", name, "--json", ...flags];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
      return JSON.parse(stdout) as { ok: boolean; result: Record<string, unknown> };
    },
    recorded(hours) {
      const books = new Map<string, string[]>();
      for (const hour of new Set(hours)) {
        const { data } = hourPaths({ venue: "polymarket", stream: "books", hour }, "by-hand");
        const path = join(folder, "offsite", data);
        if (!existsSync(path)) continue;
        for (const line of gunzipSync(readFileSync(path)).toString().split("\n")) {
          const bytes = Buffer.from(line);
          const token = bookOf(bytes)?.token;
          if (token !== undefined)
            books.set(token, [...(books.get(token) ?? []), rawOf(bytes).toString()]);
        }
      }
      return books;
    },
  };
}

suite("the main job by hand", () => {
  test("loses nothing of what the server served", { timeout: 60_000 }, async (t) => {
    const venue = await startVenue({
      seed: 11,
      clock: systemClock,
      markets: 20,
      churn: 1,
      turnover: 0,
    });
    t.after(() => venue.close());
    const { fn, recorded } = byHand(t, venue);
    const firstHour = hourOf(Date.now());

    const found = await fn("discover", "--outcomes", "both", "--liquidity-min", "0");
    for (let poll = 0; poll < 10; poll += 1) assert.ok((await fn("snapshot-poll")).ok);
    const asOf = iso(Date.now() + 2 * hourMs);
    for (const name of ["seal-hour", "build-manifest", "offload", "gap-report"]) {
      assert.ok((await fn(name, "--as-of", asOf)).ok, name);
    }

    assert.ok(Number(found.result["watched"]) > 20);
    const books = recorded([firstHour, hourOf(Date.now())]);
    assert.ok(venue.served.tokens().length > 20);
    for (const token of venue.served.tokens()) {
      const served = venue.served.books(token).map(({ text }) => text ?? "");
      const changed = served.filter((text, at) => text !== served[at - 1]);
      // A poll that crossed the hour writes every book once more: the sequence of changes stays.
      const kept = (books.get(token) ?? []).filter((text, at, all) => text !== all[at - 1]);
      assert.deepEqual(kept, changed, `token ${token}`);
    }
  });

  test(
    "keeps captured books byte for byte, with the venue's own hash",
    { timeout: 60_000 },
    async (t) => {
      const payloads = temporaryFolder(t);
      mkdirSync(payloads, { recursive: true });
      const captured = Array.from({ length: 10 }, (_, at) => capturedBook(at));
      // As a person would save them: over many lines. The venue answers compact.
      writeFileSync(join(payloads, "books.json"), `[\n  ${captured.join(",\n  ")}\n]\n`);
      const venue = await startVenue({ seed: 1, clock: systemClock, payloads });
      t.after(() => venue.close());
      const { fn, recorded } = byHand(t, venue);
      const firstHour = hourOf(Date.now());

      await fn("discover", "--outcomes", "both", "--liquidity-min", "0");
      await fn("snapshot-poll");
      const asOf = iso(Date.now() + 2 * hourMs);
      for (const name of ["seal-hour", "build-manifest", "offload"])
        await fn(name, "--as-of", asOf);

      const texts = [...recorded([firstHour, hourOf(Date.now())]).values()].flat();
      assert.deepEqual(texts.toSorted(), captured.map(compact).toSorted());
      for (const text of texts) assert.equal(hashOf(text), /"hash":"(\w+)"/.exec(text)?.[1]);
    },
  );
});

/** A book with every number form and escape that a parser would change, and a correct hash. */
function capturedBook(at: number): string {
  const token = `${at + 1}`.padEnd(77, "7");
  const market = `0x${`${at + 1}`.padStart(64, "a")}`;
  const text = `{"market": "${market}", "asset_id": "${token}", "timestamp": "1778997825875", "hash": "", "bids": [{"price": "0.10", "size": "1e-2"}], "asks": [{"price": "0.90", "size": "12345678901234567890"}], "min_order_size": "5", "tick_size": "0.01", "neg_risk": false, "last_trade_price": "0.980", "note": "caf\\u00e9", "note": 1e-2, "big": 12345678901234567890, "padded": 0.10}`;
  return text.replace('"hash": ""', `"hash": "${hashOf(compact(text))}"`);
}

function compact(text: string): string {
  return text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
}

function hashOf(text: string): string {
  return createHash("sha1")
    .update(text.replace(/"hash":"\w*"/, '"hash":""'))
    .digest("hex");
}
