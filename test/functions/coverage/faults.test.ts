/**
 * Every hole that was made is reported, none is invented, and each has the cause that evidence can tell.
 *
 * Method: real daemons with the real functions on a disk in memory, a simulated venue over HTTP and a virtual clock, to
 * which everything happens that can, at random (test/gaps/). The truth is what was done to the recorder and what the
 * venue's own counters say that it served. In a process of its own, since node:test follows every promise. `npm test`
 * lives through some hours with another seed each time, `TEST_LONG=1` through 30 days.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { kinds } from "../../gaps/kinds.ts";
import { confusionTable, type Verdict } from "../../gaps/judge.ts";
import { isLong, rotatingSeed } from "../../support/seed.ts";

const main = join(import.meta.dirname, "../../gaps/main.ts");
const guard = join(import.meta.dirname, "../../../runtime/guard.js");
const sliceHours = 24;
const monthHours = 30 * 24;

suite("gap reports against injected faults", () => {
  test("find every hole, invent none, and name each cause that evidence tells", async (t) => {
    const hours = isLong ? monthHours : sliceHours;
    const args = [main, String(rotatingSeed(t)), String(hours)];
    t.diagnostic(`node test/gaps/main.ts ${args.slice(1).join(" ")}`);
    // Coverage counts each call, and these are millions.
    const { NODE_V8_COVERAGE: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", guard, ...args, "json"],
      { env, maxBuffer: 2 ** 30 },
    );
    const verdict = JSON.parse(stdout) as Verdict & { acts: Record<string, number> };
    const { holes, found, falseHoles, explainable, rightCause, wrong, acts } = verdict;
    for (const line of confusionTable(verdict).split("\n")) t.diagnostic(line);

    assert.deepEqual(
      wrong.slice(0, 20),
      [],
      `${wrong.length} token slots are not what they should be`,
    );
    assert.ok(holes > 100, "too little went wrong");
    assert.deepEqual(
      { found, falseHoles, rightCause },
      { found: holes, falseHoles: 0, rightCause: explainable },
    );
    const missing = kinds.filter(({ name }) => acts[name] === undefined);
    if (isLong) assert.deepEqual(missing, [], "kinds that never came up");
  });
});
