/** The gate before a run's doors, with the real disk behind it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { gate } from "../../runtime/doors/gate.ts";
import { systemMachine } from "../../runtime/doors/machine.ts";
import { temporaryFolder } from "../support/folder.ts";

function aGate() {
  const machine = systemMachine("test");
  return gate({
    ...machine,
    http: machine.http([]),
    sockets: machine.sockets([]),
    children: machine.children([]),
  });
}

suite("a gate", () => {
  test("lets calls through to the doors, and what they hand out", async (t) => {
    const { doors } = aGate();
    const path = join(temporaryFolder(t), "a");
    const file = await doors.files.open(path, "append");
    await file.write(Buffer.from("text"));
    await file.close();

    assert.equal((await doors.files.read(path)).toString(), "text");
    assert.ok(doors.clock.now() > 0);
  });

  test("once shut refuses every call, and still takes back files and locks", async (t) => {
    const { doors, shut } = aGate();
    const folder = temporaryFolder(t);
    const file = await doors.files.open(join(folder, "a"), "append");
    const lock = await doors.files.lock(join(folder, "a.lock"));
    shut(() => new Error("given up"));

    await assert.rejects(file.write(Buffer.from("x")), /given up/);
    await assert.rejects(doors.files.list(folder), /given up/);
    await assert.rejects(
      doors.children.run({ program: "ls", args: [], signal: t.signal }),
      /given up/,
    );
    const request = {
      method: "GET",
      url: "http://localhost/",
      bytesMax: 1,
      signal: t.signal,
    } as const;
    await assert.rejects(doors.http.request(request), /given up/);
    assert.throws(() => doors.clock.after(1, () => {}), /given up/);
    assert.throws(() => doors.random(), /given up/);
    await file.close();
    await lock?.release();

    assert.ok(await aGate().doors.files.lock(join(folder, "a.lock")));
  });
});
