/**
 * docs/add-a-function.md works: its function is loaded and scheduled, its test is run, and both are as short as
 * they are said to be.
 *
 * Method: the page's files are written into a copy of the project, made of links to everything else.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { headlineOf, loadFunctions } from "../runtime/load.ts";
import { readSchedules } from "../runtime/schedules.ts";
import { temporaryFolder } from "./support/folder.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/add-a-function.md"), "utf8");
const files = new Map(
  [...page.matchAll(/<!-- file: (\S+) -->\n\n```\w+\n([\s\S]*?)```/g)].map(
    ([, path = "", text = ""]) => [path, text],
  ),
);

function project(t: TestContext): string {
  const folder = temporaryFolder(t);
  for (const [path, text] of files) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  for (const path of ["runtime", "node_modules", "package.json", "test/support", "test/venue"])
    symlinkSync(join(root, path), join(folder, path));
  return folder;
}

suite("docs/add-a-function.md", () => {
  test("shows a function that the runtime loads, with a schedule that it takes", async (t) => {
    const folder = project(t);
    const functions = await loadFunctions(join(folder, "functions"));
    assert.deepEqual([...functions.keys()], ["room-left"]);
    const headline = await headlineOf("room-left", join(folder, "functions"));
    assert.equal(headline, "says how much room the disk of the data folder has left");
    const { entries } = readSchedules(files.get("schedules.json") ?? "", functions);
    assert.deepEqual(entries.get("room-left")?.input, { percentMin: 15 });
  });

  test("shows a test that passes", (t) => {
    const folder = project(t);
    const args = ["--test", "--test-reporter=tap", "test/functions/room-left.test.ts"];
    const env = { PATH: process.env["PATH"] };
    const output = execFileSync(process.execPath, args, { cwd: folder, env, encoding: "utf8" });
    assert.match(output, /# pass 1\n# fail 0/);
  });

  test("shows code in the project's own format", (t) => {
    const folder = project(t);
    const paths = [...files.keys()].filter((path) => path.endsWith(".ts"));
    const config = join(root, ".oxfmtrc.json");
    const bin = join(root, "node_modules/.bin/oxfmt");
    execFileSync(bin, ["--check", "-c", config, ...paths], { cwd: folder });
  });
});
