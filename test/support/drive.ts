/** A remote for tests that is a Google Drive: the real rclone and its real drive backend, before a fake Drive. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Children, systemChildren } from "../../runtime/doors/children.ts";
import { type FakeDrive, startFakeDrive } from "../drive/fake-drive.ts";
import { clientId, secrets } from "../drive/login.ts";
import { hashesOf } from "../drive/objects.ts";
import { type Ending, temporaryFolder } from "./folder.ts";
import { settingsOf, type TestRemote } from "./remotes.ts";

export interface DriveRemote extends TestRemote {
  drive: FakeDrive;
  config: string;
  children: Children;
  /** Path there → the MD5 of each object of that path, as far as it is not in the trash. */
  there(): Record<string, string[]>;
}

export interface DriveOptions {
  /** The access token has run out, so the first call must be for another. */
  isExpired?: boolean;
  /** Lines for the remote's section of rclone's configuration. */
  config?: Record<string, string>;
}

/** `undefined` where rclone or openssl is missing and the test was skipped. */
export async function aDrive(
  t: TestContext,
  options: DriveOptions = {},
): Promise<DriveRemote | undefined> {
  return hasDrive(t) ? driveUntil(t, options) : undefined;
}

/** A data folder and a Drive of their own, both gone with what they are for. */
export async function driveUntil(end: Ending, options: DriveOptions = {}): Promise<DriveRemote> {
  const root = temporaryFolder(end);
  const dataFolder = join(root, "data");
  mkdirSync(dataFolder);
  const drive = await startFakeDrive(root);
  end.after(() => void drive.stop());
  const config = join(root, "rclone.conf");
  writeFileSync(config, configText(options), { mode: 0o600 });
  return {
    dataFolder,
    folder: "",
    drive,
    config,
    settings: driveSettings(config),
    children: impatientChildren(drive.env),
    there: () => thereOn(drive),
  };
}

/** The remote's folder on the fake Drive. */
export const driveFolder = "hourbook";

function configText({ isExpired = false, config = {} }: DriveOptions): string {
  const token = JSON.stringify({
    access_token: secrets.accessToken,
    token_type: "Bearer",
    refresh_token: secrets.refreshToken,
    expiry: isExpired ? "2020-01-01T00:00:00Z" : "2099-01-01T00:00:00Z",
  });
  const lines = {
    type: "drive",
    client_id: clientId,
    client_secret: secrets.clientSecret,
    scope: "drive.file",
    token,
    // Google wants about ten calls a second; the fake has all the time in the world.
    pacer_min_sleep: "1ms",
    ...config,
  };
  const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}\n`);
  return `[gd]\n${text.join("")}`;
}

/** What offload and prune are told of the remote. */
export function driveSettings(config: string): TestRemote["settings"] {
  return settingsOf(`rclone:gd:${driveFolder}`, config);
}

/** Runs rclone before a fake Drive, without its pace and with little of its patience. */
export function impatientChildren(env: Record<string, string> = {}): Children {
  const real = systemChildren(["rclone"]);
  return {
    run(command) {
      // The last word on a flag counts. Google's pace doubles the wait from one try to the next, from a second on.
      const args = [...command.args, "--tpslimit", "0", "--low-level-retries", "2"];
      return real.run({ ...command, args, env: { ...command.env, ...env } });
    },
  };
}

function thereOn({ objects }: FakeDrive): Record<string, string[]> {
  const own = [...objects.files()].filter(([path]) => path.startsWith(`${driveFolder}/`));
  return Object.fromEntries(
    own
      .map(([path, all]): [string, string[]] => [
        path.slice(driveFolder.length + 1),
        all.map(({ content }) => hashesOf(content).md5),
      ])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Skips the test, loudly, where rclone or openssl is missing; with TEST_REQUIRE=1 it fails instead. */
export function hasDrive(t: TestContext): boolean {
  const lacking = canDrive();
  if (lacking === undefined) return true;
  if (process.env["TEST_REQUIRE"] === "1") throw new Error(lacking);
  t.skip(lacking);
  return false;
}

/** What is missing, if something is. */
export function canDrive(): string | undefined {
  const missing = ["rclone", "openssl"].find((name) => spawnSync(name, ["version"]).status !== 0);
  return missing && `${missing} is not installed: apt-get install -y ${missing}`;
}
