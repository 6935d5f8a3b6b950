/**
 * The whole way of an archive: recorded, sealed, described, reported, offloaded, pruned, and brought back into an empty
 * folder, where it must be the same, byte for byte.
 *
 * Method: hours of books and journal on a grid of 10 minutes, written by the real hour log and the real functions, over
 * a folder as remote. Every day a few hours, from an hour that the seed chooses; with TEST_LONG=1 a month, 720 hours.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import restore from "../../functions/restore.ts";
import scrub from "../../functions/scrub.ts";
import verify from "../../functions/verify.ts";
import { dayMs, hourMs, hourOf, iso, minuteMs } from "../../runtime/time.ts";
import { contentsOf } from "../support/hours.ts";
import { onDisk } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";
import { isLong, rotatingSeed } from "../support/seed.ts";
import { aRecording } from "./coverage/recording.ts";

const hours = isLong ? 720 : 4;
const timeoutMs = isLong ? 60 * minuteMs : 1.5 * minuteMs;

suite(`an archive of ${hours} hours`, () => {
  test(
    "is the same after it was out, pruned and brought back",
    { timeout: timeoutMs },
    async (t) => {
      const firstMs = Date.parse("2026-03-01T00:00:00Z") + (rotatingSeed(t) % 24) * hourMs;
      const endMs = firstMs + hours * hourMs;
      const recording = await aRecording(t, { start: iso(firstMs - 5 * minuteMs).slice(0, 16) });
      const { dataFolder } = recording;
      const { settings } = onDisk(t);
      const run = (atMs: number) => aRun({ dataFolder, settings, now: iso(atMs) });
      const took: string[] = [];
      const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
        const startedAt = performance.now();
        const done = await work();
        took.push(`${what} ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
        return done;
      };

      await timed("recording", () => recording.polls(iso(firstMs), iso(endMs - 10 * minuteMs)));
      await timed("sealing", () => recording.seal(iso(endMs + 2 * minuteMs)));
      await timed("reports", async () => {
        while ((await recording.report(iso(endMs + 3 * minuteMs))).left > 0);
      });
      const before = contentsOf(join(dataFolder, "archive"));
      const reports = recording.finals();
      const sent = await timed("offload", () => call(offload, {}, run(endMs + 10 * minuteMs)));
      const uploads = contentsOf(join(dataFolder, "uploads"));
      const gone = await timed("prune", () =>
        call(prune, { keepDates: 0, allowSameDisk: true }, run(endMs + 2 * hourMs)),
      );
      rmSync(dataFolder, { recursive: true });
      const back = await timed("restore", () => call(restore, {}, run(endMs + dayMs)));

      assert.deepEqual(contentsOf(join(dataFolder, "archive")), before);
      assert.deepEqual(recording.finals(), reports);
      assert.deepEqual(contentsOf(join(dataFolder, "uploads")), uploads);
      // The newest hour of each stream is never pruned; the journal began an hour before the books.
      assert.equal(gone.hours, back.hours - 2);
      assert.ok(back.hours >= 2 * hours);
      const found = await timed("verify", () => call(verify, {}, run(endMs + dayMs)));
      assert.equal(found.findingsTotal, 0);
      const scrubbed = await timed("scrub", () => call(scrub, {}, run(endMs + dayMs)));
      assert.equal(scrubbed.files.same, scrubbed.objects);
      for (let at = firstMs; at < endMs - 2 * hourMs; at += isLong ? 30 * hourMs : hourMs)
        await recording.report(iso(endMs + 3 * minuteMs), { hour: hourOf(at) });
      assert.deepEqual(recording.finals(), reports);
      const bytes = `${back.files} files, ${back.bytes} B; sent ${sent.copied} files`;
      t.diagnostic(`${hours} hours: ${bytes}; ${took.join(", ")}`);
    },
  );
});
