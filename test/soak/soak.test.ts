/**
 * A short soak in real time, which is its subject: stopped with Ctrl-C, gone on with, killed, gone on with to its end.
 * In .ci/run and with TEST_LONG=1 alone: it takes 20 seconds.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { judgeSoak } from "../../functions/readiness/judge-soak.ts";
import { parseSoak } from "../../functions/readiness/soak-evidence.ts";
import { temporaryFolder } from "../support/folder.ts";
import { isLong } from "../support/seed.ts";
import { type Recorded, readNotes } from "./records.ts";

const seconds = 6;
const isReal = isLong || process.env["TEST_REQUIRE"] === "1";
const why = "20 s of real time: TEST_LONG=1";

test(
  "a soak goes on after Ctrl-C and after kill -9, with every slot explained",
  { skip: isReal ? false : why },
  async (t) => {
    const folder = join(temporaryFolder(t), "soak");
    const notes = (kind: Recorded["kind"]): Recorded[] =>
      readNotes(join(folder, "samples.jsonl")).filter((note) => note.kind === kind);
    const soak = (): ChildProcess => {
      const args = ["test/soak/main.ts", "--minutes", String(seconds / 60), "--every", "1"];
      const child = spawn(process.execPath, [...args, "--folder", folder], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      t.after(() => {
        child.kill("SIGKILL");
        for (const note of notes("start")) if (note.kind === "start") endIfThere(note.pid, folder);
      });
      return child;
    };

    const first = soak();
    await sampled(notes, 30);
    first.kill("SIGINT");
    assert.deepEqual(await once(first, "exit"), [130, null]);
    assert.match(readFileSync(join(folder, "soak.md"), "utf8"), /Not decided/);

    const second = soak();
    await sampled(notes, notes("sample").length + 30);
    second.kill("SIGKILL");
    await once(second, "exit");

    const [code] = (await once(soak(), "exit")) as [number];
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
  },
);

async function sampled(notes: (kind: "sample") => unknown[], count: number): Promise<void> {
  while (notes("sample").length < count) await wait(50);
}

function endIfThere(pid: number, folder: string): void {
  try {
    if (readFileSync(`/proc/${pid}/environ`, "utf8").includes(folder)) process.kill(pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}
