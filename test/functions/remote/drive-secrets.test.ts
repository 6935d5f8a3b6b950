/**
 * The credentials of a Google account stay where they are: each test plants them in rclone's configuration, and looks
 * for them everywhere else.
 *
 * Method: the real commands in processes of their own and the real rclone, before a fake Drive that renews a token and
 * quotes it; every now and then the argument list of every process on this machine is read.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite } from "node:test";
import { gunzipSync } from "node:zlib";
import { secrets } from "../../drive/login.ts";
import { aDrive, type DriveRemote, driveFolder } from "../../support/drive.ts";
import { writeHour } from "../../support/hours.ts";
import { some } from "../../support/some.ts";

const root = join(import.meta.dirname, "../../..");
const planted = Object.values(secrets);

suite("a Google account's credentials", () => {
  const test = some(3);

  test("are in no output, log, journal, receipt, report or argument list", async (t) => {
    const remote = await aDrive(t, { isExpired: true });
    if (remote === undefined) return;
    const { dataFolder, drive, config } = remote;
    for (const hour of ["2026-11-20T10", "2026-11-21T10"]) writeHour(dataFolder, { hour });
    const commandLines = new Set<string>();
    let calls = 0;
    const act = (): void => {
      calls += 1;
      if (calls % 10 === 0) for (const list of argumentLists()) commandLines.add(list);
    };
    drive.faults.plan({ kind: "meanwhile", act });
    const said: string[] = [];

    for (const command of ["offload", "doctor"]) said.push(await type(remote, command));
    drive.faults.plan({ kind: "quote" });
    writeHour(dataFolder, { hour: "2026-11-22T10" });
    for (const command of ["offload", "doctor"]) said.push(await type(remote, command));

    assert.equal(drive.calls.token, 1);
    assert.match(readFileSync(config, "utf8"), new RegExp(secrets.renewedToken));
    assert.match(said[0] ?? "", /9 of 9 files verified/);
    assert.match(said[2] ?? "", /not for Bearer \(hidden\)/, "the Drive did quote it");
    for (const text of said) assertClean(text, text.slice(0, 200));
    const lists = [...commandLines].filter((list) => list.startsWith("rclone "));
    assert.ok(lists.some((list) => list.includes(config)));
    for (const list of commandLines) assertClean(list, "an argument list");
    const files = filesIn(join(config, "..")).filter((path) => path !== config);
    assert.ok(files.some((path) => path.includes("/receipts/")));
    assert.ok(files.some((path) => path.includes("/open/journal")));
    for (const path of files) assertClean(textOf(path), path);
  });
});

/** Types it as an operator would; returns all that it prints. */
async function type({ dataFolder, config, drive }: DriveRemote, name: string): Promise<string> {
  const script = join(root, "runtime/fn.ts");
  const child = spawn(process.execPath, [script, name], {
    env: {
      PATH: process.env["PATH"],
      ...drive.env,
      HOURBOOK_DATA: dataFolder,
      HOURBOOK_COLLECTOR: "vps-1",
      HOURBOOK_REMOTE: `rclone:gd:${driveFolder}`,
      HOURBOOK_RCLONE_CONFIG: config,
      HOURBOOK_LOG_LEVEL: "debug",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (piece: Buffer) => (said += piece.toString()));
  await once(child, "close");
  return said;
}

function argumentLists(): string[] {
  return globSync("/proc/[0-9]*/cmdline").flatMap((path) => {
    try {
      return [readFileSync(path, "utf8").replaceAll("\0", " ")];
    } catch {
      // It has just ended.
      return [];
    }
  });
}

function assertClean(text: string, where: string): void {
  for (const secret of planted) assert.ok(!text.includes(secret), `${secret} in ${where}`);
}

function filesIn(folder: string): string[] {
  const paths = globSync("**/*", { cwd: folder }).map((name) => join(folder, name));
  return paths.filter((path) => statSync(path).isFile());
}

function textOf(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
}
