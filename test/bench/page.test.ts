/** docs/benchmarks.md holds every bench's rows as `npm run bench` writes them; what it measures is not measured here. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { benches } from "./benches.ts";
import { benchmarksPage } from "./page.ts";
import { type Row, compared, ratioText } from "./rows.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/benchmarks.md"), "utf8");
const how = {
  command: "npm run bench",
  scale: 1,
  date: "2026-11-22",
  machine: "m",
  revision: "r",
  load: { before: 0.1, cores: 2 },
};
const show = (value: number): string => `${value} ms`;
const good = compared({ what: "CPU", ours: 5, theirs: 10, name: "a | b", show, goalMax: 1 });
const bad = compared({ what: "time", ours: 30, theirs: 10, name: "c", show, goalMax: 1.1 });

/** Bench → its table's rows, cell by cell. */
function tablesOf(text: string): Map<string, string[][]> {
  const sections = text.split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const lines = section.split("\n").filter((each) => each.startsWith("|"));
      const rows = lines.slice(2).map((each) =>
        each
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
      return [section.split("\n", 1)[0] ?? "", rows];
    }),
  );
}

suite("docs/benchmarks.md", () => {
  test("has every bench, in their order, and no other", () => {
    assert.deepEqual([...tablesOf(page).keys()], Object.keys(benches));
  });

  test("says of each what it measures, and has rows of it", () => {
    for (const [name, rows] of tablesOf(page)) {
      assert.ok(page.includes(benches[name]?.what.slice(1) ?? "?"), name);
      assert.ok(rows.length > 0, name);
      for (const row of rows) assert.equal(row.length, 6, row.join("|"));
    }
  });

  test("names the command, the date, the machine and each goal that was missed", () => {
    assert.match(page, /Made by `npm run bench[^`]*`/);
    assert.match(page, /^\d{4}-\d\d-\d\d, \d+ × .*Node \d+/m);
    const rows = [...tablesOf(page).values()].flat();
    const missed = rows.filter((row) => row[5] === "MISSED");
    const goals = rows.filter((row) => row[5] !== "");
    assert.match(
      page,
      new RegExp(`^${goals.length - missed.length} of ${goals.length} goals met`, "m"),
    );
    for (const row of missed)
      assert.match(page, new RegExp(`missed: .*${RegExp.escape(row[1] ?? "")}`));
  });
});

suite("a page of benchmarks", () => {
  test("has the ratio first, and keeps a name with a pipe in its cell", () => {
    const text = benchmarksPage([{ name: "x", what: "this", rows: [good, bad] }], how);
    assert.deepEqual(tablesOf(text).get("x"), [
      ["**0.5**", "CPU", "5 ms", "a \\| b: 10 ms", "<= 1.00", "met"],
      ["**3.00**", "time", "30 ms", "c: 10 ms", "<= 1.10", "MISSED"],
    ]);
    assert.match(text, /1 of 2 goals met; missed: time\./);
  });

  test("says at which size the large cases were", () => {
    const rows: Row[] = [good];
    const text = benchmarksPage([{ name: "x", what: "this", rows }], { ...how, scale: 0.1 });
    assert.match(text, /at 0\.1 of their size/);
  });

  test("says when others used the machine", () => {
    const busy = benchmarksPage([], { ...how, load: { before: 1.9, cores: 2 } });
    assert.match(busy, /load before it began was 1\.9 on 2 cores: others/);
    assert.doesNotMatch(benchmarksPage([], how), /others used/);
  });

  test("shows two digits that count", () => {
    assert.deepEqual([0.0123, 0.5, 1, 12.3].map(ratioText), ["0.012", "0.5", "1.00", "12"]);
  });
});
