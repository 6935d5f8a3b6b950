/** Data on stdout goes as fast as its reader takes it, and no further than it reads. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createOutput } from "../../runtime/output.ts";

const kilobyte = "x".repeat(1023) + "\n";

suite("output", () => {
  test("comes in large pieces, and all of it", async () => {
    const taken: Buffer[] = [];
    const output = createOutput({
      write(text, done) {
        taken.push(Buffer.from(text));
        done?.();
      },
    });
    for (let line = 0; line < 100; line += 1) assert.equal(await output.write(kilobyte), true);
    await output.end();
    assert.equal(Buffer.concat(taken).toString(), kilobyte.repeat(100));
    assert.equal(taken.length, 2);
  });

  test("waits for a reader that is behind", async () => {
    let goOn = (): void => {};
    const output = createOutput({ write: (_text, done) => (goOn = () => done?.()) });
    let isTaken = false;
    const written = output.write(kilobyte.repeat(64)).then(() => (isTaken = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isTaken, false);
    goOn();
    await written;
    assert.equal(isTaken, true);
  });

  test("says that its reader has gone, and writes no more", async () => {
    let writes = 0;
    const output = createOutput({
      write(_text, done) {
        writes += 1;
        done?.(new Error("EPIPE"));
      },
    });
    assert.equal(await output.write(kilobyte.repeat(64)), false);
    assert.equal(await output.write(kilobyte), false);
    await output.end();
    assert.equal(writes, 1);
  });
});
