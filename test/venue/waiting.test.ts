/**
 * Answers that wait on purpose: by the given clock only, and telling the holder of `x-hold` when a wait
 * begins and ends, so that a virtual clock knows which requests only time can move on.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { suite, test, type TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Fault } from "./faults.ts";
import { aVenue, handClock, NOON, type HandClock } from "./support.ts";
import type { Venue } from "./venue.ts";

interface Waiting {
  venue: Venue;
  clock: HandClock;
  /** "park 7" and "unpark 7", in order. */
  seen: string[];
  /** Settles when the next of them comes. */
  next(): Promise<void>;
}

async function aWaitingVenue(t: TestContext, fault: Fault): Promise<Waiting> {
  const clock = handClock();
  const seen: string[] = [];
  let wake: (() => void) | undefined;
  const note = (what: string) => (hold: string) => {
    seen.push(`${what} ${hold}`);
    wake?.();
  };
  const venue = await aVenue(t, {
    clock,
    onPark: note("park"),
    onUnpark: note("unpark"),
    faults: [fault],
  });
  return {
    venue,
    clock,
    seen,
    next: () => new Promise((resolve) => (wake = resolve)),
  };
}

function get(venue: Venue): { answer: Promise<IncomingMessage>; hangUp(): void } {
  const sent = request(`${venue.clobUrl}/time`, { headers: { "x-hold": "7" }, agent: false });
  sent.on("error", () => {});
  sent.end();
  return {
    answer: once(sent, "response").then(([answer]) => answer as IncomingMessage),
    hangUp: () => sent.destroy(),
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  return (await answer.setEncoding("utf8").toArray()).join("");
}

suite("a wait on purpose", () => {
  test("slow: ends by the clock, unparks in that instant, and tells of the later moment", async (t) => {
    const { venue, clock, seen, next } = await aWaitingVenue(t, { kind: "slow", ms: 5_000 });
    const parked = next();
    const { answer } = get(venue);
    await parked;

    clock.advance(4_999);
    assert.deepEqual(seen, ["park 7"]);
    clock.advance(1);
    assert.deepEqual(seen, ["park 7", "unpark 7"]);
    assert.equal(await textOf(await answer), String((NOON + 5_000) / 1000));
  });

  test("hang: waits until the client hangs up, and sets no timer", async (t) => {
    const { venue, clock, seen, next } = await aWaitingVenue(t, { kind: "hang" });
    const parked = next();
    const { answer, hangUp } = get(venue);
    answer.catch(() => {});
    await parked;
    clock.advance(86_400_000);
    assert.deepEqual(seen, ["park 7"]);
    assert.equal(clock.pending, 0);

    const unparked = next();
    hangUp();
    await unparked;
    assert.deepEqual(seen, ["park 7", "unpark 7"]);
  });

  test("trickle: a byte at a time, parked between the bytes", async (t) => {
    const { venue, clock, seen, next } = await aWaitingVenue(t, { kind: "trickle", ms: 100 });
    const text = String(NOON / 1000);
    let parked = next();
    const { answer } = get(venue);
    for (let byte = 0; byte < text.length; byte += 1) {
      await parked;
      // Advancing unparks at once; the next wait parks a moment later.
      clock.advance(100);
      parked = next();
    }
    assert.equal(await textOf(await answer), text);
    assert.equal(seen.filter((what) => what === "park 7").length, text.length);
    assert.equal(venue.served.requests[0]!.whole, true);
  });

  test("stall: half the body, then nothing", async (t) => {
    const { venue, seen, next } = await aWaitingVenue(t, { kind: "stall" });
    const parked = next();
    const { answer, hangUp } = get(venue);
    await parked;
    const [half] = (await once((await answer).setEncoding("utf8"), "data")) as [string];
    assert.equal(half, String(NOON / 1000).slice(0, 5));
    const unparked = next();
    hangUp();
    await unparked;
    assert.deepEqual(seen, ["park 7", "unpark 7"]);
    await nextTurn();
    assert.equal(venue.served.count("clob", 200), 1);
    assert.equal(venue.served.requests[0]!.whole, false);
  });

  test("ends when the client gives up first, and leaves no timer behind", async (t) => {
    const { venue, clock, seen, next } = await aWaitingVenue(t, { kind: "slow" });
    const parked = next();
    const { answer, hangUp } = get(venue);
    answer.catch(() => {});
    await parked;
    const unparked = next();
    hangUp();
    await unparked;
    assert.deepEqual(seen, ["park 7", "unpark 7"]);
    assert.equal(clock.pending, 0);
  });

  test("ends when the venue closes", async (t) => {
    const { venue, seen, next } = await aWaitingVenue(t, { kind: "hang" });
    const parked = next();
    get(venue).answer.catch(() => {});
    await parked;
    const unparked = next();
    await venue.close();
    await unparked;
    assert.deepEqual(seen, ["park 7", "unpark 7"]);
  });
});
