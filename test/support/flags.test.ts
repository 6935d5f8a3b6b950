/** What npm runs beside the tests says what it takes; a number that is none would let it do nothing, and pass. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { suite, test } from "node:test";

const root = join(import.meta.dirname, "../..");

function run(main: string, ...args: string[]) {
  const command = ["--import", "./runtime/guard.js", main, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root });
  return { status, stdout: stdout.toString(), stderr: stderr.toString() };
}

suite("a long suite", () => {
  for (const name of ["simulate", "crash", "drive"]) {
    test(`says what it takes: ${name}`, () => {
      const { status, stdout } = run(`test/${name}/main.ts`, "--help");
      assert.equal(status, 0);
      assert.match(stdout, /^npm run .* -- \[flags\]\n {2}--se/);
    });
  }

  test("refuses a number that is none", () => {
    const { status, stderr } = run("test/simulate/main.ts", "--days", "all");
    assert.equal(status, 64);
    assert.match(stderr, /^--days must be a number above 0, not all\n\nnpm run simulate/);
  });

  test("refuses a flag that there is not", () => {
    const { status, stderr } = run("test/simulate/main.ts", "--day", "5");
    assert.equal(status, 64);
    assert.match(stderr, /'--day'[^]*\n\nnpm run simulate/);
  });
});
