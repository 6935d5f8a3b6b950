/**
 * Heavy work of one function does not make another late.
 *
 * Method: the real daemon with its real functions polls a simulated venue every second while it seals an hour that is
 * too large to be held in memory. The journal says how late each poll began.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import { heldRawBytesMax } from "../../functions/archive/regroup.ts";
import { systemClock } from "../../runtime/doors/clock.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import type { JournalLineOf } from "../../runtime/journal-lines.ts";
import { listJournalHours, readJournal } from "../../runtime/journal-read.ts";
import { record } from "../bench/archive-feed.ts";
import { temporaryFolder } from "../support/folder.ts";
import { isLong } from "../support/seed.ts";
import { startVenue } from "../venue/venue.ts";

const root = join(import.meta.dirname, "../..");
const schedules = {
  discover: { atStart: true },
  "snapshot-poll": { cron: "* * * * * *", timeout: "5s" },
  "seal-hour": { atStart: true },
};

suite("sealing a large hour", () => {
  test("makes no poll late", { timeout: 300_000 }, async (t) => {
    const folder = temporaryFolder(t);
    const dataFolder = join(folder, "data");
    const polls = isLong ? 360 : 40;
    const rawBytes = await record(dataFolder, { tokens: 1_000, polls, isCheap: true });
    assert.ok(rawBytes > heldRawBytesMax, `${rawBytes} B would be held in memory`);
    const venue = await startVenue({ clock: systemClock, seed: 3, markets: 20, churn: 1 });
    t.after(() => venue.close());
    writeFileSync(join(folder, "schedules.json"), JSON.stringify(schedules));
    const daemon = spawn(process.execPath, ["--import", "./runtime/guard.js", "runtime/main.ts"], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOURBOOK_DATA: dataFolder,
        HOURBOOK_COLLECTOR: "test",
        HOURBOOK_SCHEDULES: join(folder, "schedules.json"),
        HOURBOOK_GAMMA_URL: venue.gammaUrl,
        HOURBOOK_CLOB_URL: venue.clobUrl,
      },
    });
    t.after(() => daemon.kill("SIGKILL"));
    const exited = once(daemon, "exit");
    for await (const line of createInterface({ input: daemon.stderr }))
      if (/seal-hour (ok|failed)/.test(line)) break;
    daemon.kill("SIGTERM");
    await exited;

    const { seal, begun, lost } = await readBack(dataFolder);
    assert.equal(seal.outcome, "ok");
    const latenesses = begun.map(({ latenessMs }) => latenessMs).sort((a, b) => a - b);
    t.diagnostic(
      `${rawBytes} B sealed in ${seal.tookMs} ms; polls began ${latenesses.join(" ")} ms late`,
    );
    assert.ok(begun.length > 0, "no poll began meanwhile");
    // Half a second is what a machine that others use too may cost; a blocked loop costs slots.
    assert.ok((latenesses.at(-1) ?? 0) < 500, "a poll began late");
    assert.deepEqual(lost, []);
  });
});

async function readBack(dataFolder: string) {
  const place = { dataFolder, collector: "test" };
  const lines = await Array.fromAsync(
    readJournal(systemFiles, place, await listJournalHours(systemFiles, place)),
  );
  const seal = lines.find((line) => line.kind === "end" && line.function === "seal-hour");
  assert.ok(seal?.kind === "end");
  const from = Date.parse(seal.at) - seal.tookMs;
  const isDuring = ({ at }: { at: string }): boolean => Date.parse(at) >= from && at <= seal.at;
  const begun = lines.filter(
    (line): line is JournalLineOf<"begin"> =>
      line.kind === "begin" && line.function === "snapshot-poll" && isDuring(line),
  );
  // A poll that takes longer than a second on a busy machine is skipped next time, and not late.
  const lost = lines.filter((line) => line.kind === "missed");
  return { seal, begun, lost };
}
