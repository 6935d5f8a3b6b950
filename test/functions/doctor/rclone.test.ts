/**
 * rclone's version and configuration: each fault that an operator can make there is found, and no value of it shown.
 *
 * Method: real configuration files. What needs another user or a read-only mount fails in the files door.
 */
import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { examine } from "../../../functions/doctor/examine.ts";
import { rcloneConfigCheck } from "../../../functions/doctor/rclone-config.ts";
import { judgeVersion, rcloneCheck } from "../../../functions/doctor/rclone-version.ts";
import { systemChildren } from "../../../runtime/doors/children.ts";
import type { Files } from "../../../runtime/doors/files.ts";
import { systemFiles } from "../../../runtime/doors/files.ts";
import { type Patient, aPatient, brokenFiles, textOf } from "../../support/patient.ts";
import { settingsOf } from "../../support/remotes.ts";
import { isRoot, strangerUid } from "../../support/root.ts";

const token = `{"access_token":"plantedaccess","refresh_token":"plantedrefresh","expiry":"2026-11-22T00:00:00Z"}`;
const own = `client_id = x.apps.googleusercontent.com\nclient_secret = plantedsecret\nscope = drive.file\n`;
const drive = `[gd]\ntype = drive\n${own}token = ${token}\n`;

async function aConfig(t: TestContext, text: string, mode = 0o600) {
  const patient = (await aPatient(t)) as Patient;
  const config = join(dirname(patient.dataFolder), "rclone.conf");
  writeFileSync(config, text);
  chmodSync(config, mode);
  const look = async (
    remote = "rclone:gd:hourbook",
    files: Files = systemFiles,
  ): Promise<string> => {
    const settings = settingsOf(remote, config);
    const found = textOf(await examine(patient.run({ settings, files }), [rcloneConfigCheck]));
    assert.doesNotMatch(found, /planted/);
    return found;
  };
  return { patient, config, look };
}

