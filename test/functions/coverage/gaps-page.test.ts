/** docs/gaps.md names every cause and every field: whoever adds one is told to explain it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { causes } from "../../../functions/archive/lines.ts";
import { dayReportSchema, hourStandings } from "../../../functions/coverage/day-schema.ts";
import { gapReportSchema } from "../../../functions/coverage/report.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/gaps.md"), "utf8");

suite("docs/gaps.md", () => {
  test("says of each cause whose it is and what it rests on", () => {
    assert.deepEqual(
      causes.filter((cause) => !page.includes(`\n| \`${cause}\` | `)),
      [],
    );
  });

  test("names each field of the JSON", () => {
    const fields = Object.entries({ ...gapReportSchema.entries, ...dayReportSchema.entries });
    const inner = fields.flatMap(([, schema]) =>
      "entries" in schema ? Object.keys(schema.entries) : [],
    );
    const names = [...fields.map(([name]) => name), ...inner];
    assert.deepEqual(
      [...names, ...hourStandings].filter((name) => !page.includes(`\`${name}\``)),
      [],
    );
  });
});
