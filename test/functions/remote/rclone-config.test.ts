/**
 * rclone's configuration: by path, or a credential of systemd, which rclone must be able to write to and must not
 * lose what it wrote.
 *
 * Method: real folders in the place of the two that systemd makes.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { findRcloneConfig } from "../../../functions/remote/rclone-config.ts";
import { readSettings } from "../../../runtime/settings.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { failure, settingsOf } from "../../support/remotes.ts";
import { aRun } from "../../support/run.ts";

const config = "[gd]\ntype = drive\n";

function aService(t: TestContext) {
  const root = temporaryFolder(t);
  const [credentials, runtime] = [join(root, "credentials"), join(root, "run")];
  for (const folder of [credentials, runtime]) mkdirSync(folder);
  const credential = join(credentials, "rclone.conf");
  writeFileSync(credential, config, { mode: 0o400 });
  const env = { CREDENTIALS_DIRECTORY: credentials, RUNTIME_DIRECTORY: `${runtime}:/run/other` };
  const find = (others = {}, own?: string) => {
    const { core } = readSettings({ ...env, ...others }, new Map());
    const run = aRun({ dataFolder: "/nowhere", settings: settingsOf("rclone:gd:x", own) });
    return findRcloneConfig({ ...run, settings: { ...run.settings, ...core } });
  };
  return { root, credential, runtime, find };
}

suite("a credential of systemd", () => {
  test("is copied into the first runtime folder, for this user alone", async (t) => {
    const { runtime, find } = aService(t);
    const before = process.umask(0);
    t.after(() => process.umask(before));

    const path = join(runtime, "rclone.conf");
    assert.deepEqual(await find(), { path, source: "credential" });

    assert.equal(readFileSync(path, "utf8"), config);
    for (const name of readdirSync(runtime)) {
      assert.equal(statSync(join(runtime, name)).mode & 0o777, 0o600, name);
      assert.doesNotMatch(name, /tmp/);
    }
  });

  test("is not copied over the token that rclone refreshed since", async (t) => {
    const { runtime, find } = aService(t);
    await find();
    const path = join(runtime, "rclone.conf");
    writeFileSync(path, `${config}token = newer\n`);

    await find();

    assert.equal(readFileSync(path, "utf8"), `${config}token = newer\n`);
  });

  test("is copied again once the credential itself is another", async (t) => {
    const { runtime, credential, find } = aService(t);
    await find();
    rmSync(credential);
    writeFileSync(credential, "[gd]\ntype = local\n");

    await find();

    assert.equal(readFileSync(join(runtime, "rclone.conf"), "utf8"), "[gd]\ntype = local\n");
  });

  test("is copied again if the copy is gone", async (t) => {
    const { runtime, find } = aService(t);
    await find();
    rmSync(join(runtime, "rclone.conf"));

    await find();

    assert.equal(readFileSync(join(runtime, "rclone.conf"), "utf8"), config);
  });

  test("is copied by two runs at once without either seeing half of it", async (t) => {
    const { runtime, find } = aService(t);

    await Promise.all(Array.from({ length: 20 }, () => find()));

    assert.equal(readFileSync(join(runtime, "rclone.conf"), "utf8"), config);
    assert.equal(readdirSync(runtime).length, 2);
  });

  test("without a runtime folder is refused with the line that the unit lacks", async (t) => {
    const { find } = aService(t);

    const error = await failure(find({ RUNTIME_DIRECTORY: "" }));

    assert.deepEqual([error.code, error.exit], ["REMOTE_CONFIG", "configuration"]);
    assert.match(error.next ?? "", /RuntimeDirectory=/);
  });

  test("gives way to HOURBOOK_RCLONE_CONFIG", async (t) => {
    const { root, find } = aService(t);
    const own = join(root, "own.conf");
    writeFileSync(own, config);

    assert.deepEqual(await find({}, own), { path: own, source: "setting" });
  });

  test("of other names than rclone.conf leaves rclone to look for itself", async (t) => {
    const { credential, find } = aService(t);
    rmSync(credential);

    assert.deepEqual(await find(), { path: undefined, source: "rclone" });
  });
});

test("HOURBOOK_RCLONE_CONFIG that is not there is refused by its path", async (t) => {
  const { root, find } = aService(t);

  const error = await failure(find({}, join(root, "none.conf")));

  assert.deepEqual([error.code, error.exit], ["REMOTE_CONFIG", "configuration"]);
  assert.match(error.message, /none\.conf/);
});