suite("rclone's configuration", () => {
  test("of a Google Drive as its docs page makes it is well, also under crypt", async (t) => {
    const { config, look } = await aConfig(
      t,
      `${drive}\n[secret]\ntype = crypt\nremote = gd:hourbook\npassword = plantedpass\n`,
    );
    const before = readFileSync(config);

    assert.match(await look(), /^ok .*rclone\.conf \(0600, by HOURBOOK_RCLONE_CONFIG\): drive /);
    assert.match(await look("rclone:secret:"), /^ok .*: crypt over drive /);
    assert.deepEqual(readFileSync(config), before);
  });

  const faults: [string, string, RegExp][] = [
    [
      "without a remote of that name",
      drive.replace("[gd]", "[other]"),
      /^problem .* has no remote of the name in rclone:gd:hourbook.*fix: rclone --config .*rclone\.conf listremotes/,
    ],
    [
      "that is encrypted",
      "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nabc\n",
      /^problem .* is encrypted, and nobody is there to type.*fix: rclone --config .* config, then s/,
    ],
    [
      "without a client of one's own",
      drive.replace(/client_id.*\n/, ""),
      /^warning .*\[gd\] has no client_id: rclone's shared one ends in 2026/,
    ],
    [
      "with a scope that reaches everything",
      drive.replace("drive.file", "drive"),
      /^warning .*\[gd\] has scope drive, which reaches everything.*fix: scope = drive\.file/,
    ],
    [
      "without a refresh token",
      drive.replace(/"refresh_token":"\w+",/, ""),
      /^problem .*\[gd\] has no refresh token.*fix: rclone --config .* config reconnect gd:/,
    ],
    ["without any token", `[gd]\ntype = drive\n${own}`, /^problem .*\[gd\] has no refresh token/],
    [
      "with half a token",
      `[gd]\ntype = drive\n${own}token = {"access_`,
      /^problem .*\[gd\] has no refresh token/,
    ],
    [
      "of a service account without a shared drive",
      "[gd]\ntype = drive\nservice_account_credentials = {}\n",
      /^problem .*owns no storage.*fix: set team_drive/,
    ],
    [
      "whose service account's file is not there",
      "[gd]\ntype = drive\nteam_drive = x\nservice_account_file = /nowhere.json\n",
      /^problem .*cannot read its service_account_file \/nowhere\.json/,
    ],
  ];
  for (const [what, text, expected] of faults) {
    test(what, async (t) => {
      const { look } = await aConfig(t, text);
      assert.match(await look(), expected);
    });
  }

  test("that others can read is a problem", async (t) => {
    const { look } = await aConfig(t, drive, 0o640);
    assert.match(await look(), /^problem .*\(0640\) can be read by other users.*fix: chmod 600/);
  });

  test("of another user is a warning", async (t) => {
    if (!isRoot(t)) return;
    const { config, look } = await aConfig(t, drive);
    chownSync(config, strangerUid, strangerUid);
    assert.match(
      await look(),
      /^warning .*belongs to another user than root.*fix: sudo chown root/,
    );
  });

  test("that is not there, or cannot be read, is a problem", async (t) => {
    const { config, look } = await aConfig(t, drive);
    const read = () => Promise.reject(new Error("EACCES: permission denied"));
    assert.match(
      await look(undefined, brokenFiles({ read })),
      /^problem {2}cannot read .*EACCES.*fix: sudo chown/,
    );
    rmSync(config);
    assert.match(
      await look(),
      /^problem {2}there is no rclone configuration at .*fix: rclone config --config/,
    );
  });

  test("that rclone cannot save a token in is a problem, with a token in it alone", async (t) => {
    const { config, look } = await aConfig(t, drive);
    const open: Files["open"] = (path, mode) =>
      mode === "read"
        ? systemFiles.open(path, mode)
        : Promise.reject(new Error("EROFS: read-only"));
    const files = brokenFiles({ open });

    assert.match(
      await look(undefined, files),
      /^problem {2}rclone cannot save a refreshed token.*EROFS.*fix: .*LoadCredential=rclone\.conf/,
    );
    writeFileSync(config, "[gd]\ntype = local\n");
    assert.match(await look(undefined, files), /^ok/);
  });

  test("that systemd hands over is looked at where it was copied to", async (t) => {
    const { patient, config } = await aConfig(t, drive);
    const folders = {
      credentialsFolder: dirname(config),
      runtimeFolder: join(patient.dataFolder, ".."),
    };
    const settings = { ...settingsOf("rclone:gd:hourbook"), ...folders };

    // Both folders are one here, so that the copy is the credential itself.
    const found = textOf(await examine(patient.run({ settings }), [rcloneConfigCheck]));
    assert.match(found, /^ok .*by systemd's credential/);
    assert.ok(existsSync(`${config}.of`));
  });
});

suite("rclone's version", () => {
  for (const [printed, expected] of [
    ["rclone v1.75.2-DEV\n- os/version: debian", /^ok {2}1\.75\.2-DEV/],
    ["rclone v2.0.0\n", /^ok {2}2\.0\.0/],
    [
      "rclone v1.60.1-DEV\n",
      /^warning {2}1\.60\.1-DEV works, with security holes .*; goes on trying when Drive is full; .*no SHA-256 from Drive.*fix: docs\/google-drive\.md/,
    ],
    [
      "rclone v1.69.1\n",
      /^warning {2}1\.69\.1 works, with security holes that were closed by 1\.75 {2}fix/,
    ],
    ["rclone v1.53.3\n", /^problem {2}1\.53\.3 is older than 1\.60/],
    ["something else\n", /^warning {2}it does not say its version: something else/],
  ] as const)
    test(`of ${printed.split("\n", 1)[0]}`, () =>
      assert.match(textOf([judgeVersion(printed)]), expected));

  test("is asked of the rclone on this machine, and only where one is needed", async (t) => {
    const patient = await aPatient(t, { kind: "rclone" });
    if (patient === undefined) return;
    const look = async (more = {}): Promise<string> =>
      textOf(await examine(patient.run(more), [rcloneCheck]));

    assert.match(await look(), /^(ok|warning) {2}\d+\.\d+/);
    assert.match(await look({ settings: settingsOf("dir:/offsite") }), /^ok {2}not needed/);
    const path = process.env["PATH"];
    process.env["PATH"] = "/nonexistent";
    t.after(() => (process.env["PATH"] = path));
    assert.match(
      await look({ children: systemChildren(["rclone"]) }),
      /^problem {2}rclone is not installed.*fix: apt-get install rclone/,
    );
  });
});
