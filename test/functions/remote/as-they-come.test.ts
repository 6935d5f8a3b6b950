/**
 * A listing of any size must be read in bounded memory, so whoever takes its lines holds up whoever gives them.
 *
 * Method: a giver that counts how far ahead it could get.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { asTheyCome } from "../../../functions/remote/as-they-come.ts";

const { signal } = new AbortController();

suite("lines as they come", () => {
  test("are all there, in order, and never many ahead of whoever takes them", async () => {
    let given = 0;
    let aheadMax = 0;
    const taken: string[] = [];
    const lines = asTheyCome(signal, async ({ onOutputLine }) => {
      for (; given < 5_000; given += 1) await onOutputLine(`${given}`);
    });
    for await (const line of lines) {
      aheadMax = Math.max(aheadMax, given - taken.length);
      taken.push(line);
      if (taken.length % 500 === 0) await Promise.resolve();
    }
    assert.deepEqual(
      taken,
      Array.from({ length: 5_000 }, (_, at) => `${at}`),
    );
    assert.ok(aheadMax <= 2 * 256, `${aheadMax} ahead`);
  });

  test("end in what the giver throws, behind what it gave", async () => {
    const taken: string[] = [];
    await assert.rejects(async () => {
      const lines = asTheyCome(signal, async ({ onOutputLine }) => {
        await onOutputLine("a");
        throw new Error("the remote is gone");
      });
      for await (const line of lines) taken.push(line);
    }, /the remote is gone/);
    assert.deepEqual(taken, ["a"]);
  });

  test("do not hold up the giver for ever when nobody takes them any more, and end it", async () => {
    const { promise: done, resolve } = Promise.withResolvers<boolean>();
    const lines = asTheyCome(signal, async ({ onOutputLine, signal: left }) => {
      for (let at = 0; at < 5_000; at += 1) await onOutputLine(`${at}`);
      resolve(left.aborted);
    });
    for await (const line of lines) if (line === "3") break;
    assert.ok(await done);
  });
});
