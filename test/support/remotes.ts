/** Remotes for tests: a folder, and what the real rclone reaches through the test's own configuration. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import * as v from "valibot";
import { remoteSettings } from "../../functions/remote/settings.ts";
import { OperatorError } from "../../runtime/errors.ts";
import type { SettingsOf } from "../../runtime/function.ts";
import { type Ending, temporaryFolder } from "./folder.ts";

export type RemoteKind = "dir" | "rclone" | "crypt";

export interface TestRemote {
  dataFolder: string;
  /** Where the remote's objects lie on this disk; encrypted ones under other names. */
  folder: string;
  settings: SettingsOf<typeof remoteSettings>;
}

/** A data folder and a remote; `undefined` where rclone is needed and missing, and the test was skipped. */
export function aRemote(t: TestContext, kind: RemoteKind = "dir"): TestRemote | undefined {
  const root = temporaryFolder(t);
  const [dataFolder, folder] = [join(root, "data"), join(root, "offsite")];
  for (const made of [dataFolder, folder]) mkdirSync(made);
  if (kind === "dir") return { dataFolder, folder, settings: settingsOf(`dir:${folder}`) };
  if (!hasRclone(t)) return undefined;

  const config = join(root, "rclone.conf");
  const password = spawnSync("rclone", ["obscure", "for tests only"], {
    encoding: "utf8",
  }).stdout.trim();
  const plain = `[plain]\ntype = alias\nremote = ${folder}\n`;
  const crypt = `[crypt]\ntype = crypt\nremote = ${folder}\npassword = ${password}\n`;
  writeFileSync(config, `${plain}\n${crypt}`);
  const name = kind === "rclone" ? "plain" : "crypt";
  return { dataFolder, folder, settings: settingsOf(`rclone:${name}:`, config) };
}

/** As `aRemote`, and one more kind: a server that knows no hashes, `rclone serve webdav` on loopback. */
export async function anyRemote(
  t: TestContext,
  kind: RemoteKind | "webdav",
): Promise<TestRemote | undefined> {
  if (kind !== "webdav") return aRemote(t, kind);
  const remote = aRemote(t, "rclone");
  if (remote === undefined) return undefined;
  const url = await serveWebdav(t, remote.folder);
  const config = join(remote.folder, "..", "webdav.conf");
  writeFileSync(config, `[webdav]\ntype = webdav\nurl = ${url}\nvendor = other\n`);
  return { ...remote, settings: settingsOf("rclone:webdav:", config) };
}

/** Returns its address. What is changed in the folder meanwhile is seen at once. */
export async function serveWebdav(t: Ending, folder: string): Promise<string> {
  const args = ["serve", "webdav", folder, "--addr", "127.0.0.1:0", "--dir-cache-time", "0"];
  const server = spawn("rclone", [...args, "-v", "--config", "/dev/null"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(() => server.kill("SIGKILL"));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = "";
  // Read to its end: a full pipe would hold the server up, a closed one would end it.
  server.stderr.on("data", (piece: Buffer) => {
    if (said.length < saidCharsMax) said += piece.toString();
    const [url] = /http:\/\/127\.0\.0\.1:\d+\//.exec(said) ?? [];
    if (url !== undefined) resolve(url);
  });
  server.on("exit", () => reject(new Error(`rclone serve webdav did not start: ${said}`)));
  return promise;
}

const saidCharsMax = 10_000;

/** A remote that is a plain folder. */
export function onDisk(t: TestContext): TestRemote {
  return aRemote(t, "dir") as TestRemote;
}

/** What an operator is told when this fails. */
export async function failure(promise: Promise<unknown>): Promise<OperatorError> {
  const error: unknown = await promise.then(
    () => assert.fail("it succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OperatorError, String(error));
  return error;
}

/** Skips the test, loudly, where rclone is missing; with TEST_REQUIRE=1 it fails instead. */
export function hasRclone(t: TestContext): boolean {
  if (spawnSync("rclone", ["version"]).status === 0) return true;
  const message = "rclone is not installed: apt-get install -y rclone";
  if (process.env["TEST_REQUIRE"] === "1") throw new Error(message);
  t.skip(message);
  return false;
}

export function settingsOf(remote: string, config?: string): SettingsOf<typeof remoteSettings> {
  return {
    HOURBOOK_REMOTE: v.parse(remoteSettings.HOURBOOK_REMOTE, remote),
    HOURBOOK_RCLONE_CONFIG: v.parse(remoteSettings.HOURBOOK_RCLONE_CONFIG, config),
  };
}
