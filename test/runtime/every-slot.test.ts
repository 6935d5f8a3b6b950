/**
 * Every slot of every function is explained by the journal, and none is run twice but for those marked `repeat`:
 * over a week of the schedule that ships, a day of a hostile one, and all days on which clocks change.
 *
 * Method: the whole runtime on a disk in memory and a virtual clock, held by a checker that knows only the journal's
 * lines and works the slots out from the calendar. In processes of their own: node:test follows every promise, which
 * takes longer than the runtime. `npm test` takes a slice with another seed each time, `TEST_LONG=1` the whole.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { promisify } from "node:util";
import { isLong, rotatingSeed } from "../support/seed.ts";
import type { Explained } from "../slots/explain.ts";

const main = join(import.meta.dirname, "../slots/main.ts");
const guard = join(import.meta.dirname, "../../runtime/guard.js");

async function explained(t: TestContext, scenario: string): Promise<Explained> {
  const args = [
    "--import",
    guard,
    main,
    scenario,
    String(rotatingSeed(t)),
    ...(isLong ? ["whole"] : []),
  ];
  t.diagnostic(`node test/slots/main.ts ${args.slice(3).join(" ")}`);
  // Coverage counts each call, and these are millions.
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 2 ** 30 });
  const found = JSON.parse(stdout) as Explained;
  const { twice, unexplained, ...counts } = found;
  t.diagnostic(JSON.stringify(counts));
  assert.deepEqual(twice.slice(0, 20), [], `${twice.length} slots run twice`);
  assert.deepEqual(unexplained.slice(0, 20), [], `${unexplained.length} slots unexplained`);
  return found;
}

suite("no slot is unexplained and none is run twice", { concurrency: true }, () => {
  test("in a week of the schedule that ships", async (t) => {
    const { skipped, missed, repeated } = await explained(t, "week");
    assert.ok(skipped > 0, "polls that take longer than 10 s make some");
    assert.equal(missed + repeated, 0);
  });

  test("in a day of a hostile schedule: steps, blocks, restarts", async (t) => {
    const { missed, repeated, whileDown } = await explained(t, "hostile");
    // A slice need not hold every kind of trouble; the whole day does.
    const kinds = [missed, repeated, whileDown].filter((count) => count > 0).length;
    assert.ok(kinds >= (isLong ? 3 : 1), "nothing went wrong on a hostile day");
  });

  test("on the days of 2026 to 2030 on which clocks change", async (t) => {
    const { skipped, missed, repeated, whileDown } = await explained(t, "clock-changes");
    assert.equal(skipped + missed + repeated + whileDown, 0);
  });
});
