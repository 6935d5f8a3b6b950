/**
 * `npm run fn` as a person and as a script meet it: what is typed, what is printed where, and the exit code.
 *
 * Method: the command is called with its arguments, streams and environment; the functions are the two of
 * test/support/functions, one of which has a flag of every kind.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { systemMachine } from "../../runtime/doors/machine.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { type Invocation, fn } from "../../runtime/fn.ts";
import { functionLock } from "../../runtime/locks.ts";
import { temporaryFolder } from "../support/folder.ts";

const functionsFolder = join(import.meta.dirname, "..", "support", "functions");
const schedules = {
  greet: { cron: "2 * * * *", timeout: "90s", input: { name: "World", times: 3 }, atStart: true },
  wave: { cron: "0 4 * * *", timezone: "Europe/Berlin", enabled: false },
};

interface Typed {
  code: number;
  stdout: string;
  /** Without log lines, which are JSON. */
  stderr: string;
  logged: Record<string, unknown>[];
  dataFolder: string;
}

interface Around extends Partial<Invocation> {
  schedules?: object;
}

/** Types `npm run fn -- <words>`. */
async function type(
  t: TestContext,
  words: string,
  { schedules: other, ...around }: Around = {},
): Promise<Typed> {
  const folder = temporaryFolder(t);
  const schedulesFile = join(folder, "schedules.json");
  writeFileSync(schedulesFile, JSON.stringify(other ?? schedules));
  const written = { stdout: "", stderr: "" };
  const code = await fn({
    args: words.split(" ").filter((word) => word !== ""),
    machine: systemMachine("hourbook-test"),
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    signal: new AbortController().signal,
    functionsFolder,
    ...around,
    env: { HOURBOOK_DATA: join(folder, "data"), HOURBOOK_SCHEDULES: schedulesFile, ...around.env },
  });
  const lines = written.stderr.split("\n");
  return {
    code,
    stdout: written.stdout,
    stderr: lines.filter((line) => !line.startsWith("{")).join("\n"),
    logged: lines
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>),
    dataFolder: join(folder, "data"),
  };
}

interface ResultLine {
  function: string;
  run: string;
  ok: boolean;
  result: { given: Record<string, unknown>; asOf: number; trigger: string };
  error: Record<string, unknown>;
}

function resultOf({ stdout }: Typed): ResultLine {
  assert.equal(stdout.split("\n").length, 2, "exactly one line");
  return JSON.parse(stdout) as ResultLine;
}

suite("a function by hand", () => {
  test("runs with the input of schedules.json and prints its summary", async (t) => {
    const { code, stdout, stderr, logged } = await type(t, "greet");

    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "Hello, World!\n", stderr: "" });
    assert.equal(logged[0]?.["msg"], "greeting");
  });

  test("takes flags over the input of schedules.json", async (t) => {
    const flags = "--name You --tone=cool --is-loud --rest-after 5m --also-to a --also-to b --json";
    const { given } = resultOf(await type(t, `greet ${flags}`)).result;

    assert.deepEqual(given, {
      name: "You",
      times: 3,
      tone: "cool",
      isLoud: true,
      restAfter: 300_000,
      alsoTo: ["a", "b"],
    });
  });

  test("takes --no-FLAG for a switch that schedules.json turns on", async (t) => {
    const on = { greet: { input: { name: "World", isLoud: true } } };

    assert.equal(
      resultOf(await type(t, "greet --json", { schedules: on })).result.given["isLoud"],
      true,
    );
    assert.equal(
      resultOf(await type(t, "greet --no-is-loud --json", { schedules: on })).result.given[
        "isLoud"
      ],
      false,
    );
  });

  test("runs with its own defaults if schedules.json has no entry for it", async (t) => {
    assert.equal(
      resultOf(await type(t, "greet --name You --json", { schedules: {} })).result.given["times"],
      1,
    );
  });

  test("looks at hours as of a time, to the hour or to the millisecond, UTC if it names no zone", async (t) => {
    for (const [typed, meant] of [
      ["2026-11-22", "2026-11-22T00:00:00Z"],
      ["2026-11-22T15", "2026-11-22T15:00:00Z"],
      ["2026-11-22T15:04:05.678", "2026-11-22T15:04:05.678Z"],
      ["2026-11-22T15:00+01:00", "2026-11-22T14:00:00Z"],
    ] as const) {
      assert.equal(
        resultOf(await type(t, `greet --as-of ${typed} --json`)).result.asOf,
        Date.parse(meant),
      );
    }
  });

  test("prints one JSON line with --json, and its logs elsewhere", async (t) => {
    const typed = await type(t, "greet --json");
    const { function: name, run, ok, result } = resultOf(typed);

    assert.deepEqual([name, ok, result.trigger, typed.code], ["greet", true, "hand", 0]);
    assert.match(run, /^\d{8}T\d{9}-/);
  });

  test("shows a person a bar instead of logs, gone when it is done", async (t) => {
    let shown = "";
    const stderr = { isTTY: true, write: (text: string) => (shown += text) };

    await type(t, "greet", { stderr });

    assert.match(shown, /greet \[#{8}-{22}\] 1 of 4 letters/);
    assert.ok(shown.endsWith("\r\u001B[2K"));
    assert.doesNotMatch(shown, /greeting/);
  });
});

