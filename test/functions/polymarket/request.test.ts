/**
 * The one owner of retries decides how hard the venue is pressed and what each failure is called, so its bounds
 * are tested one by one.
 *
 * Method: a scripted door in the network's place, on a virtual clock. `null` in the script is a venue that never
 * answers.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { VenueRun } from "../../../functions/polymarket/attempt.ts";
import { attemptsMax, type Outcome, venueClient } from "../../../functions/polymarket/request.ts";
import { type Http, type HttpAnswer, HttpFailure } from "../../../runtime/doors/http.ts";
import { aRun } from "../../support/run.ts";
import { type VirtualClock, virtualClock } from "../../support/virtual-clock.ts";

const start = Date.parse("2026-11-22T15:00:00Z");
const question = {
  method: "POST",
  url: "https://clob.example/books",
  body: "[]",
  expects: "[",
} as const;

suite("asking", () => {
  test("brings the answer, its times and the headers worth keeping", async () => {
    const { client, clock } = asking([
      answer(200, "[1]", { date: "D", age: "3", "x-other": "no" }),
    ]);
    const outcome = await clock.runUntil(client.ask(question));
    assert.deepEqual(outcome.isAnswered && outcome.body.toString(), "[1]");
    assert.deepEqual(outcome.record, {
      sent: "2026-11-22T15:00:00.000Z",
      received: "2026-11-22T15:00:00.100Z",
      status: 200,
      bytes: 3,
      attempts: 1,
      headers: { date: "D", age: "3" },
    });
  });

  for (const status of [408, 425, 429, 500, 502, 503, 504, 520]) {
    test(`asks again after ${status}`, async () => {
      const { client, clock, sentAt } = asking([answer(status), answer(200, "[]")]);
      const outcome = await clock.runUntil(client.ask(question));
      assert.equal(outcome.isAnswered, true);
      assert.equal(sentAt.length, 2);
    });
  }

  for (const status of [400, 401, 403, 404, 422]) {
    test(`does not ask again after ${status}, and calls it venue-4xx`, async () => {
      const { client, clock, sentAt } = asking([
        answer(status, "<html>", { "content-type": "text/html" }),
      ]);
      assert.equal(causeOf(await clock.runUntil(client.ask(question))), "venue-4xx");
      assert.equal(sentAt.length, 1);
    });
  }

  const causes: [string, Script, string, { scrap?: string; attempts?: number }][] = [
    ["429", answer(429), "venue-429", {}],
    ["500", answer(500), "venue-5xx", {}],
    ["425", answer(425), "venue-4xx", {}],
    [
      "a 200 that says too many requests",
      answer(200, '{"error":"Too Many Requests"}'),
      "venue-429",
      {},
    ],
    ["a 200 with another error", answer(200, '{"error":"out of order"}'), "venue-5xx", {}],
    [
      "a page in place of JSON",
      answer(200, "[]", { "content-type": "text/html" }),
      "quarantined",
      { scrap: "content-type" },
    ],
    ["garbage", answer(200, "\u0000[{"), "quarantined", { scrap: "garbage" }],
    ["nothing at all", answer(200, ""), "quarantined", { scrap: "garbage" }],
    ["JSON that ends early", answer(200, '[{"a":1},{"b'), "quarantined", { scrap: "cut" }],
    ["a connection that breaks", new HttpFailure("network", "reset", {}), "network", {}],
    [
      "a connection that breaks halfway",
      new HttpFailure("network", "reset", { status: 200, partial: Buffer.from("[1,") }),
      "network",
      { scrap: "cut" },
    ],
    [
      "a redirect",
      new HttpFailure("redirect", "elsewhere", { status: 302 }),
      "network",
      { attempts: 1 },
    ],
    [
      "an answer over the bound",
      new HttpFailure("too-large", "more", { status: 200, partial: Buffer.from("[1,") }),
      "quarantined",
      { scrap: "too-large", attempts: 1 },
    ],
    ["silence", null, "venue-timeout", {}],
  ];
  for (const [what, scripted, cause, { scrap, attempts = attemptsMax }] of causes) {
    test(`calls ${what} ${cause}`, async () => {
      const { client, clock } = asking(Array.from({ length: attemptsMax }, () => scripted));
      const outcome = await clock.runUntil(client.ask(question));
      assert.equal(causeOf(outcome), cause);
      assert.equal(outcome.record.attempts, attempts);
      assert.deepEqual(
        [...new Set(outcome.scraps.map(({ reason }) => reason))],
        scrap === undefined ? [] : [scrap],
      );
      assert.ok(outcome.record.error);
    });
  }

  test("keeps what it could not understand even if the next answer is good", async () => {
    const { client, clock } = asking([answer(200, "garbage"), answer(200, "[]")]);
    const outcome = await clock.runUntil(client.ask(question));
    assert.equal(outcome.isAnswered, true);
    assert.deepEqual(
      outcome.scraps.map(({ bytes }) => bytes.toString()),
      ["garbage"],
    );
  });

  test("backs off longer each time, by chance between half and all of 0.5 s, 1 s, 2 s", async () => {
    for (const [chance, waits] of [
      [0, [350, 600, 1100]],
      [0.999_999, [600, 1100, 2100]],
    ] as const) {
      const { client, clock, sentAt } = asking(
        [answer(500), answer(500), answer(500), answer(500)],
        { chance },
      );
      await clock.runUntil(client.ask(question));
      const gaps = sentAt.slice(1).map((at, index) => Math.round(at - sentAt[index]!));
      assert.deepEqual(gaps, waits);
    }
  });

  for (const [form, value] of [
    ["seconds", "7"],
    ["a date", "Sun, 22 Nov 2026 15:00:07 GMT"],
  ] as const) {
    test(`waits as long as Retry-After says, in ${form}, and so do all other requests`, async () => {
      const { client, clock, sentAt } = asking([
        answer(429, "", { "retry-after": value }),
        answer(200, "[]"),
        answer(200, "[]"),
      ]);
      await clock.runUntil(
        Promise.all([client.ask(question), later(clock, 150, () => client.ask(question))]),
      );
      assert.equal(sentAt.length, 3);
      assert.ok(
        sentAt.slice(1).every((at) => at >= 7_000),
        String(sentAt),
      );
    });
  }

  test("gives up at once where Retry-After goes past the deadline, and asks nothing more", async () => {
    const { client, clock, sentAt } = asking([answer(429, "", { "retry-after": "31" })], {
      seconds: 30,
    });
    assert.equal(causeOf(await clock.runUntil(client.ask(question))), "venue-429");
    assert.equal(clock.monotonic(), 100);
    assert.equal(causeOf(await clock.runUntil(client.ask(question))), "venue-429");
    assert.deepEqual([clock.monotonic(), sentAt.length], [100, 1]);
  });

  test("never waits longer than a minute for the venue, however much time there is", async () => {
    const { client, clock, sentAt } = asking([answer(503, "", { "retry-after": "61" })], {
      seconds: 3_600,
    });
    assert.equal(causeOf(await clock.runUntil(client.ask(question))), "venue-5xx");
    assert.deepEqual([clock.monotonic(), sentAt.length], [100, 1]);
  });

  test("ignores a Retry-After that says nothing", async () => {
    const { client, clock, sentAt } = asking([
      answer(429, "", { "retry-after": "soon" }),
      answer(200, "[]"),
    ]);
    await clock.runUntil(client.ask(question));
    assert.ok(sentAt[1]! <= 600);
  });

  test("asks five times a second at most, whatever is asked for", async () => {
    const { client, clock, sentAt } = asking(Array.from({ length: 20 }, () => answer(200, "[]")));
    await clock.runUntil(Promise.all(Array.from({ length: 20 }, () => client.ask(question))));
    for (let at = 5; at < 20; at += 1) assert.ok(sentAt[at]! - sentAt[at - 5]! >= 1_000);
  });

  test("ends at its deadline, and keeps what had come by then", async () => {
    const { client, clock } = asking([{ partial: "[1," }], { seconds: 4 });
    const outcome = await clock.runUntil(client.ask(question));
    assert.equal(causeOf(outcome), "venue-timeout");
    assert.equal(clock.monotonic(), 4_000);
    assert.equal(outcome.scraps[0]?.bytes.toString(), "[1,");
  });

  test("does not begin what cannot be in time, and calls it late", async () => {
    const { client, clock, sentAt } = asking([answer(200, "[]")], { seconds: 0 });
    const outcome = await clock.runUntil(client.ask(question));
    assert.equal(causeOf(outcome), "late");
    assert.deepEqual(
      [sentAt.length, outcome.record.attempts, outcome.record.received],
      [0, 0, null],
    );
  });

  test("ends when the run is stopped, and does not blame the venue", async () => {
    const { client, clock, abort } = asking([null]);
    const asked = client.ask(question);
    clock.after(1_000, abort);
    assert.equal(causeOf(await clock.runUntil(asked)), "not-running");
    assert.equal(clock.monotonic(), 1_000);
  });

  test("does not mind a wall clock that jumps", async () => {
    const { client, clock } = asking([null, null, null, null], { seconds: 15 });
    clock.after(1_000, () => clock.step(-3_600_000));
    await clock.runUntil(client.ask(question));
    assert.ok(clock.monotonic() <= 15_000);
  });

  test("lets an error of its own house through", async () => {
    const { client, clock } = asking([new TypeError("a bug")]);
    await assert.rejects(clock.runUntil(client.ask(question)), /a bug/);
  });
});

/** An answer, no answer, an answer that stays unfinished, or a failure. */
type Script = HttpAnswer | null | { partial: string } | Error;

