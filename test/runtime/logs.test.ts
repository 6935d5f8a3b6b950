/** Logs are evidence: written at once, complete, and without anybody's password. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { OperatorError } from "../../runtime/errors.ts";
import { type LogOptions, type RootLog, createLog } from "../../runtime/logs.ts";
import { temporaryFolder } from "../support/folder.ts";

const now = (): number => Date.parse("2026-11-22T15:04:05.678Z");

function logged(write: (log: RootLog) => void, options: Partial<LogOptions> = {}): string[] {
  const lines: string[] = [];
  write(
    createLog({ level: "info", now, stream: { write: (line) => lines.push(line) }, ...options }),
  );
  return lines;
}

suite("a log line", () => {
  test("is one JSON object with level, time and fields, and nothing about the machine", () => {
    assert.deepEqual(
      logged((log) => log.info({ books: 3 }, "polled")),
      ['{"level":"info","time":"2026-11-22T15:04:05.678Z","books":3,"msg":"polled"}\n'],
    );
  });

  test("for the journal begins with its priority, so that journalctl -p warning finds it", () => {
    const lines = logged(
      (log) => {
        log.debug({}, "a");
        log.info({}, "b");
        log.child({ run: "r1" }).warn({}, "c");
        log.error({}, "d");
      },
      { level: "debug", isJournal: true },
    );
    assert.deepEqual(
      lines.map((line) => /^<\d>\{"level":"\w+"/.exec(line)?.[0]),
      ['<7>{"level":"debug"', '<6>{"level":"info"', '<4>{"level":"warn"', '<3>{"level":"error"'],
    );
  });

  test("of a child carries the child's fields", () => {
    const [line = ""] = logged((log) =>
      log.child({ function: "prune", run: "r1" }).warn({}, "kept"),
    );

    assert.deepEqual(JSON.parse(line), {
      level: "warn",
      time: "2026-11-22T15:04:05.678Z",
      function: "prune",
      run: "r1",
      msg: "kept",
    });
  });

  test("below the level is not written", () => {
    assert.equal(logged((log) => log.debug({}, "no")).length, 0);
    assert.equal(logged((log) => log.debug({}, "yes"), { level: "debug" }).length, 1);
  });

  test("hides secrets by their names, also inside, and leaves a market's token alone", () => {
    const [line = ""] = logged((log) =>
      log.info(
        {
          token: "7132",
          password: "p",
          headers: { authorization: "Bearer x" },
          remote: { drive: { client_secret: "s" } },
        },
        "asked",
      ),
    );
    const { token, password, headers, remote } = JSON.parse(line) as Record<string, unknown>;

    assert.equal(token, "7132");
    assert.equal(password, "(hidden)");
    assert.deepEqual(headers, { authorization: "(hidden)" });
    assert.deepEqual(remote, { drive: { client_secret: "(hidden)" } });
  });

  test("is readable on a terminal", () => {
    const [line = ""] = logged(
      (log) => log.child({ function: "prune" }).info({ hours: 2 }, "pruned"),
      {
        pretty: true,
      },
    );

    // oxlint-disable-next-line no-control-regex
    assert.equal(line.replaceAll(/\u001B\[\d+m/g, ""), '[15:04:05Z] INFO: pruned {"hours":2}\n');
  });
});

suite("a log file", () => {
  test("is appended to", (t) => {
    const file = join(temporaryFolder(t), "hourbook.log");
    writeFileSync(file, "before\n");

    createLog({ level: "info", now, file }).info({}, "after");

    assert.deepEqual(
      readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.slice(-14)),
      ["before", '"msg":"after"}', ""],
    );
  });

  test("in a folder that is not there is refused by name", (t) => {
    const file = join(temporaryFolder(t), "none", "hourbook.log");

    assert.throws(
      () => createLog({ level: "info", now, file }),
      (error) =>
        error instanceof OperatorError &&
        error.code === "LOG_FILE" &&
        error.exit === "configuration" &&
        error.message.startsWith(`cannot write the log file ${file}: ENOENT`),
    );
  });

  test(
    "on a full disk does not end the program",
    { skip: process.platform !== "linux" && "needs /dev/full" },
    () => {
      const script = `
      import { createLog } from "./runtime/logs.ts";
      const log = createLog({ level: "info", now: () => 0, file: "/dev/full" });
      for (let line = 0; line < 100; line += 1) log.info({ line }, "lost");
      console.log("goes on");
    `;
      const root = join(import.meta.dirname, "..", "..");
      const { status, stdout } = spawnSync(
        process.execPath,
        ["--input-type=module", "--eval", script],
        {
          cwd: root,
          encoding: "utf8",
        },
      );

      assert.deepEqual([status, stdout], [0, "goes on\n"]);
    },
  );
});

suite("stderr", () => {
  test("is the journal only where systemd says so of this very stream", (t) => {
    const door = join(import.meta.dirname, "../../runtime/doors/service-manager.ts");
    const file = join(temporaryFolder(t), "stderr");
    const script = `import { isJournal } from ${JSON.stringify(door)};
      import { fstatSync } from "node:fs";
      const { dev, ino } = fstatSync(2);
      console.log(isJournal(), isJournal("8:1"), isJournal(dev + ":" + ino));`;
    const args = ["--input-type=module", "--eval", script];
    const { stdout } = spawnSync(process.execPath, args, {
      env: {},
      stdio: ["ignore", "pipe", openSync(file, "w")],
    });
    assert.equal(stdout.toString(), "false false true\n");
  });
});
