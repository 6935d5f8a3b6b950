/**
 * doctor before a Google Drive that goes wrong: each trouble is told from the others, and what to do about it.
 *
 * Method: the real rclone and its drive backend before the fake Drive.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { type TestContext, suite, test } from "node:test";
import { examine } from "../../../functions/doctor/examine.ts";
import { remoteCheck } from "../../../functions/doctor/remote.ts";
import { secrets } from "../../drive/login.ts";
import { type DriveRemote, aDrive } from "../../support/drive.ts";
import { virtualMachine } from "../../support/machine.ts";
import { aPatient, textOf } from "../../support/patient.ts";

async function aDriveToLookAt(
  t: TestContext,
): Promise<{ remote: DriveRemote; look(): Promise<string> } | undefined> {
  const [remote, patient] = [await aDrive(t), await aPatient(t)];
  if (remote === undefined || patient === undefined) return undefined;
  const { clock } = patient;
  // Time goes on between calls alone.
  const machine = virtualMachine({ clock, children: () => remote.children });
  const { files } = machine;
  const run = patient.run({ settings: remote.settings, files, children: machine.children([]) });
  return {
    remote,
    async look() {
      const found = textOf(await clock.runUntil(examine(run, [remoteCheck])));
      for (const secret of Object.values(secrets)) assert.ok(!found.includes(secret), found);
      return found;
    },
  };
}

// Each waits for rclone's own tries.
suite("doctor, before a Google Drive", { concurrency: true }, () => {
  test("that is well, leaves its canary in the trash and nothing else", async (t) => {
    const given = await aDriveToLookAt(t);
    if (given === undefined) return;
    const { remote, look } = given;

    assert.match(
      await look(),
      /^ok {2}rclone:gd:hourbook: a canary was written, listed, read back and deleted/,
    );
    assert.deepEqual([remote.there(), remote.drive.strange], [{}, []]);
  });

  for (const [kind, expected] of [
    [
      "full",
      /^problem {2}cannot write to rclone:gd:hourbook: .*storageQuotaExceeded.*fix: make room on the remote/,
    ],
    ["corrupt", /^problem {2}cannot write to rclone:gd:hourbook: .*corrupted on transfer/],
  ] as const) {
    test(`that is ${kind}, says so`, async (t) => {
      const given = await aDriveToLookAt(t);
      if (given === undefined) return;
      given.remote.drive.faults.plan({ kind });

      assert.match(await given.look(), expected);
      assert.deepEqual(given.remote.there(), {});
    });
  }

  test("that stores another byte than it says, is found by reading back, and its object stays", async (t) => {
    const given = await aDriveToLookAt(t);
    if (given === undefined) return;
    const { drive } = given.remote;
    // Between the listing and the reading back.
    const act = (): void => {
      for (const [path, objects] of drive.objects.files())
        if (path.includes("canary/"))
          for (const object of objects) object.content = Buffer.from("x");
    };
    drive.faults.plan({ kind: "meanwhile", on: ["read"], act });

    assert.match(await given.look(), /^problem .*comes back with other bytes/);
    assert.equal(Object.keys(given.remote.there()).length, 1);
  });

  test("that shows two objects of the canary's name, says so and deletes neither", async (t) => {
    const given = await aDriveToLookAt(t);
    if (given === undefined) return;
    const { objects, faults } = given.remote.drive;
    const act = (): void => {
      for (const [path, [first, ...others]] of objects.files())
        if (path.includes("canary/") && first !== undefined && others.length === 0)
          objects.add({ name: first.name, parents: first.parents, content: first.content });
    };
    faults.plan({ kind: "meanwhile", on: ["list"], act });

    assert.match(await given.look(), /^problem .*lists 2 objects named canary\/.*“Duplicates”/);
    const [twins] = Object.values(given.remote.there());
    assert.equal(twins?.length, 2);
  });

  test("whose listings lag, says that the canary is not listed, and uploads no second one", async (t) => {
    const given = await aDriveToLookAt(t);
    if (given === undefined) return;
    const { objects } = given.remote.drive;
    objects.isLagging = true;

    assert.match(
      await given.look(),
      /^problem .*was written and is not listed on rclone:gd:hourbook after 15 s/,
    );
    objects.catchUp();
    assert.deepEqual(
      Object.values(given.remote.there()).map((found) => found.length),
      [1],
    );
  });

  test("that does not know the refresh token any more, says how to log in again", async (t) => {
    const given = await aDriveToLookAt(t);
    if (given === undefined) return;
    const { config } = given.remote;
    const text = readFileSync(config, "utf8");
    writeFileSync(
      config,
      text.replace(secrets.refreshToken, "withdrawn").replace("2099-", "2020-"),
    );

    const found = await given.look();
    assert.match(
      found,
      /^problem {2}cannot (write to|list) rclone:gd:hourbook.*fix: rclone --config \S+ config reconnect gd:/,
    );
    assert.doesNotMatch(found, /withdrawn/);
  });
});