suite("a function by hand that fails", () => {
  test("says what, which, what is safe and what to type, and ends with the error's exit code", async (t) => {
    const { code, stdout, stderr } = await type(t, "greet --outcome failed");

    assert.deepEqual([code, stdout], [65, ""]);
    assert.equal(
      stderr,
      `greet failed [NOBODY_THERE]: nobody answers
  the door  closed
  The door was left as it is.
  Next: npm run fn -- greet --name somebody
`,
    );
  });

  test("prints the same as JSON, with what it did before", async (t) => {
    const typed = await type(t, "greet --outcome failed --json");
    const { ok, error, result } = resultOf(typed);

    assert.deepEqual(
      [typed.code, typed.stderr, ok, result.given["name"]],
      [65, "", false, "World"],
    );
    assert.deepEqual(error, {
      code: "NOBODY_THERE",
      message: "nobody answers",
      details: ["the door  closed"],
      safe: "The door was left as it is.",
      next: "npm run fn -- greet --name somebody",
      exit: 65,
    });
  });

  test("ends with 70 for a bug", async (t) => {
    const typed = await type(t, "greet --outcome bug --json");

    assert.equal(typed.code, 70);
    assert.deepEqual(resultOf(typed).error, {
      code: "TypeError",
      message: "name is not a name",
      exit: 70,
    });
  });

  test("ends with 130 after Ctrl-C and with 143 after SIGTERM", async (t) => {
    for (const [exit, expected] of [
      ["interrupted", 130],
      ["terminated", 143],
    ] as const) {
      const controller = new AbortController();
      const reason = new OperatorError("STOPPED", { message: "stopped", exit });
      // Its first log line says that the run is under way. A signal never comes in the middle of a function's turn.
      const stderr = { write: () => queueMicrotask(() => controller.abort(reason)) };

      const { code } = await type(t, "greet --outcome waits", {
        signal: controller.signal,
        stderr,
      });

      assert.equal(code, expected);
    }
  });

  test("ends with 75 while another process runs it", async (t) => {
    const machine = systemMachine("hourbook-test");
    const dataFolder = join(temporaryFolder(t), "data");
    const { lock } = functionLock(dataFolder, "greet");
    await machine.files.makeFolder(dirname(lock));
    const held = await machine.files.lock(lock);
    t.after(() => held?.release());

    const { code, stderr } = await type(t, "greet", { env: { HOURBOOK_DATA: dataFolder } });

    assert.equal(code, 75);
    assert.match(stderr, /^greet failed \[LOCKED\]: greet is running already/);
  });
});

