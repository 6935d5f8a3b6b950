/** A function is a file in a folder; one that is broken is named before anything runs. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { OperatorError } from "../../runtime/errors.ts";
import { headlineOf, listFunctions, loadFunctions } from "../../runtime/load.ts";
import { temporaryFolder } from "../support/folder.ts";

const sound =
  'export default { input: { type: "strict_object" }, settings: {}, run() {}, summary() {} };';

suite("loading", () => {
  test("takes each .ts file of the folder for a function of that name, and leaves its folders alone", async (t) => {
    const folder = temporaryFolder(t);
    for (const name of ["seal-hour.ts", "prune.ts"]) writeFileSync(join(folder, name), sound);
    writeFileSync(join(folder, "notes.md"), "no function");
    mkdirSync(join(folder, "archive"));
    writeFileSync(join(folder, "archive", "shared.ts"), "export const shared = 1;");

    assert.deepEqual([...(await loadFunctions(folder)).keys()], ["prune", "seal-hour"]);
    assert.deepEqual(await listFunctions(folder), ["prune", "seal-hour"]);
  });

  test("names every broken file, and why", async (t) => {
    const folder = temporaryFolder(t);
    const files = {
      "Bad.ts": sound,
      "empty.ts": "export {};",
      "foreign.ts":
        'export default { input: { type: "strict_object" }, settings: { PATH: {} }, run() {}, summary() {} };',
      "idle.ts": 'export default { input: { type: "strict_object" }, settings: {} };',
      "loose.ts":
        'export default { input: { type: "object" }, settings: {}, run() {}, summary() {} };',
      "mute.ts": 'export default { input: { type: "strict_object" }, settings: {}, run() {} };',
      "thrower.ts": 'throw new Error("no such luck");',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);

    await assert.rejects(loadFunctions(folder), (error) => {
      assert.ok(error instanceof OperatorError);
      assert.deepEqual([error.code, error.exit], ["BAD_FUNCTION", "configuration"]);
      assert.equal(error.message, `7 files in ${folder} cannot be loaded`);
      assert.deepEqual(error.details, [
        'functions/Bad.ts: name it in lower case, such as "seal-hour.ts"',
        "functions/empty.ts: it has no `export default defineFunction({ … })`",
        "functions/foreign.ts: its setting PATH does not begin with HOURBOOK_",
        "functions/idle.ts: its `run` is missing",
        "functions/loose.ts: its `input` is no v.strictObject",
        "functions/mute.ts: its `summary` is missing",
        "functions/thrower.ts: no such luck",
      ]);
      return true;
    });
  });
});

suite("a function's headline", () => {
  const headlines: [string, string, string][] = [
    [
      "is the first sentence of its head comment",
      "/**\n * a: does this. And that.\n */",
      "does this",
    ],
    [
      "may go over several lines",
      "/**\n * a: does this\n * and that.\n *\n * More.\n */",
      "does this and that",
    ],
    [
      "keeps dots inside",
      "/** a: reads e.g. schedules.json, v1.2 of it. More. */",
      "reads e.g. schedules.json, v1.2 of it",
    ],
    ["is empty without a comment", "export {};", ""],
  ];
  for (const [what, source, headline] of headlines) {
    test(what, async (t) => {
      const folder = temporaryFolder(t);
      writeFileSync(join(folder, "a.ts"), source);
      assert.equal(await headlineOf("a", folder), headline);
    });
  }
});
