/** The kit that new functions are tested with: everything that a run does is on record, and nothing is let through. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import * as v from "valibot";
import { sleep } from "../../runtime/doors/clock.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { defineFunction } from "../../runtime/function.ts";
import { tryFunction } from "./try-function.ts";

const url = "https://venue.example/time";

const asks = defineFunction({
  input: v.strictObject({ path: v.optional(v.string(), "/time") }),
  settings: { HOURBOOK_ZONE: v.optional(v.string(), "UTC") },
  endpoints: () => [{ method: "GET", url }],
  async run({ path }, run) {
    run.log.info({ slot: run.scheduledAt }, "asking");
    const { signal } = run;
    const request = {
      method: "GET",
      url: `https://venue.example${path}`,
      bytesMax: 99,
      signal,
    } as const;
    const { body } = await run.http.request(request);
    await sleep(run.clock, 1_500);
    const file = await run.files.open(join(run.settings.dataFolder, "time.txt"), "append");
    await file.write(body);
    await file.close();
    run.progress(1, 1, "answers");
    return { zone: run.settings.HOURBOOK_ZONE };
  },
  summary: ({ zone }) => `asked in ${zone}`,
});

suite("a try", () => {
  test("has the run on record: result, words, log, requests, files, time", async (t) => {
    const tried = await tryFunction(t, asks, {
      settings: { HOURBOOK_ZONE: "Berlin" },
      scheduledAt: "2026-11-22T16:10:00Z",
      answer: () => ({ body: Buffer.from("noon") }),
    });

    assert.deepEqual(tried.result, { zone: "Berlin" });
    assert.equal(tried.summary, "asked in Berlin");
    assert.deepEqual(tried.logged, [
      { level: "info", fields: { slot: Date.parse("2026-11-22T16:10:00Z") }, message: "asking" },
    ]);
    assert.deepEqual(
      tried.requests.map((request) => request.url),
      [url],
    );
    assert.deepEqual(tried.files, { "time.txt": "noon" });
    assert.deepEqual(tried.progress, [{ done: 1, total: 1, unit: "answers" }]);
    assert.equal(tried.tookMs, 1_500);
  });

  test("refuses what the function does not declare, as the real door does", async (t) => {
    const { failure } = await tryFunction(t, asks, {
      input: { path: "/orders" },
      answer: () => ({}),
    });
    assert.equal(failure?.code, "READ_ONLY_FENCE");
  });

  test("hands over a failure with its result, and lets a bug through", async (t) => {
    const failing = (thrown: Error): typeof asks => ({
      ...asks,
      async run() {
        throw thrown;
      },
    });
    const error = new OperatorError("LATE", { message: "too late", result: { zone: "UTC" } });
    const { failure, result } = await tryFunction(t, failing(error));
    assert.deepEqual([failure, result], [error, { zone: "UTC" }]);
    await assert.rejects(tryFunction(t, failing(new TypeError("a bug"))), { message: "a bug" });
    await assert.rejects(tryFunction(t, asks), { message: `nobody answers ${url} in this test` });
  });
});
