/**
 * Pings tell a health check how the runtime does: seldom, in nobody's way, and to that URL alone.
 *
 * Method: whole runtimes on a virtual clock ping a real server on the loopback; one that never answers parks the
 * clock's hold, so that time goes on while it is waited for.
 */
import assert from "node:assert/strict";
import { type TestContext, suite, test } from "node:test";
import type { Run } from "../../runtime/function.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { pingEndpoints, pingUrl } from "../../runtime/ping-url.ts";
import { createPings } from "../../runtime/pings.ts";
import { secondMs } from "../../runtime/time.ts";
import { type HealthCheck, healthCheck } from "../support/health-check.ts";
import { MemoryDisk } from "../support/memory-files.ts";
import { type House, aHouse } from "../support/runtime.ts";

const everyFive = { poll: { cron: "*/5 * * * * *" } };

interface Pinged {
  house: House;
  check: HealthCheck;
}

async function aPingedHouse(
  t: TestContext,
  poll: (run: Run) => Promise<object>,
  schedule: Parameters<typeof aHouse>[1]["schedule"] = everyFive,
): Promise<Pinged> {
  let park = (_hold: string): void => {};
  const check = await healthCheck(t, (hold) => park(hold));
  const house = aHouse(t, {
    start: "2026-11-22T15:00:00.500Z",
    functions: { poll, other: async () => ({}) },
    schedule,
    files: new MemoryDisk().process().files,
    observe(machine, log) {
      const { random } = machine;
      const tail = (): string[] => log.messages.slice(-2);
      return createPings({ machine, random, url: check.url, log, tail, name: "hourbook on test" });
    },
  });
  park = (hold) => house.clock.park(hold);
  return { house, check };
}

const suffixesOf = ({ pings }: HealthCheck): string[] => pings.map(({ suffix }) => suffix);
const fails = (): Promise<object> =>
  Promise.reject(new OperatorError("NO_BOOKS", { message: "not one of 12 books came" }));

