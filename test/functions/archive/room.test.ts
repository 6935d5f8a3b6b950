/** When polling stops for want of room, and when it goes on. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fitMarks, judgeRoom } from "../../../functions/archive/room.ts";

const marks = { stopBytes: 100, warnBytes: 1_000 };

suite("room to record", () => {
  test("stops below the mark and goes on at twice as much only", () => {
    assert.equal(judgeRoom(99, marks, "enough"), "stopped");
    assert.equal(judgeRoom(150, marks, "stopped"), "stopped");
    assert.equal(judgeRoom(200, marks, "stopped"), "low");
    assert.equal(judgeRoom(2_000, marks, "low"), "enough");
  });

  test("asks a small disk for a share of it, so that an empty one can record", () => {
    assert.deepEqual(fitMarks(marks, 1_000), { stopBytes: 50, warnBytes: 100 });
    assert.deepEqual(fitMarks(marks, 1_000_000), marks);
  });
});
