/** Which folders a soak takes: nothing of anybody's is overwritten, and no other soak is disturbed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { contentsOf } from "../support/hours.ts";
import { temporaryFolder } from "../support/folder.ts";
import { takeFolder } from "./folder.ts";
import type { Plan } from "./plan.ts";
import { appendNote } from "./records.ts";

/** A folder that a soak of these hours was begun in. */
async function begun(t: TestContext, asked: Partial<Plan> = {}): Promise<string> {
  const folder = join(temporaryFolder(t), "soak");
  await takeFolderElsewhere(folder, asked);
  return folder;
}

/** By a process that has ended, so that nobody holds it. */
async function takeFolderElsewhere(folder: string, asked: Partial<Plan>): Promise<void> {
  const code = `import { takeFolder } from "./test/soak/folder.ts"; await takeFolder(${JSON.stringify(folder)}, ${JSON.stringify(asked)});`;
  const [status] = (await once(
    spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" }),
    "exit",
  )) as [number];
  assert.equal(status, 0);
}

suite("a soak", () => {
  test("goes on with what its folder was begun with", async (t) => {
    const folder = await begun(t, { seed: 7, everySeconds: 2 });
    const before = contentsOf(folder);
    const plan = await takeFolder(folder, {});
    assert.deepEqual(plan, { seed: 7, venue: "simulated", everySeconds: 2, wantedHours: 24 });
    assert.deepEqual(contentsOf(folder), before, "nothing was written anew");
    assert.match(readFileSync(join(folder, "schedules.json"), "utf8"), /"\*\/2 \* \* \* \* \*"/);
  });

  test("begins in a folder where another died before it had a plan", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "plan.json.tmp"), '{"se');
    writeFileSync(join(folder, "soak.lock"), "");
    await takeFolder(folder, {});
    assert.ok(!readdirSync(folder).includes("plan.json.tmp"));
  });

  test("leaves a folder of other things as it is", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "schedules.json"), "mine");
    await assert.rejects(takeFolder(folder, {}), {
      message: /holds schedules\.json and no soak[^]*Nothing was started[^]*Next: npm run soak/,
      exitCode: 64,
    });
    assert.deepEqual(readdirSync(folder), ["schedules.json"]);
    assert.equal(readFileSync(join(folder, "schedules.json"), "utf8"), "mine");
  });

  test("does not begin anew over the samples of one whose plan is gone", async (t) => {
    const folder = await begun(t);
    appendNote(join(folder, "samples.jsonl"), 1, { kind: "watch" });
    rmSync(join(folder, "plan.json"));
    await assert.rejects(takeFolder(folder, {}), /samples of a soak, and no plan\.json[^]*put its/);
    assert.ok(!readdirSync(folder).includes("plan.json"));
  });

  for (const [what, text] of [
    ["torn", '{"seed":1,"ven'],
    ["empty", ""],
    ["of something else", '{"name":"a plan"}'],
    ["without an end", '{"seed":1,"venue":"live","everySeconds":null,"wantedHours":null}'],
    ["without a cadence", '{"seed":1,"venue":"live","everySeconds":0.3,"wantedHours":1}'],
  ] as const)
    test(`refuses a plan that is ${what}, and says what one looks like`, async (t) => {
      const folder = await begun(t);
      const path = join(folder, "plan.json");
      writeFileSync(path, text);
      await assert.rejects(takeFolder(folder, { seed: 7 }), (error: Error) => {
        assert.ok(error.message.startsWith(`${path} is not the plan of a soak: `), error.message);
        assert.match(error.message, /What was recorded beside it stays[^]*"seed":7/);
        return true;
      });
      assert.equal(readFileSync(path, "utf8"), text);
    });

  test("names the file where its schedules are damaged", async (t) => {
    const folder = await begun(t);
    writeFileSync(join(folder, "schedules.json"), "{");
    await assert.rejects(takeFolder(folder, {}), /schedules\.json is not what this soak was begun/);
  });

  test("is not begun in the folder of one under way, which goes on", async (t) => {
    const folder = join(temporaryFolder(t), "soak");
    await takeFolder(folder, {});
    await assert.rejects(takeFolder(folder, {}), {
      message: `another soak is at work in ${folder}\n  Nothing was started; that soak goes on.\n  Next: wait for it, end it with Ctrl-C, or give another --folder`,
      exitCode: 75,
    });
    appendNote(join(folder, "samples.jsonl"), 1, { kind: "watch", pid: 4711 });
    await assert.rejects(takeFolder(folder, {}), /\(pid 4711\)/);
  });
});

suite("a folder that is of no use", () => {
  test("is refused in words where a file is in its place, or on its way", async (t) => {
    const file = join(temporaryFolder(t), "file");
    writeFileSync(file, "");
    await assert.rejects(takeFolder(file, {}), {
      message: `${file} cannot be the folder of a soak: it is a file\n  Nothing was started.\n  Next: npm run soak -- --folder DIR, with one that you may write in`,
      exitCode: 78,
    });
    await assert.rejects(takeFolder(join(file, "below"), {}), /something on its way is a file/);
  });

  test("is refused in words where none can be made", { timeout: 5_000 }, async (t) => {
    if (process.platform !== "linux") return t.skip("needs /proc");
    await assert.rejects(takeFolder("/proc/soak/below", {}), /no folder can be made there/);
    return undefined;
  });

  test("is refused in words where its data can have none", async (t) => {
    const folder = await begun(t);
    rmSync(join(folder, "data"), { recursive: true });
    writeFileSync(join(folder, "data"), "");
    mkdirSync(join(folder, "other"));
    await assert.rejects(takeFolder(folder, {}), /cannot be the folder of a soak: .*is a file/);
  });
});
