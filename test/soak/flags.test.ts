/** What `npm run soak` takes and refuses, before a folder is made or a process is started. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { suite, test } from "node:test";
import { readFlags } from "./flags.ts";

suite("the flags of a soak", () => {
  test("say what is asked for, and nothing else", () => {
    assert.deepEqual(readFlags([]), { folder: resolve("soak"), plan: {} });
    assert.deepEqual(
      readFlags("--minutes 15 --folder /x --seed 7 --every 2 --live".split(" "))?.plan,
      { wantedHours: 0.25, seed: 7, everySeconds: 2, venue: "live" },
    );
    assert.equal(readFlags(["--help"]), undefined);
  });

  for (const every of ["120", "60", "59", "7", "0", "0.3", "-2", "", "two", "Infinity"])
    test(`refuse --every ${every}, which no cron line can say`, () => {
      assert.throws(() => readFlags([`--every=${every}`]), {
        message: /^--every must be whole seconds, 1 to 59, that divide 60, not .*\n.*\n {2}Next: /,
        exitCode: 64,
      });
    });

  for (const words of ["--hours Infinity", "--hours 721", "--hours 0", "--hours NaN", "--hours ="])
    test(`refuse ${words}`, () => {
      assert.throws(() => readFlags(words.split(" ")), { message: /^--hours must be a number/ });
    });

  test("refuse minutes without an end, and seeds that are no whole numbers", () => {
    assert.throws(() => readFlags(["--minutes", "1e999"]), { message: /no more than 43200/ });
    for (const seed of ["1.5", "0", "1e999"])
      assert.throws(() => readFlags(["--seed", seed]), { message: /^--seed must be a whole/ });
  });

  test("refuse hours beside minutes: which of them counts?", () => {
    assert.throws(() => readFlags("--hours 1 --minutes 5".split(" ")), {
      message: /--hours 1 and --minutes 5 cannot both be\n.*Nothing was started/,
      exitCode: 64,
    });
  });

  test("refuse what there is not, and say where all of them stand", () => {
    assert.throws(() => readFlags(["--hour", "1"]), { message: /--hour.*\n[^]*-- --help/ });
  });
});
