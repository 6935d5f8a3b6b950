/** docs/data-quality.md has a section for each number of the report, and for no other. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { qualityReportSchema } from "../../../functions/quality/report.ts";

const page = join(import.meta.dirname, "../../../docs/data-quality.md");

// How many of the books the numbers rest on; the page's beginning tells.
const counts = new Set(["recorded", "checked"]);

test("docs/data-quality.md has a section for each number of the quality report, and for no other", () => {
  const { books, answers, bytes } = qualityReportSchema.entries;
  const measured = [books, answers, bytes].flatMap(({ entries }) => Object.keys(entries));
  const sections = [...readFileSync(page, "utf8").matchAll(/^### (\w+)$/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(new Set(sections), new Set(measured.filter((name) => !counts.has(name))));
});
