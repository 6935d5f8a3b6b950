/** Many runs over a Drive on which everything goes wrong at once: the promise is that of every single fault. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { hasDrive } from "../support/drive.ts";
import { rotatingSeed } from "../support/seed.ts";
import { tryMix } from "./mixes.ts";

suite("whatever goes wrong on a Drive, and with whatever else,", () => {
  test("a file is gone here only while it is there, once, and in the end all of it is", async (t) => {
    if (hasDrive(t)) assert.deepEqual(await tryMix(t, rotatingSeed(t)), []);
  });
});
