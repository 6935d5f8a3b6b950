/**
 * audit-stream against a stream whose every change is known.
 *
 * Method: the simulated venue changes its books at times that its seed decides; what polling misses of them is counted
 * from those times alone, and the audit must come to the same, whatever befalls the socket.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import * as v from "valibot";
import type { AuditResult } from "../../functions/audit-stream.ts";
import { streamAuditSchema } from "../../functions/audit/report.ts";
import { minuteMs, secondMs } from "../../runtime/time.ts";
import { aRecorder, failureOf, type Recorder, type RecorderOptions } from "../support/recorder.ts";

const everyMs = 10 * secondMs;

interface Audited {
  recorder: Recorder;
  result: AuditResult;
}

async function audited(
  t: TestContext,
  options: RecorderOptions = {},
  input: object = {},
): Promise<Audited> {
  const recorder = await aRecorder(t, { markets: 20, churn: 0.9, ...options });
  await recorder.discover();
  const result = await recorder.audit({ listen: "5m", ...input });
  return { recorder, result };
}

/** From the venue's own times: of the changes between the first and the last poll, the share that none met. */
function truth({ recorder, result }: Audited): { changes: number; missed: number } {
  const [from, to] = [Date.parse(result.from), Date.parse(result.to)];
  const first = (Math.floor(from / everyMs) + 1) * everyMs;
  const last = first + (result.polls - 1) * everyMs;
  const { venue } = recorder;
  let [changes, seen] = [0, 0];
  for (const token of venue.truth.tokens()) {
    const all = venue.truth.changes(token, from, to);
    const met = new Set<number | undefined>();
    for (let poll = first; poll <= last; poll += everyMs) met.add(all.findLast((at) => at <= poll));
    const between = all.filter((at) => at >= first && at < last);
    changes += between.length;
    seen += between.filter((at) => met.has(at)).length;
  }
  return { changes, missed: 1 - seen / changes };
}