interface Asking {
  client: ReturnType<typeof venueClient>;
  clock: VirtualClock;
  /** Milliseconds since the start. */
  sentAt: number[];
  abort(): void;
}

function asking(script: Script[], { seconds = 60, chance = 0 } = {}): Asking {
  const clock = virtualClock({ start });
  const controller = new AbortController();
  const sentAt: number[] = [];
  const http: Http = {
    request({ signal }) {
      sentAt.push(clock.monotonic());
      const next = script.shift();
      return new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => {
          const seen =
            next !== null && next !== undefined && "partial" in next
              ? { status: 200, partial: Buffer.from(next.partial) }
              : {};
          reject(new HttpFailure("aborted", "given up", seen));
        });
        if (next === null || next === undefined) return;
        if ("status" in next && "body" in next) clock.after(100, () => resolve(next));
        else if (next instanceof Error) clock.after(100, () => reject(next));
      });
    },
  };
  const run: VenueRun = {
    clock,
    http,
    random: () => chance,
    signal: controller.signal,
    log: aRun({ dataFolder: "", settings: {}, clock }).log,
  };
  return {
    client: venueClient(run, start + seconds * 1_000),
    clock,
    sentAt,
    abort: () => controller.abort(new Error("stop")),
  };
}

function answer(status: number, body = "", headers: Record<string, string> = {}): HttpAnswer {
  return {
    status,
    body: Buffer.from(body),
    headers: { "content-type": "application/json", ...headers },
  };
}

function causeOf(outcome: Outcome): string {
  return outcome.isAnswered ? "answered" : outcome.cause;
}

function later<T>(clock: VirtualClock, ms: number, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    clock.after(ms, () => void work().then(resolve, reject));
  });
}
