/** Editors check schedules.json by a file that is made of the functions; it must not lag behind them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { schedulesJsonSchema, schemaFile } from "../../runtime/schedules-schema.ts";

const functionsFolder = join(import.meta.dirname, "..", "support", "functions");

suite("runtime/schedules.schema.json", () => {
  test("is what the functions of today say; if not: npm run schema", async () => {
    assert.equal(readFileSync(schemaFile, "utf8"), await schedulesJsonSchema());
  });

  test("knows each function's input, with descriptions and defaults as a person writes them", async () => {
    const { properties } = JSON.parse(await schedulesJsonSchema(functionsFolder)) as {
      properties: Record<string, { description: string; properties: Record<string, any> }>;
    };

    assert.deepEqual(Object.keys(properties), ["$schema", "greet", "wave"]);
    assert.equal(properties["greet"]?.description, "greets somebody");
    assert.equal(properties["greet"]?.properties["timezone"].default, "UTC");
    assert.deepEqual(properties["greet"]?.properties["input"].properties.restAfter, {
      type: "string",
      title: "duration",
      pattern: String.raw`^(\d+(?:\.\d+)?)(ms|s|m|h|d)$`,
      default: "0s",
      description: "how long to rest then",
    });
    assert.deepEqual(properties["greet"]?.properties["input"].required, ["name"]);
  });
});