suite("audit-stream", () => {
  for (const streamSchema of ["new", "flat"] as const) {
    test(`finds the share of changes that polling misses to 1 %, in the ${streamSchema} schema`, async (t) => {
      const audit = await audited(t, { streamSchema });
      const { result } = audit;
      const { changes, missed } = truth(audit);
      assert.ok(changes > 500, `${changes} changes`);
      assert.ok(
        Math.abs((result.missed ?? 0) - missed) <= 0.01,
        `${result.missed}, truly ${missed}`,
      );
      assert.ok(
        Math.abs(result.changes / changes - 1) <= 0.01,
        `${result.changes}, truly ${changes}`,
      );
      assert.equal(result.tokens, 40);
      assert.equal(result.exact, result.compared, "every polled book is the stream's");
      assert.deepEqual([result.stale, result.untold, result.stream.losses], [0, 0, []]);
    });
  }

  test("says which cadence would see how much, and the line to edit", async (t) => {
    const { result, recorder } = await audited(t, { markets: 8 }, { target: 75 });
    const shares = result.cadences.map(({ seen }) => seen ?? 0);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => b - a),
      "the faster, the more",
    );
    const own = result.cadences.find((cadence) => cadence.everyMs === everyMs);
    assert.ok(Math.abs((own?.seen ?? 0) - (1 - (result.missed ?? 0))) < 0.05);
    const page = readFileSync(join(recorder.dataFolder, result.report), "utf8");
    const best = result.cadences.findLast(({ seen }) => (seen ?? 0) >= 0.75);
    assert.ok(best !== undefined && page.includes(`"snapshot-poll": { "cron": "${best.cron}" }`));
    const requests = result.cadences.map(({ requestsPerDay }) => requestsPerDay);
    assert.deepEqual(requests, [86_400, 43_200, 17_280, 8_640, 5_760, 2_880, 1_440]);
  });

  test("writes its report once, and keeps the frames as a stream", async (t) => {
    const { recorder, result } = await audited(t, { markets: 8 }, { listen: "2m" });
    const path = join(recorder.dataFolder, result.report);
    assert.match(
      readFileSync(path, "utf8"),
      /^# What polling missed: polymarket, .+\n\nAudited by/,
    );
    const json = JSON.parse(readFileSync(path.replace(/\.md$/, ".json"), "utf8")) as object;
    assert.equal(v.parse(streamAuditSchema, json).run, result.run);
    const lines = await recorder.lines("polymarket.frames");
    const { frames } = recorder.venue.served.stream;
    assert.equal(lines.filter(({ kind }) => kind === "frame").length, frames);
    assert.deepEqual(
      [lines.at(0), lines.at(-1)].map((line) => line?.kind),
      ["subscribed", "lost"],
    );
    assert.ok(lines.some(({ text }) => text.includes('"raw":{"market"')));
  });

  const faults = [
    ["a freeze, in which PONG goes on", "stream-freeze", "quiet"],
    ["a reset", "stream-reset", "closed"],
    ["garbage", "stream-garbage", "garbage"],
  ] as const;
  for (const [what, kind, why] of faults) {
    test(`survives ${what}, and counts nothing of the time that it did not hear`, async (t) => {
      const recorder = await aRecorder(t, { markets: 8, churn: 0.9 });
      await recorder.discover();
      recorder.venue.faults.inject({ kind, skip: 100, count: 1 });
      const result = await recorder.audit({ listen: "4m" });
      assert.deepEqual(
        result.stream.losses.map((loss) => loss.why),
        [why],
      );
      assert.equal(result.stream.connections, 2);
      assert.equal(result.exact, result.compared);
      assert.equal(result.untold, 0);
      const { missed } = truth({ recorder, result });
      assert.ok(
        Math.abs((result.missed ?? 0) - missed) <= 0.05,
        `${result.missed}, truly ${missed}`,
      );
      assert.ok(result.stream.heard > 0.5 && result.stream.heard < 1, `${result.stream.heard}`);
    });
  }

  test("shows a frame that never came as books that differ", async (t) => {
    const recorder = await aRecorder(t, { markets: 20, churn: 0.9 });
    await recorder.discover();
    recorder.venue.faults.inject({ kind: "stream-drop", skip: 100, count: 5 });
    const result = await recorder.audit({ listen: "5m" });
    assert.ok(result.exact < result.compared, `${result.exact} of ${result.compared}`);
    assert.deepEqual(result.stream.losses, []);
  });

  test("has no word on polls that brought no book", async (t) => {
    const recorder = await aRecorder(t, { markets: 20, churn: 0.9 });
    await recorder.discover();
    recorder.venue.faults.inject({ kind: "503", on: "books" });
    const result = await recorder.audit({ listen: "2m" });
    assert.deepEqual([result.compared, result.seen, result.missed], [0, 0, null]);
    assert.ok(
      result.cadences.every(({ seen }) => seen !== null),
      "the stream was heard",
    );
  });

  test("ends in time, and says so, where the stream is not to be had", async (t) => {
    const recorder = await aRecorder(t, { markets: 2 });
    await recorder.discover();
    recorder.venue.faults.inject({ kind: "stream-freeze" });
    const before = recorder.clock.now();
    const error = await failureOf(recorder.audit({ listen: "2m" }));
    assert.equal(error.code, "STREAM_UNHEARD");
    assert.match(error.details.join(), /silent|quiet/);
    assert.ok(recorder.clock.now() - before < 3 * minuteMs);
    assert.ok(!existsSync(join(recorder.dataFolder, "reports")));
  });

  test("listens no longer than its deadline leaves it", async (t) => {
    const recorder = await aRecorder(t, { markets: 2, churn: 0.9 });
    await recorder.discover();
    const result = await recorder.audit({ listen: "50m" }, { timeoutMs: 2 * minuteMs });
    assert.ok(Date.parse(result.to) - Date.parse(result.from) < 2 * minuteMs);
  });
});
