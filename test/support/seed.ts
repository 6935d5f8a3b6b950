/** A seed that is another one at each run, so that a thousand runs look at a thousand cases; `TEST_SEED` repeats one. */
import type { TestContext } from "node:test";

export const isLong = process.env["TEST_LONG"] === "1";

export function rotatingSeed(t: TestContext): number {
  const given = process.env["TEST_SEED"];
  const seed = given === undefined ? Date.now() % 1_000_000 : Number(given);
  t.diagnostic(`to repeat: TEST_SEED=${seed}${isLong ? " TEST_LONG=1" : ""}`);
  return seed;
}