suite("a slip of the hand", () => {
  const slips: [string, string][] = [
    [
      "gret",
      'gret failed [UNKNOWN_FUNCTION]: there is no such function; did you mean "greet"?\n  Nothing was run.\n  Next: npm run fn -- greet\n',
    ],
    [
      "frobnicate",
      "frobnicate failed [UNKNOWN_FUNCTION]: there is no such function\n  Nothing was run.\n  Next: npm run fn -- --list\n",
    ],
    [
      "--lst",
      'fn failed [BAD_FLAGS]: --lst is not known; did you mean "--list"?\n  Nothing was run.\n  Next: npm run fn -- --help\n',
    ],
  ];
  for (const [words, expected] of slips) {
    test(`${words} is answered with what was meant`, async (t) => {
      const { code, stdout, stderr } = await type(t, words);
      assert.deepEqual({ code, stdout, stderr }, { code: 64, stdout: "", stderr: expected });
    });
  }

  const flagSlips: [string, string[]][] = [
    ["--nam You", ['--nam    is not known; did you mean "--name"?']],
    ["--isLoud", ['--isLoud    is not known; did you mean "--is-loud"?']],
    ["--no-isloud", ['--no-isloud    is not known; did you mean "--no-is-loud"?']],
    ["You", ["You    is no flag: every value stands after a --flag"]],
    ["--name", ["--name    needs a value: --name <text>"]],
    ["--name --is-loud", ["--name    needs a value: --name <text>"]],
    ["--is-loud=yes", ['--is-loud  "yes"  takes no value; write --is-loud or --no-is-loud']],
    ["--name a --name b", ['--name  "b"  stands here twice']],
    ["--times many", ['--times  "many"  must be a number']],
    ["--times -1", ["--times  -1  must be at least 1"]],
    [
      "--as-of 2026-02-30",
      ['--as-of  "2026-02-30"  write a UTC time, such as "2026-11-22T15:00:00Z"'],
    ],
    [
      "--as-of yesterday",
      ['--as-of  "yesterday"  write a UTC time, such as "2026-11-22T15:00:00Z"'],
    ],
    [
      "--times 0.5 --tone hot --rest-after 5 --bogus x",
      [
        "--bogus              is not known; flags: --name --times --tone --is-loud --rest-after --also-to --outcome --as-of --json --help",
        "--times       0.5    must be a whole number",
        "--times       0.5    must be at least 1",
        '--tone        "hot"  must be "warm" or "cool"',
        '--rest-after  "5"    write a number and a unit (ms, s, m, h, d), such as "5m"',
      ],
    ],
  ];
  for (const [flags, problems] of flagSlips) {
    test(`greet ${flags}`, async (t) => {
      const typed = await type(t, `greet ${flags} --json`);
      const { code, exit, details } = resultOf(typed).error;
      assert.deepEqual([typed.code, code, exit, details], [64, "BAD_FLAGS", 64, problems]);
    });
  }

  test("--as-of for a function that knows the present only is refused", async (t) => {
    const { code, stderr } = await type(t, "wave --as-of 2026-11-22");

    assert.equal(code, 64);
    assert.match(
      stderr,
      /--as-of {2}"2026-11-22" {2}wave looks at the present only\n {2}Nothing was run\./,
    );
  });

  test("a missing value is named by its flag", async (t) => {
    const { details } = resultOf(await type(t, "greet --json", { schedules: {} })).error;
    assert.deepEqual(details, ["--name    is missing"]);
  });

  test("in the environment or schedules.json ends with 78, and nothing runs", async (t) => {
    assert.equal((await type(t, "wave", { env: { HOURBOOK_GREETNG: "Hi" } })).code, 78);
    assert.equal(
      (await type(t, "wave", { env: { HOURBOOK_SCHEDULES: "/nowhere/schedules.json" } })).code,
      78,
    );
    assert.equal((await type(t, "wave", { schedules: { wavy: {} } })).code, 78);
  });
});

suite("help", () => {
  test("of a function is made of its head comment, its input and its schedule", async (t) => {
    const { code, stdout } = await type(t, "greet --help");

    assert.equal(code, 0);
    assert.equal(
      stdout,
      `greet: greets somebody.

  npm run fn -- greet [flags]

  --name <text>                    whom to greet (default World, by schedules.json)
  --times <number>                 how often (default 3, by schedules.json)
  --tone <warm|cool>               (default warm)
  --is-loud                        in capitals
  --rest-after <duration>          how long to rest then (default 0s)
  --also-to <text>                 who else is greeted (may stand several times, default none)
  --outcome <ok|failed|bug|waits>  (default ok)
  --as-of <time>                   looks at hours as if it were this UTC time, such as 2026-11-22T15:00:00Z
  --json                           prints one JSON line with the result; needs npm run -s
  --help                           this text

Runs: 2 * * * *, at start; timeout 1m 30s
Settings: HOURBOOK_GREETING
All about it: the first comment of functions/greet.ts
`,
    );
  });

  test("of a function is there while schedules.json or the environment is broken", async (t) => {
    const { code, stdout } = await type(t, "greet -h", {
      schedules: { gret: {} },
      env: { HOURBOOK_X: "1" },
    });

    assert.equal(code, 0);
    assert.match(stdout, /--name <text> +whom to greet \(required\)/);
  });

  test("in general names every function and every exit code", async (t) => {
    const { code, stdout } = await type(t, "--help");

    assert.equal(code, 0);
    assert.match(stdout, /^Functions: greet, wave$/m);
    assert.match(stdout, /^ {4}0 {2}ok /m);
    assert.match(stdout, /^ {2}143 {2}terminated {5}stopped by SIGTERM$/m);
  });

  test("is what no argument at all is answered with, as an error", async (t) => {
    const { code, stdout, stderr } = await type(t, "");

    assert.deepEqual([code, stdout], [64, ""]);
    assert.match(stderr, /^Runs one function now/);
  });

  test("lists the functions, when they run and what they do", async (t) => {
    const { code, stdout } = await type(t, "--list");

    assert.equal(code, 0);
    assert.equal(
      stdout,
      `greet  2 * * * *, at start              greets somebody
wave   off (0 4 * * * (Europe/Berlin))  waves, and knows the present only
`,
    );
  });
});

test("npm run fn is this command, with the project's own functions", () => {
  const root = join(import.meta.dirname, "..", "..");
  const { status, stdout } = spawnSync(process.execPath, ["runtime/fn.ts", "--help"], {
    cwd: root,
    encoding: "utf8",
  });

  assert.equal(status, 0);
  assert.match(stdout, /^Functions: .*seal-hour.*snapshot-poll/m);
});
