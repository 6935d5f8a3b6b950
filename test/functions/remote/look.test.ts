/**
 * Deleting rests on these looks, so each way in which a remote can be wrong is a test.
 *
 * Method: a remote that lists what the test says.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Artifact, type Look, lookAt, stillThere } from "../../../functions/remote/look.ts";
import type { Remote, RemoteFile } from "../../../functions/remote/remote.ts";
import { type Receipt, isProof, receiptAfter } from "../../../functions/remote/receipts.ts";

const artifact: Artifact = { path: "a/b", bytes: 9, sha256: "5".repeat(64), md5: "d".repeat(32) };
const same: RemoteFile = { path: "a/b", bytes: 9, md5: artifact.md5, sha256: artifact.sha256 };

function remoteWith(listed: RemoteFile[], read: Record<string, string> = {}): Remote {
  return {
    id: "test",
    spec: "rclone:test:",
    kind: "rclone",
    list: async () => structuredClone(listed),
    copy: () => assert.fail("a look copies nothing"),
    readBack: async () => new Map(Object.entries(read)),
    listAll: () => assert.fail("a look names its files"),
    fetch: () => assert.fail("a look brings nothing"),
    readRange: () => assert.fail("a look reads whole files"),
  };
}

async function look(
  listed: RemoteFile[],
  read?: Record<string, string>,
): Promise<Look | undefined> {
  return (await lookAt(remoteWith(listed, read), [artifact])).get("a/b");
}

suite("a look at a remote", () => {
  const cases: [string, RemoteFile[], Look["state"]][] = [
    ["finds the file the same by both hashes", [same], "same"],
    [
      "finds it the same by MD5 where SHA-256 is not known",
      [{ ...same, sha256: undefined }],
      "same",
    ],
    ["finds it the same by SHA-256 where MD5 is not known", [{ ...same, md5: undefined }], "same"],
    ["finds it absent", [], "absent"],
    ["finds another size", [{ ...same, bytes: 8 }], "different"],
    [
      "finds another MD5, although SHA-256 is equal",
      [{ ...same, md5: "e".repeat(32) }],
      "different",
    ],
    [
      "finds another SHA-256, although MD5 is equal",
      [{ ...same, sha256: "6".repeat(64) }],
      "different",
    ],
    ["finds two of one name, although both are equal", [same, { ...same, id: "2" }], "several"],
    ["ignores objects that were not asked for", [same, { ...same, path: "a/c" }], "same"],
  ];
  for (const [what, listed, state] of cases) {
    test(what, async () => assert.equal((await look(listed))?.state, state));
  }

  const unhashed: RemoteFile = { path: "a/b", bytes: 9 };

  test("reads back what has no hash there", async () => {
    const found = await look([unhashed], { "a/b": artifact.sha256 });
    assert.deepEqual([found?.state, found?.proof], ["same", "read-back"]);
    assert.equal((await look([unhashed], { "a/b": "6".repeat(64) }))?.state, "different");
  });

  test("proves nothing by size alone", async () => {
    assert.equal((await look([unhashed], {}))?.state, "unproven");
  });

  test("takes two objects of one name for none when it looks a second time", async () => {
    assert.deepEqual([...(await stillThere(remoteWith([same]), [artifact]))], ["a/b"]);
    assert.deepEqual([...(await stillThere(remoteWith([same, same]), [artifact]))], []);
    assert.deepEqual([...(await stillThere(remoteWith([{ ...same, bytes: 8 }]), [artifact]))], []);
  });
});

suite("a receipt", () => {
  const remote = { id: "test", spec: "rclone:test:" };
  const verified: Look = { state: "same", proof: "hash", seen: [{ ...same, id: "1" }] };
  const absent: Look = { state: "absent", seen: [] };
  const after = (
    looked: Look,
    now: number,
    before?: Receipt,
    isUploaded = false,
  ): Receipt | undefined =>
    receiptAfter(artifact, { remote, look: looked, before, isUploaded, now });

  test("keeps when it was first verified, until a look does not verify it", () => {
    const first = after(verified, 1_000, undefined, true);
    const second = after(verified, 2_000, first);
    const gone = after(absent, 3_000, second);
    const back = after(verified, 4_000, gone);

    assert.deepEqual(
      [second?.firstSeen, second?.lastSeen].map((time) => Date.parse(time ?? "")),
      [1_000, 2_000],
    );
    assert.deepEqual(
      [gone?.state, gone?.firstSeen, gone?.lastSeen],
      ["missing", undefined, undefined],
    );
    assert.equal(Date.parse(back?.firstSeen ?? ""), 4_000);
    assert.equal(Date.parse(back?.uploaded ?? ""), 1_000);
    assert.equal(first?.seen[0]?.id, "1");
  });

  test("of what came back otherwise is no proof, until it comes back right or is another object", () => {
    const fine = after(verified, 0);

    const damaged = after({ ...verified, state: "different", proof: "read-back" }, 1, fine);
    const listed = after(verified, 2, damaged);
    const right = after({ ...verified, proof: "read-back" }, 3, listed);
    const gone = after(absent, 3, listed);

    assert.deepEqual([damaged?.state, listed?.state], ["conflict", "conflict"]);
    assert.equal(listed?.damaged, "1970-01-01T00:00:00.001Z");
    assert.ok(!isProof(listed, artifact));
    assert.deepEqual([right?.state, right?.damaged], ["verified", undefined]);
    assert.equal(right?.readBack, "1970-01-01T00:00:00.003Z");
    assert.equal(after(verified, 4, gone)?.state, "verified");
  });

  test("is not given for what was neither sent nor seen", () => {
    assert.equal(after(absent, 1_000), undefined);
  });

  test("says unverified of what was sent and is not listed yet, even if it had been missing", () => {
    const gone = after(absent, 2_000, after(verified, 1_000));
    assert.equal(after(absent, 1_000, undefined, true)?.state, "uploaded-unverified");
    assert.equal(after(absent, 3_000, gone, true)?.state, "uploaded-unverified");
  });

  test("proves its own content only, and only while it is verified", () => {
    const receipt = after(verified, 1_000);
    assert.ok(isProof(receipt, artifact));
    assert.ok(!isProof(receipt, { ...artifact, sha256: "6".repeat(64) }));
    assert.ok(!isProof(after({ ...verified, state: "several" }, 1_000), artifact));
    assert.ok(!isProof(undefined, artifact));
  });
});
