/**
 * Planted credentials appear nowhere: not in what is printed, logged or journalled, nor in an argument list or a file
 * of the data folder.
 *
 * Method: the real rclone before servers on this machine that quote what they were sent, as some do. rclone prints
 * their answer, so the secrets do come out of it; what becomes of them is read everywhere.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { rcloneOf } from "../../functions/remote/rclone-process.ts";
import type { Command } from "../../runtime/doors/children.ts";
import { systemChildren } from "../../runtime/doors/children.ts";
import { systemMachine } from "../../runtime/doors/machine.ts";
import { fn } from "../../runtime/fn.ts";
import { temporaryFolder } from "../support/folder.ts";
import { writeHour } from "../support/hours.ts";
import { hasRclone, settingsOf } from "../support/remotes.ts";
import { aRun } from "../support/run.ts";

const secret = "plantedbearer";

async function aServer(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A WebDAV that refuses, and says whom. */
function aTalkativeServer(t: TestContext): Promise<string> {
  return aServer(t, ({ headers }, response) => {
    const message = `<s:message>not for ${headers.authorization}</s:message>`;
    response.writeHead(403, { "content-type": "application/xml" });
    response.end(
      `<d:error xmlns:d="DAV:" xmlns:s="s"><s:exception>No</s:exception>${message}</d:error>`,
    );
  });
}

// Each waits for rclone, which waits for its server.
suite("planted credentials", { concurrency: true }, () => {
  test("come out of rclone itself, or this suite would show nothing", async (t) => {
    if (!hasRclone(t)) return;
    const url = await aTalkativeServer(t);
    const config = join(temporaryFolder(t), "rclone.conf");
    writeFileSync(config, `[dav]\ntype = webdav\nurl = ${url}\nbearer_token = ${secret}\n`);
    const children = systemChildren(["rclone"]);
    const args = ["--config", config, "lsf", "dav:"];

    const { stderr } = await children.run({ program: "rclone", args, signal: t.signal });

    assert.match(stderr, /not for Bearer plantedbearer/);
  });

  test("are in no output, log, journal, file or argument list of an offload that fails", async (t) => {
    if (!hasRclone(t)) return;
    const url = await aTalkativeServer(t);
    const folder = temporaryFolder(t);
    const [config, data] = [join(folder, "rclone.conf"), join(folder, "data")];
    writeFileSync(config, `[dav]\ntype = webdav\nurl = ${url}\nbearer_token = ${secret}\n`);
    writeHour(data, { hour: "2026-11-22T10" });
    const printed: string[] = [];
    const commands: Command[] = [];
    const machine = systemMachine("hourbook-test");
    const listening = {
      ...machine,
      children: (programs: readonly string[]) => ({
        run(command: Command) {
          commands.push(command);
          return machine.children(programs).run(command);
        },
      }),
    };
    const sink = { write: (text: string | Uint8Array) => void printed.push(String(text)) };
    const env = {
      HOURBOOK_DATA: data,
      HOURBOOK_COLLECTOR: "vps-1",
      HOURBOOK_REMOTE: "rclone:dav:hourbook",
      HOURBOOK_RCLONE_CONFIG: config,
      HOURBOOK_LOG_LEVEL: "debug",
    };
    const type = (args: string[], more = {}): Promise<number> =>
      fn({
        args,
        env: { ...env, ...more },
        machine: listening,
        stdout: sink,
        stderr: sink,
        signal: t.signal,
      });

    assert.equal(await type(["offload"], { HOURBOOK_LOG_FILE: join(folder, "log") }), 69);
    assert.equal(await type(["offload", "--json"]), 69);

    const said = printed.join("");
    assert.match(said, /not for Bearer \(hidden\)/);
    assert.ok(!said.includes(secret), said);
    for (const path of filesIn(folder).filter((found) => found !== config))
      assert.ok(!textOf(path).includes(secret), path);
    assert.match(textsBelow(data, "open"), /REMOTE_UNREACHABLE/);
    assert.match(readFileSync(join(folder, "log"), "utf8"), /not for Bearer \(hidden\)/);
    assert.ok(commands.length > 0);
    assert.ok(
      !JSON.stringify(commands.map(({ args, env: given }) => [args, given])).includes(secret),
    );
  });

  test("of a Google account are hidden where its token server quotes a refresh", async (t) => {
    if (!hasRclone(t)) return;
    const url = await aServer(t, async (request, response) => {
      const body = await Array.fromAsync(request as AsyncIterable<Buffer>);
      response
        .writeHead(400)
        .end(`{"error":"invalid_grant","of":"${Buffer.concat(body).toString()}"}`);
    });
    const token = {
      access_token: "plantedaccess",
      refresh_token: "planted/refresh",
      expiry: "2020-01-01T00:00:00Z",
    };
    const config = join(temporaryFolder(t), "rclone.conf");
    const lines = [
      "[gd]\ntype = drive\nclient_id = x\nclient_secret = plantedclient\npacer_min_sleep = 1ms",
      `token = ${JSON.stringify(token)}\ntoken_url = ${url}\nauth_url = ${url}\n`,
    ];
    writeFileSync(config, lines.join("\n"));
    const run = aRun({ dataFolder: "/nowhere", settings: settingsOf("rclone:gd:", config) });
    const heard: string[] = [];

    const rclone = await rcloneOf(run);
    const { stderr } = await rclone(["lsf", "gd:", "--low-level-retries", "1"], {
      onErrorLine: (line) => heard.push(line),
    });

    for (const text of [stderr, heard.join("\n")]) {
      assert.match(text, /invalid_grant/);
      assert.match(
        text,
        /client_secret=\(hidden\)&grant_type=refresh_token&refresh_token=\(hidden\)/,
      );
      assert.doesNotMatch(text, /planted/);
    }
  });
});

test("every run of rclone goes through what redacts its words", () => {
  const root = join(import.meta.dirname, "..", "..");
  const running = globSync("functions/**/*.ts", { cwd: root }).filter((path) =>
    readFileSync(join(root, path), "utf8").includes('program: "rclone"'),
  );
  // The doctor asks for a version and a path, and shows what is on stdout alone.
  assert.deepEqual(running.toSorted(), [
    "functions/doctor/rclone-config.ts",
    "functions/doctor/rclone-version.ts",
    "functions/remote/rclone-process.ts",
  ]);
});

test("the repository holds no credential", () => {
  const tracked = spawnSync("git", ["ls-files"], {
    encoding: "utf8",
    cwd: join(import.meta.dirname, "..", ".."),
  });
  const root = join(import.meta.dirname, "..", "..");
  const pattern =
    /-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{60,}\n[A-Za-z0-9+/]{60,}\n|"refresh_token":\s*"1\/\/0[\w-]{40,}|GOCSPX-[\w-]{28}\b/;
  const paths = tracked.stdout.trim().split("\n");
  assert.ok(paths.length > 100);
  assert.deepEqual(
    paths.filter((path) => pattern.test(readFileSync(join(root, path), "utf8"))),
    [],
  );
});

function filesIn(folder: string): string[] {
  return globSync("**/*", { cwd: folder })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

function textsBelow(data: string, folder: string): string {
  return filesIn(join(data, folder)).map(textOf).join("");
}

function textOf(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
}
