/** What every process of the product begins with. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { suite, test } from "node:test";

const guard = join(import.meta.dirname, "../../runtime/guard.js");

suite("the guard", () => {
  test("keeps the heap of young objects small, whatever comes and goes", () => {
    // Objects that live a while make V8 enlarge it; a part of them is let go again and again.
    const busy = `
      const { getHeapSpaceStatistics } = await import("node:v8");
      const kept = [];
      for (let at = 0; at < 2e6; at += 1) kept[at % 100_000] = { at, text: "x" + at };
      const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
      process.stdout.write(String(young.space_size));`;
    const sizeOf = (...flags: string[]): number =>
      Number(execFileSync(process.execPath, [...flags, "--input-type=module", "-e", busy]));

    const [guarded, without] = [sizeOf("--import", guard), sizeOf()];
    assert.ok(guarded * 4 <= without, `${guarded} and ${without} bytes`);
  });
});