suite("pings", () => {
  test("tell of the start, of the first success with the same id, and then once a minute", async (t) => {
    const { house, check } = await aPingedHouse(t, async () => ({ books: 12 }));
    const runtime = await house.start();
    await house.until("15:03:00");

    const [start, first, second] = check.pings;
    assert.deepEqual([start?.method, start?.suffix], ["POST", "/start"]);
    assert.match(
      start?.rid ?? "",
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    assert.deepEqual([first?.suffix, first?.rid], ["", start?.rid]);
    assert.match(first?.body ?? "", /^hourbook on test\npoll ok: \{"books":12\}\nrun 2026\S+$/);
    assert.deepEqual([second?.suffix, second?.rid], ["", null]);
    // 36 runs, and no more than five pings a minute would be taken.
    assert.equal(check.pings.length, 4);
    await house.stop(runtime);
    assert.equal(check.pings.at(-1)?.suffix, "/log");
    assert.equal(check.pings.at(-1)?.body, "hourbook on test: stopped with exit code 0: SIGTERM");
  });

  test("tell of the third failure in a row with the log's tail, and of the recovery", async (t) => {
    let isDown = false;
    const { house, check } = await aPingedHouse(t, () => (isDown ? fails() : Promise.resolve({})));
    await house.start();
    await house.until("15:00:30");
    isDown = true;
    await house.until("15:01:00");
    const failed = check.pings.at(-1);
    assert.equal(failed?.suffix, "/fail");
    assert.match(
      failed?.body ?? "",
      /^hourbook on test\npoll failed 3 times in a row: \[NO_BOOKS\] not one of 12 books came\nrun \S+\n\npoll failed/,
    );
    await house.until("15:05:00");
    assert.equal(suffixesOf(check).filter((suffix) => suffix === "/fail").length, 1);

    isDown = false;
    await house.until("15:05:06");
    assert.equal(check.pings.at(-1)?.suffix, "");
  });

  test("say nothing of two failures in a row, which the next slot mends", async (t) => {
    let runs = 0;
    const { house, check } = await aPingedHouse(t, () => {
      runs += 1;
      return runs % 3 === 0 ? Promise.resolve({}) : fails();
    });
    await house.start();
    await house.until("15:02:00");

    assert.ok(!suffixesOf(check).includes("/fail"));
  });

  test("go on being well once a failing function is disabled", async (t) => {
    const schedule = { ...everyFive, other: { cron: "*/10 * * * * *" } };
    const { house, check } = await aPingedHouse(t, fails, schedule);
    const runtime = await house.start();
    await house.until("15:02:00");
    assert.equal(check.pings.at(-1)?.suffix, "/fail");
    runtime.apply(house.schedules({ ...schedule, poll: { ...schedule.poll, enabled: false } }));
    await house.until("15:02:30");

    assert.equal(check.pings.at(-1)?.suffix, "");
  });

  test("that nobody answers delay no run, and the stop by 2 s at most", async (t) => {
    const { house, check } = await aPingedHouse(t, async () => ({}));
    check.answers = "never";
    const runtime = await house.start();
    await house.until("15:01:00.500");
    const before = house.clock.now();
    assert.equal(await house.stop(runtime), 0);

    const lateness = (await house.lines("begin")).map((line) => line.latenessMs);
    assert.deepEqual([lateness.length, Math.max(...lateness)], [12, 0]);
    assert.ok(house.clock.now() - before <= 2 * secondMs, `${house.clock.now() - before} ms`);
  });

  test("that are refused are said once, without the URL, and a failure is told again", async (t) => {
    const { house, check } = await aPingedHouse(t, fails);
    check.answers = 404;
    await house.start();
    await house.until("15:01:00");
    check.answers = 200;
    await house.until("15:03:00");

    const about = house.log.messages.filter((message) => message.includes("health check"));
    assert.deepEqual(about, [
      "the health check is not reached; recording goes on",
      "the health check is reached again",
    ]);
    assert.ok(!JSON.stringify(house.log).includes("secret"));
    assert.equal(suffixesOf(check).filter((suffix) => suffix === "/fail").length, 2);
  });

  test("of a runtime that ends by itself are failures", async (t) => {
    const deaf = (): Promise<object> => new Promise(() => {});
    const { house, check } = await aPingedHouse(t, deaf, {
      poll: { cron: "* * * * * *", timeoutMs: 1_000 },
    });
    const runtime = await house.start();
    await house.until("15:06:00");

    assert.equal(await house.clock.runUntil(runtime.done), 70);
    assert.equal(check.pings.at(-1)?.suffix, "/fail");
    assert.match(check.pings.at(-1)?.body ?? "", /exit code 70: stuck: poll does not end/);
  });
});

suite("a ping's address", () => {
  test("is the URL and its suffixes, with a query of its own", () => {
    const url = "https://hc-ping.com/key/slug/?create=1";
    assert.equal(pingUrl(url, "ok"), "https://hc-ping.com/key/slug?create=1");
    assert.equal(pingUrl(url, "fail", "r"), "https://hc-ping.com/key/slug/fail?create=1&rid=r");
    assert.deepEqual(
      pingEndpoints(url).map((endpoint) => `${endpoint.method} ${endpoint.url}`),
      ["", "/start", "/fail", "/log"].map((suffix) => `POST https://hc-ping.com/key/slug${suffix}`),
    );
  });

  test("is all that its door lets through", async (t) => {
    const check = await healthCheck(t);
    const { systemHttp } = await import("../../runtime/doors/http.ts");
    const http = systemHttp({ endpoints: pingEndpoints(check.url), userAgent: "hourbook-test" });
    const ask = (url: string, method: "GET" | "POST" = "POST"): Promise<unknown> =>
      http.request({ method, url, bytesMax: 1_000, signal: new AbortController().signal });
    for (const other of [`${check.url}/other`, `${check.url}x`, new URL("/", check.url).href])
      await assert.rejects(ask(other), { code: "READ_ONLY_FENCE" });
    await assert.rejects(ask(check.url, "GET"), { code: "READ_ONLY_FENCE" });
    await ask(check.url);
    assert.equal(check.pings.length, 1);
  });
});
