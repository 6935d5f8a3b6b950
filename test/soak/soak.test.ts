/**
 * A short soak in real time, which is its subject: stopped with Ctrl-C, gone on with, killed, gone on with to its end.
 * In .ci/run and with TEST_LONG=1 alone: it takes 20 seconds.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { judgeSoak } from "../../functions/readiness/judge-soak.ts";
import { parseSoak } from "../../functions/readiness/soak-evidence.ts";
import { temporaryFolder } from "../support/folder.ts";
import { contentsOf } from "../support/hours.ts";
import { isLong } from "../support/seed.ts";
import { type Soak, sampled, startSoak } from "./a-soak.ts";
import { revisionNow } from "./head.ts";

const seconds = 6;
const isReal = isLong || process.env["TEST_REQUIRE"] === "1";
const why = "20 s of real time: TEST_LONG=1";

test(
  "a soak goes on after Ctrl-C and after kill -9, with every slot explained",
  { skip: isReal ? false : why },
  async (t) => {
    const folder = join(temporaryFolder(t), "soak");
    const soak = (): Soak =>
      startSoak(t, folder, "--minutes", String(seconds / 60), "--every", "1");

    const first = soak();
    await sampled(folder, 30);
    first.process.kill("SIGINT");
    assert.equal(await first.ended(), 130);
    assert.match(readFileSync(join(folder, "soak.md"), "utf8"), /Not decided/);

    const second = soak();
    await sampled(folder, 30);
    second.process.kill("SIGKILL");
    await second.ended();

    const code = await soak().ended();
    const found = parseSoak(readFileSync(join(folder, "soak.json"), "utf8"));
    assert.ok(found !== undefined);
    assert.deepEqual(found.slots.examples, []);
    assert.ok(found.slots.ran >= 2, `${found.slots.ran} ran`);
    assert.equal(found.interruptions.length, 2);
    assert.ok(found.hours * 3_600 >= seconds - 0.5, `${found.hours} hours`);
    assert.equal(found.unexpectedExits, 0);
    assert.ok(found.coverage.reports >= 1 && found.coverage.tokenSlots > 0);
    assert.equal(found.coverage.missing["not-running"], undefined);
    // At a cadence of one second a fault may hold up the next poll: that is on record, and may be too much.
    assert.equal(code, judgeSoak(found).verdict === "missed" ? 65 : 0);
    assert.ok(existsSync(join(folder, "soak.svg")));
    assert.ok(found.software.revision.startsWith(revisionNow().split(" ", 1).join()));

    const before = contentsOf(folder);
    assert.equal(await soak().ended(), code, "once its hours are full it only shows its report");
    assert.deepEqual(contentsOf(folder), before);
  },
);
