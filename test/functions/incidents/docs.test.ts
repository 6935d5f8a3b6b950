/** docs/incidents.md is the runbook: a section for each kind of incident, and for no other. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { incidentKinds } from "../../../functions/incidents/codes.ts";

const page = join(import.meta.dirname, "../../../docs/incidents.md");

test("docs/incidents.md has a section for each kind of incident, and for no other", () => {
  const sections = [...readFileSync(page, "utf8").matchAll(/^## (.+)$/gm)].map(([, name]) => name);
  // What follows is held by test/error-codes.test.ts.
  assert.deepEqual(sections, [...Object.keys(incidentKinds), "Error codes"]);
});
