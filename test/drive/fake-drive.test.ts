/**
 * The fake Drive is what the promises about Google Drive are tested against, so it must behave as Drive does
 * where rclone notices, and let nothing past it.
 *
 * Method: the real rclone, told to do by hand what offload never would.
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Ended } from "../../runtime/doors/children.ts";
import { type DriveRemote, aDrive } from "../support/drive.ts";
import { secrets } from "./login.ts";
import { parseQuery } from "./query.ts";

/** rclone, which may fail at once. */
function rclone({ children, config }: DriveRemote, ...args: string[]): Promise<Ended> {
  const impatient = ["--retries", "1", "--low-level-retries", "1", "--config", config];
  const { signal } = new AbortController();
  return children.run({ program: "rclone", args: [...args, ...impatient], signal });
}

suite("the fake Drive", { concurrency: 3 }, () => {
  test("takes a large file in pieces, shows it when it is whole, and gives it back", async (t) => {
    const remote = await aDrive(t, { config: { upload_cutoff: "0", chunk_size: "256k" } });
    if (remote === undefined) return;
    const content = randomBytes(600_000);
    const md5 = createHash("md5").update(content).digest("hex");
    writeFileSync(join(remote.dataFolder, "large"), content);
    const shownMeanwhile: number[] = [];
    const act = (): void => void shownMeanwhile.push(remote.drive.objects.at("x/large").length);
    remote.drive.faults.plan({ kind: "meanwhile", on: ["chunk"], act });

    assert.equal((await rclone(remote, "copy", remote.dataFolder, "gd:x")).exitCode, 0);

    assert.deepEqual(shownMeanwhile, [0, 0, 0]);
    const { stdout } = await rclone(remote, "hashsum", "md5", "gd:x", "--download");
    assert.equal(stdout, `${md5}  large`);
    assert.equal((await rclone(remote, "hashsum", "md5", "gd:x")).stdout, stdout);
    const { length } = (await rclone(remote, "cat", "gd:x/large", "--offset", "599990")).stdout;
    assert.ok(length > 0 && length <= 10);
    assert.deepEqual(remote.drive.strange, []);
  });

  test("holds two objects of one name, moves one to the trash, and lists late what came late", async (t) => {
    const remote = await aDrive(t);
    if (remote === undefined) return;
    const { objects } = remote.drive;
    writeFileSync(join(remote.dataFolder, "a'b\\c"), "one");
    await rclone(remote, "copy", remote.dataFolder, "gd:x");
    const [first] = objects.at("x/a'b\\c");
    assert.ok(first !== undefined);
    objects.add({ name: first.name, parents: first.parents, content: Buffer.from("two") });
    const listed = async (): Promise<{ ID: string }[]> =>
      JSON.parse((await rclone(remote, "lsjson", "gd:x")).stdout) as { ID: string }[];

    assert.equal((await listed()).length, 2);
    assert.equal((await rclone(remote, "delete", "gd:x")).exitCode, 0);
    assert.deepEqual([await listed(), first.trashed, objects.at("x/a'b\\c")], [[], true, []]);
    objects.isLagging = true;
    await rclone(remote, "copy", remote.dataFolder, "gd:x");
    assert.deepEqual([(await listed()).length, objects.at("x/a'b\\c").length], [0, 1]);
    objects.catchUp();
    assert.equal((await listed()).length, 1);
    assert.deepEqual(remote.drive.strange, []);
  });

  test("lets in whoever is logged in, and renews what ran out", async (t) => {
    const remote = await aDrive(t, { isExpired: true });
    if (remote === undefined) return;

    assert.equal((await rclone(remote, "lsf", "gd:")).exitCode, 0);
    assert.equal(remote.drive.calls.token, 1);
    const text = readFileSync(remote.config, "utf8");
    assert.match(text, new RegExp(secrets.renewedToken), "rclone keeps it");
    writeFileSync(remote.config, text.replaceAll(secrets.renewedToken, "another"));

    const { exitCode, stderr } = await rclone(remote, "lsf", "gd:");
    assert.match(`${exitCode} ${stderr}`, /^1 .*Invalid Credentials/s);
  });

  test("lets nobody through to any other host, Google's included", async (t) => {
    const remote = await aDrive(t);
    if (remote === undefined) return;

    for (const host of ["drive.google.com", "example.org"]) {
      const { exitCode } = await rclone(remote, "lsf", `:http,url='https://${host}/':`);
      assert.notEqual(exitCode, 0);
    }

    assert.deepEqual(
      [...new Set(remote.drive.strange)],
      ["drive.google.com:443", "example.org:443"],
    );
  });

  test("goes wrong in Google's words", async (t) => {
    const remote = await aDrive(t);
    if (remote === undefined) return;
    writeFileSync(join(remote.dataFolder, "a"), "one");
    const words = {
      quota: /Error 403: User rate limit exceeded\., userRateLimitExceeded/,
      full: /Error 403: The user's Drive storage quota has been exceeded\., storageQuotaExceeded/,
      rate: /Error 403: Rate Limit Exceeded, rateLimitExceeded/,
      unauthorized: /Error 401: Invalid Credentials, authError/,
      down: /Error 503: Backend Error, backendError/,
      reset: /EOF|connection reset/,
      corrupt: /corrupted on transfer: md5 hash differ/,
      half: /corrupted on transfer: sizes differ/,
    } as const;
    for (const kind of Object.keys(words) as (keyof typeof words)[]) {
      remote.drive.faults.plan({ kind });
      const { exitCode, stderr } = await rclone(remote, "copy", remote.dataFolder, "gd:hourbook");
      assert.equal(exitCode, 1, kind);
      assert.match(stderr, words[kind]);
      assert.deepEqual(remote.there(), {}, kind);
      remote.drive.faults.clear();
    }
  });
});

suite("a query of the fake Drive", () => {
  const file = { name: "a'b", mimeType: "text/plain", trashed: false, parents: ["1"] };

  for (const [query, isFound] of [
    ["trashed=false and ('1' in parents or '2' in parents) and name='a\\'b'", true],
    ["trashed=false and ('2' in parents) and name='a\\'b'", false],
    ["mimeType!='text/plain' or name='x'", false],
    ["mimeType='text/plain' and trashed!=true", true],
  ] as const)
    test(`${query} ${isFound ? "finds" : "does not find"} it`, () =>
      assert.equal(parseQuery(query)(file), isFound));

  test("that it does not understand is an error, and not an empty answer", () => {
    assert.throws(() => parseQuery("fullText contains 'x'"), /does not understand/);
    assert.throws(() => parseQuery("name='x' and"), /ends too early/);
  });
});
