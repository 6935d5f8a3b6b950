/**
 * Other people's programs can say anything, for ever, or nothing: each test is one of them.
 *
 * Method: the shell as the program, for real.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { errorCharsMax, lineCharsMax, systemChildren } from "../../../runtime/doors/children.ts";
import { temporaryFolder } from "../../support/folder.ts";

const { signal } = new AbortController();

async function linesOf(script: string): Promise<{ lines: string[]; stderr: string }> {
  const lines: string[] = [];
  const onErrorLine = (line: string): void => void lines.push(line);
  const { stderr } = await systemChildren(["sh"]).run({
    program: "sh",
    args: ["-c", script],
    signal,
    onErrorLine,
  });
  return { lines, stderr };
}

suite("a child's stderr", () => {
  test("is handed on line by line, also when lines come in pieces and the last has no end", async () => {
    const { lines, stderr } = await linesOf(
      "printf 'a' >&2; sleep 0.05; printf 'b\\n\\nc\\nd' >&2; exit 3",
    );
    assert.deepEqual(lines, ["ab", "", "c", "d"]);
    assert.equal(stderr, "ab\n\nc\nd");
  });

  test("is handed on while the program still runs", async (t) => {
    const go = join(temporaryFolder(t), "go");
    const script = `echo first >&2; while [ ! -e "$0" ]; do sleep 0.01; done`;
    const { exitCode } = await systemChildren(["sh", "touch"]).run({
      program: "sh",
      args: ["-c", script, go],
      signal,
      onErrorLine: (line) => {
        assert.equal(line, "first");
        spawn("touch", [go]);
      },
    });
    assert.equal(exitCode, 0, "it waited for what its own line set off");
  });

  test("is kept up to a bound, its end rather than its beginning, and each line up to another", async () => {
    const { lines, stderr } = await linesOf(
      "head -c 300000 /dev/zero | tr '\\0' x >&2; printf '\\nlast\\n' >&2",
    );
    assert.deepEqual(
      lines.map((line) => line.length),
      [lineCharsMax, 4],
    );
    assert.equal(stderr.length, errorCharsMax);
    assert.ok(stderr.endsWith("x\nlast\n"));
  });
});

suite("a child", () => {
  test("knows the way through a proxy, and nothing else of our environment", async () => {
    const before = { ...process.env };
    try {
      for (const name of Object.keys(process.env))
        if (name !== "PATH" && name !== "HOME") delete process.env[name];
      Object.assign(process.env, {
        HTTPS_PROXY: "http://proxy:3128",
        no_proxy: "localhost",
        SSL_CERT_FILE: "/etc/own.pem",
        HOURBOOK_HEALTHCHECK_URL: "https://secret.example",
        RCLONE_CONFIG_PASS: "secret",
      });

      const command = { program: "env", args: [], env: { OWN: "1" }, signal };
      const { stdout } = await systemChildren(["env"]).run(command);

      const names = stdout.split("\n").map((line) => line.slice(0, line.indexOf("=")));
      assert.equal(names.toSorted().join(" "), "HOME HTTPS_PROXY OWN PATH SSL_CERT_FILE no_proxy");
    } finally {
      Object.assign(process.env, before);
    }
  });

  test("of another name than the function declares is refused", async () => {
    const run = systemChildren(["rclone"]).run({ program: "env", args: [], signal });
    await assert.rejects(run, /refused to run env: this function declares rclone/);
  });

  test("that prints without end is ended, and half an answer is none", async () => {
    const command = { program: "yes", args: [], signal, outputBytesMax: 1_000_000 };
    await assert.rejects(systemChildren(["yes"]).run(command), {
      code: "CHILD_OUTPUT",
      message: "yes printed more than 1,000,000 B and was ended",
    });
  });

  test("that is aborted is gone when the run ends", async (t) => {
    const stop = new AbortController();
    const file = join(temporaryFolder(t), "pid");
    const running = systemChildren(["sh"]).run({
      program: "sh",
      args: ["-c", 'echo $$ > "$0"; echo started >&2; exec sleep 60', file],
      signal: stop.signal,
      onErrorLine: () => stop.abort(new Error("enough")),
    });

    await assert.rejects(running, /enough/);
    const pid = readFileSync(file, "utf8").trim();
    assert.ok(!existsSync(`/proc/${pid}`), "still running");
  });

  test("that writes to stderr dies with a process that is killed", async (t) => {
    const file = join(temporaryFolder(t), "pid");
    const parent = spawn(process.execPath, ["-e", parentScript, file], {
      cwd: join(import.meta.dirname, "../../.."),
      stdio: "ignore",
    });
    const pid = await untilWritten(t, file);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    for (let tries = 0; existsSync(`/proc/${pid}`); tries += 1) {
      assert.ok(tries < 200, "still running 2 s later");
      await wait(10);
    }
  });
});

// As rclone is run: it says how far it is, again and again.
const parentScript = `
  import("./runtime/doors/children.ts").then(({ systemChildren }) =>
    systemChildren(["sh"]).run({
      program: "sh",
      args: ["-c", 'echo $$ > "$0"; while sleep 0.05; do echo going on >&2 || exit; done', process.argv[1]],
      signal: new AbortController().signal,
    }));
`;

async function untilWritten(t: TestContext, file: string): Promise<string> {
  while (!t.signal.aborted) {
    const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
    if (text !== "") return text;
    await wait(10);
  }
  return assert.fail("it never began");
}

suite("a child's stdout", () => {
  test("is handed on line by line, each once the one before is done with, and not kept", async () => {
    const lines: string[] = [];
    let busy = 0;
    const { stdout, exitCode } = await systemChildren(["sh"]).run({
      program: "sh",
      args: ["-c", "seq 1 20000; printf last; exit 3"],
      signal,
      onOutputLine: async (line) => {
        busy += 1;
        assert.equal(busy, 1);
        if (lines.length % 1000 === 0) await wait(1);
        busy -= 1;
        lines.push(line);
      },
    });
    assert.deepEqual([lines.length, lines[19_999], lines.at(-1)], [20_001, "20000", "last"]);
    assert.deepEqual([stdout, exitCode], ["", 3]);
  });
});
