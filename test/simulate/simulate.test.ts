/**
 * A slice of `npm run simulate`: another seed each time, printed so that it can be replayed. `npm run test:long` takes many
 * seeds and looks for the planted bugs.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bugs, hunt } from "./bugs.ts";
import { simulate } from "./simulate.ts";

const isLong = process.env["TEST_LONG"] === "1";
const seed = Math.floor(Date.now() / 1_000) % 1_000_000;
const long = isLong ? {} : { skip: "TEST_LONG=1" };

suite("a simulated deployment", () => {
  test("keeps every promise, whatever happens to it", async (t) => {
    const days = isLong ? 5 : 0.3;
    t.diagnostic(`npm run simulate -- --seed ${seed} --days ${days}`);
    const { findings, polls } = await simulate(seed, days);
    assert.deepEqual(findings, []);
    assert.ok(polls > 20, `${polls} polls`);
  });

  test("is the same again from the same seed", async () => {
    const [first, second] = [await simulate(7, 0.2), await simulate(7, 0.2)];
    assert.ok(first.polls > 20, `${first.polls} polls`);
    assert.deepEqual(first, second);
  });

  for (const bug of Object.keys(bugs)) {
    test(`finds it if ${bug}`, long, async (t) => {
      const { seeds, finding } = await hunt(bug, seed, 50, 2);
      t.diagnostic(`seed ${seed}, ${seeds} seeds: ${finding}`);
      assert.notEqual(seeds, undefined);
    });
  }
});
