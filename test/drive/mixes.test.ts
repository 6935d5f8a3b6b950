/**
 * Many runs over a Drive on which everything goes wrong at once, or killed in the middle: a few of them here, a slice
 * in `.ci/run` by `npm run test:drive`, all of them with TEST_LONG=1; and the proof that a loss would be found.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { hasDrive } from "../support/drive.ts";
import { isLong, rotatingSeed } from "../support/seed.ts";
import { aWorld, notThereOnce, runStep, wrongNow } from "./cycle.ts";
import { tryKill } from "./kills.ts";
import { hoursOf, tryMix } from "./mixes.ts";

suite(
  "on a Drive a file is gone here only while it is there, once, and in the end all of it is,",
  () => {
    test("whatever goes wrong, and with whatever else", async (t) => {
      if (hasDrive(t)) assert.deepEqual(await tryMix(t, rotatingSeed(t)), []);
    });

    test("wherever the process is killed", async (t) => {
      if (hasDrive(t)) assert.deepEqual((await tryKill(t, rotatingSeed(t))).findings, []);
    });

    test(
      "500 mixes and 200 kills",
      { skip: !isLong && "TEST_LONG=1", timeout: 7_200_000 },
      async (t) => {
        if (!hasDrive(t)) return;
        const main = join(import.meta.dirname, "main.ts");
        const child = spawn(process.execPath, [main], { stdio: ["ignore", "pipe", "inherit"] });
        child.stdout.on("data", (text: Buffer) => t.diagnostic(text.toString().trimEnd()));
        assert.deepEqual(await once(child, "close"), [0, null]);
      },
    );
  },
);

suite("the ledger of a Drive finds", () => {
  test("a file that is gone here, and altered, missing, or there twice", async (t) => {
    if (!hasDrive(t)) return;
    const world = await aWorld(t, hoursOf(false));
    const [path = ""] = world.ledger.keys();
    assert.equal(await runStep(world, "offload"), "ok");
    rmSync(join(world.dataFolder, "archive", path));
    const { objects } = world.drive;
    const [object] = objects.at(`hourbook/${path}`);
    assert.ok(object !== undefined);
    assert.deepEqual([...wrongNow(world), ...notThereOnce(world)], []);

    const { content } = object;
    object.content = Buffer.from("altered");
    assert.match(wrongNow(world).join(), /is gone, and there are 1 objects, 0 the same/);
    object.content = content;
    object.trashed = true;
    assert.match(wrongNow(world).join(), /there are 0 objects/);
    object.trashed = false;
    objects.add({ name: object.name, parents: object.parents, content });
    assert.match(wrongNow(world).join(), /there are 2 objects, 2 the same/);
    assert.match(notThereOnce(world).join(), /is there twice/);
  });
});
