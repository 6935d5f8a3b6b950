/** The virtual clock that the other tests and the demo rest on. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { gzip } from "node:zlib";
import { sleep } from "../../runtime/doors/clock.ts";
import { holdZlib } from "../support/hold-zlib.ts";
import { virtualClock } from "../support/virtual-clock.ts";

suite("a virtual clock", () => {
  test("passes from timer to timer, in order", async () => {
    const clock = virtualClock({ start: 1_000 });
    const seen: number[] = [];
    for (const ms of [300, 100, 200]) clock.after(ms, () => seen.push(clock.now()));
    clock.after(150, () => seen.push(0))();
    await clock.run(1_250);

    assert.deepEqual(seen, [1_100, 1_200]);
    assert.equal(clock.now(), 1_250);
  });

  test("stands still while a call is under way, and goes on when it is parked", async () => {
    const clock = virtualClock({ start: 0 });
    const hold = clock.hold("a call");
    const slept = sleep(clock, 1_000).then(() => clock.now());
    setTimeout(() => {
      assert.equal(clock.now(), 0);
      clock.park(hold.id);
    }, 5);

    assert.equal(await clock.runUntil(slept), 1_000);
  });

  test("stands still while something is compressed", async () => {
    const clock = virtualClock({ start: 0 });
    holdZlib(clock);
    clock.after(1, () => {});
    const zipped = new Promise<number>((resolve) =>
      gzip(Buffer.alloc(5_000_000), () => resolve(clock.now())),
    );

    assert.equal(await clock.runUntil(zipped), 0);
  });

  test("steps the wall clock without the monotonic one", async () => {
    const clock = virtualClock({ start: 1_000 });
    clock.step(-500);
    await clock.run(600);

    assert.equal(clock.monotonic(), 100);
  });

  test("says so when nothing can make it go on", async () => {
    const clock = virtualClock({ start: 0 });
    await assert.rejects(
      clock.runUntil(new Promise(() => {})),
      /time stands still: nothing is waited for/,
    );
  });
});
