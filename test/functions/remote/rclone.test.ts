/**
 * What rclone is asked, and what is made of its answers: also of those that no local folder can give.
 *
 * Method: a children door that records the command and answers as rclone 1.60 and 1.75 were seen to.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { openRemote, type RemoteLimits } from "../../../functions/remote/remote.ts";
import type { Command, Ended } from "../../../runtime/doors/children.ts";
import { systemChildren } from "../../../runtime/doors/children.ts";
import { OperatorError } from "../../../runtime/errors.ts";
import { failure, settingsOf } from "../../support/remotes.ts";
import { aRun } from "../../support/run.ts";

type Answer = Partial<Ended>;

async function remoteThatAnswers(
  answer: Answer | ((command: Command) => Answer),
  limits: RemoteLimits = {},
) {
  const commands: Command[] = [];
  const run = aRun({
    dataFolder: "/nowhere",
    settings: settingsOf("rclone:gd:hourbook"),
    children: {
      async run(command) {
        commands.push(command);
        const answered = typeof answer === "function" ? answer(command) : answer;
        for (const line of answered.stderr?.split("\n") ?? []) command.onErrorLine?.(line);
        command.signal.throwIfAborted();
        const ended = { exitCode: 0, stdout: "", stderr: "", ...answered };
        if (command.onOutputLine === undefined) return ended;
        for (const line of ended.stdout.split("\n")) await command.onOutputLine(line);
        return { ...ended, stdout: "" };
      },
    },
  });
  return { remote: await openRemote(run, limits), commands };
}

suite("rclone", () => {
  test("lists every object of a name, with what it knows of each", async () => {
    const stdout = `[
{"Path":"a/b","Name":"b","Size":3,"ModTime":"","IsDir":false,"Hashes":{"md5":"m","sha256":"s"},"ID":"1"},
{"Path":"a/b","Name":"b","Size":3,"ModTime":"","IsDir":false,"Hashes":{"md5":"m","sha256":""},"ID":"2"}
]`;
    const { remote, commands } = await remoteThatAnswers({ stdout });

    assert.deepEqual(await remote.list(["a/b"]), [
      { path: "a/b", bytes: 3, md5: "m", sha256: "s", id: "1" },
      { path: "a/b", bytes: 3, md5: "m", sha256: undefined, id: "2" },
    ]);
    const [command] = commands;
    assert.equal(command?.stdin, "a/b\n");
    assert.ok(!command.args.includes("--no-traverse"), "it would hide the second");
    assert.ok(!command.args.includes("--fast-list"));
  });

  test("lists all with fast lists, which must not decide, and with hashes only where they cost nothing", async () => {
    const listed = `[\n{"Path":"a/b","Size":3,"Hashes":{"md5":"m"},"ID":"1"},\n{"Path":"a/b","Size":3}\n]`;
    for (const isSlow of [true, false]) {
      const { remote, commands } = await remoteThatAnswers((command) => ({
        stdout: command.args[0] === "backend" ? `{\n\t\t"SlowHash": ${isSlow},\n}` : listed,
      }));

      const found = await Array.fromAsync(remote.listAll());

      assert.deepEqual(
        found.map(({ path, md5 }) => [path, md5]),
        [
          ["a/b", "m"],
          ["a/b", undefined],
        ],
      );
      assert.ok(commands[1]?.args.includes("--fast-list"));
      assert.equal(commands[1]?.args.includes("--hash"), !isSlow);
    }
  });

  test("ends the listing that nobody reads to its end", async () => {
    const listed = ["a", "b"].map((Path) => JSON.stringify({ Path, Size: 1 }));
    const { remote, commands } = await remoteThatAnswers({ stdout: listed.join(",\n") });

    for await (const { path } of remote.listAll(["x"])) if (path === "a") break;

    assert.deepEqual(
      commands.map(({ signal }) => signal.aborted),
      [true],
    );
  });

  test("takes a listing of everything that failed for no listing at all", async () => {
    const { remote } = await remoteThatAnswers({ exitCode: 1, stdout: '[\n{"Path":"a","Size":1}' });
    const error = await failure(Array.fromAsync(remote.listAll()));
    assert.equal(error.code, "REMOTE_UNREACHABLE");
  });

  test("does not take what it sees for all there is where a folder is there twice", async () => {
    const stdout = `[
{"Path":"a","Size":-1,"IsDir":true,"ID":"1"},
{"Path":"a/b","Size":3,"IsDir":false,"Hashes":{"md5":"m"},"ID":"3"},
{"Path":"a/b","Size":3,"IsDir":false,"Hashes":{"md5":"m"},"ID":"3"},
{"Path":"a","Size":-1,"IsDir":true,"ID":"2"},
{"Path":"c/b","Size":3,"IsDir":false,"Hashes":{"md5":"m"},"ID":"4"}
]`;
    const { remote } = await remoteThatAnswers({ stdout });

    const listed = await remote.list(["a/b", "a/hidden", "c/b"]);

    assert.deepEqual(
      listed.map(({ path, id, isFolderTwice }) => [path, id ?? isFolderTwice]),
      [
        ["c/b", "4"],
        ["a/b", true],
        ["a/hidden", true],
      ],
    );
  });

  test("copies in the only form that never overwrites", async () => {
    const limits = { bandwidth: "1M", callsPerSecond: 4 };
    const { remote, commands } = await remoteThatAnswers({}, limits);
    await remote.copy("/data/archive", ["a/b", "a/c"]);

    const args = commands[0]?.args ?? [];
    assert.deepEqual(args.slice(0, 5), [
      "copy",
      "--immutable",
      "--checksum",
      "/data/archive",
      "gd:hourbook",
    ]);
    assert.deepEqual(args.slice(args.indexOf("--files-from-raw")).slice(0, 2), [
      "--files-from-raw",
      "-",
    ]);
    assert.deepEqual(args.slice(args.indexOf("--bwlimit")).slice(0, 4), [
      "--bwlimit",
      "1M",
      "--tpslimit",
      "4",
    ]);
    assert.equal(commands[0]?.stdin, "a/b\na/c\n");
  });

  test("says what failed and stayed so; what a retry mended did not fail", async () => {
    const stderr = [
      '{"level":"error","msg":"corrupted on transfer: md5 hash differ","object":"a/b","time":"x"}',
      '{"level":"info","msg":"Copied (new)","object":"a/b","time":"x"}',
      '{"level":"error","msg":"googleapi: Error 403: rate limit","object":"a/c","time":"x"}',
      '{"level":"info","msg":"cut of',
      "2026/11/22 18:08:29 Failed to copy: googleapi: Error 403: rate limit",
    ].join("\n");
    const { remote } = await remoteThatAnswers({ exitCode: 1, stderr });

    const { copied, failures } = await remote.copy("/data", ["a/b", "a/c"]);

    assert.deepEqual([...copied], ["a/b"]);
    assert.deepEqual(failures, [
      { path: "a/c", message: "googleapi: Error 403: rate limit" },
      { path: undefined, message: "Failed to copy: googleapi: Error 403: rate limit" },
    ]);
  });

  test("says how many bytes it has sent, and nothing of files that nobody asked for", async () => {
    const stderr = [
      '{"level":"warning","msg":"Transferred: …","stats":{"bytes":3,"totalBytes":7},"time":"x"}',
      '{"level":"info","msg":"Copied (new)","object":"z","time":"x"}',
      '{"level":"warning","msg":"Transferred: …","stats":{"bytes":7,"totalBytes":7},"time":"x"}',
    ].join("\n");
    const { remote } = await remoteThatAnswers({ stderr });
    const sent: number[] = [];

    const { copied } = await remote.copy("/data", ["a/b"], { onBytes: (n) => void sent.push(n) });

    assert.deepEqual([sent, [...copied]], [[3, 7], []]);
  });

  const limits: [string, string, string][] = [
    [
      "Google's 750 GB a day",
      "day",
      "Received upload limit error: googleapi: Error 403: User rate limit exceeded., userRateLimitExceeded",
    ],
    [
      "a full Drive, as 1.60 tells it, which would try the whole batch again",
      "full",
      "Failed to copy: googleapi: Error 403: The user's Drive storage quota has been exceeded., storageQuotaExceeded",
    ],
    [
      "a full Drive, as 1.75 tells it",
      "full",
      "Received upload limit error: googleapi: Error 403: …, storageQuotaExceeded",
    ],
    ["a full server of files", "full", "Failed to copy: 507 Insufficient Storage"],
  ];
  for (const [what, kind, msg] of limits) {
    test(`is ended as soon as it meets ${what}`, async () => {
      const stderr = [
        '{"level":"info","msg":"Copied (new)","object":"a/a","time":"x"}',
        JSON.stringify({ level: "error", msg, object: "a/b", time: "x" }),
      ].join("\n");
      const { remote, commands } = await remoteThatAnswers({ exitCode: 1, stderr });

      const report = await remote.copy("/data", ["a/a", "a/b", "a/c"]);

      assert.ok(commands[0]?.signal?.aborted);
      assert.deepEqual([...report.copied], ["a/a"]);
      assert.deepEqual(report.limit, { kind, message: msg });
    });
  }

  test("comes to its own end on a full disk: killed, it would leave what it writes half-written", async () => {
    const msg = "Failed to copy: write /mnt/x: no space left on device";
    const stderr = JSON.stringify({ level: "error", msg, object: "a/b", time: "x" });
    const { remote, commands } = await remoteThatAnswers({ exitCode: 1, stderr });

    const report = await remote.copy("/data", ["a/a", "a/b"]);

    assert.equal(commands[0]?.signal?.aborted, false);
    assert.deepEqual(report.limit, { kind: "full", message: msg });
  });

  for (const msg of [
    "googleapi: Error 403: Rate Limit Exceeded, rateLimitExceeded",
    "googleapi: Error 403: User Rate Limit Exceeded. Rate of requests for user exceed configured project quota, you may consider re-evaluating expected per-user traffic to the API and adjust project quota limits accordingly., userRateLimitExceeded",
    "googleapi: Error 403: The download quota for this file has been exceeded., downloadQuotaExceeded",
  ]) {
    test(`takes ${msg.slice(23, 60)}… for what it is: no limit on what is stored`, async () => {
      const stderr = JSON.stringify({ level: "error", msg, object: "a/b", time: "x" });
      const { remote } = await remoteThatAnswers({ exitCode: 1, stderr });
      assert.equal((await remote.copy("/data", ["a/b"])).limit, undefined);
    });
  }

  test("that cannot list is no empty remote: unavailable (69), with rclone's own words", async () => {
    const stderr = "2026/11/22 18:08:29 ERROR : : error listing: oauth2: token expired\n";
    const { remote } = await remoteThatAnswers({ exitCode: 1, stdout: "[\n", stderr });

    const error = await failure(remote.list(["a/b"]));

    assert.deepEqual([error.code, error.exit], ["REMOTE_UNREACHABLE", "unavailable"]);
    assert.deepEqual(error.details, ["error listing: oauth2: token expired"]);
  });

  test("takes a folder that is not there yet for an empty one, but not half a listing", async () => {
    const empty = await remoteThatAnswers({ exitCode: 3, stdout: "[\n" });
    const half = await remoteThatAnswers({ exitCode: 3, stdout: '[\n{"Path":"a/b","Size":3},' });

    assert.deepEqual(await empty.remote.list(["a/b"]), []);
    await assert.rejects(half.remote.list(["a/b"]), { code: "REMOTE_UNREACHABLE" });
  });

  test("fetches the bytes asked for and no others, whatever they are", async () => {
    const bytes = Buffer.from([0x1f, 0x8b, 0, 255, 10, 13, 10]);
    const { remote, commands } = await remoteThatAnswers({ stdout: bytes.toString("latin1") });

    assert.deepEqual(await remote.readRange("a/b", 5, 7), bytes);
    const { args = [], encoding } = commands[0] ?? {};
    assert.deepEqual(args.slice(0, 6), ["cat", "gd:hourbook/a/b", "--offset", "5", "--count", "7"]);
    assert.equal(encoding, "latin1");
  });

  test("lists what lies below the folders named, and walks no others", async () => {
    const { remote, commands } = await remoteThatAnswers({
      stdout: '[\n{"Path":"a/b/c","Size":3}\n]\n',
    });

    const [found] = await Array.fromAsync(remote.listAll(["a/b", "d"]));
    assert.deepEqual([found?.path, found?.bytes], ["a/b/c", 3]);
    assert.equal(commands[0]?.stdin, "/a/b/**\n/d/**\n");
    assert.ok(commands[0].args.includes("--include-from"));
    assert.ok(!commands[0].args.includes("--fast-list"), "it would walk the others too");
  });

  test("that is not installed ends in what to type", async () => {
    const path = process.env["PATH"];
    process.env["PATH"] = "/nonexistent";
    try {
      const children = systemChildren(["rclone"]);
      const run = aRun({ dataFolder: "/nowhere", settings: settingsOf("rclone:gd:x"), children });
      const error = await failure((await openRemote(run)).list(["a/b"]));

      assert.ok(error instanceof OperatorError);
      assert.deepEqual([error.code, error.next], ["PROGRAM_MISSING", "apt-get install rclone"]);
    } finally {
      process.env["PATH"] = path;
    }
  });
});
