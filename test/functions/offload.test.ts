/**
 * offload carries the archive away, so each test is a promise about the copy, worded to follow "offload ...".
 *
 * Method: hours as build-manifest leaves them, a remote that is a folder of the test's own, reached directly
 * or through the real rclone, and both read afterwards as plain files.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import offload from "../../functions/offload.ts";
import { quietMs } from "../../functions/remote/copy-note.ts";
import { listingLagMsMax } from "../../functions/remote/deliver.ts";
import type { Offloaded } from "../../functions/remote/offload-tally.ts";
import { remoteId, type remoteSettings } from "../../functions/remote/settings.ts";
import { type Receipt, readReceipt } from "../../functions/remote/receipts.ts";
import { type Children, systemChildren } from "../../runtime/doors/children.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { contentsOf, writeHour } from "../support/hours.ts";
import { Killed, killedAt, killStride } from "../support/killed-files.ts";
import {
  anyRemote,
  aRemote,
  failure,
  onDisk,
  settingsOf,
  type TestRemote,
} from "../support/remotes.ts";
import { virtualMachine } from "../support/machine.ts";
import { aRun, call, type RunOptions } from "../support/run.ts";
import { virtualClock } from "../support/virtual-clock.ts";

type Options = Partial<RunOptions<typeof remoteSettings>>;

function runOf({ dataFolder, settings }: TestRemote, options: Options = {}) {
  return aRun({ dataFolder, ...options, settings });
}

function receiptOf(
  { dataFolder, settings }: TestRemote,
  path: string,
): Promise<Receipt | undefined> {
  return readReceipt(systemFiles, dataFolder, remoteId(settings.HOURBOOK_REMOTE), path);
}

/** Everything that should be on the remote, as it is here. */
function shouldBeThere(dataFolder: string): Record<string, string> {
  const beside = ["labels", "incidents", "reports", "uploads"].flatMap((folder) =>
    Object.entries(contentsOf(join(dataFolder, folder)))
      .filter(([path]) => !path.endsWith(".tmp"))
      .map(([path, text]) => [`${folder}/${path}`, text]),
  );
  return { ...contentsOf(join(dataFolder, "archive")), ...Object.fromEntries(beside) };
}

function writeLoose(dataFolder: string, path: string, text: string): void {
  mkdirSync(join(dataFolder, path, ".."), { recursive: true });
  writeFileSync(join(dataFolder, path), text);
}

/** Children that count and can change how rclone is run. */
function countingChildren(change: (args: readonly string[]) => readonly string[] = (args) => args) {
  const commands: string[] = [];
  const real = systemChildren(["rclone"]);
  const children: Children = {
    run(command) {
      commands.push(command.args[0] ?? "");
      return real.run({ ...command, args: change(command.args) });
    },
  };
  return { children, commands };
}

for (const kind of ["dir", "rclone", "crypt", "webdav"] as const) {
  suite(`offload to ${kind === "dir" ? "a folder" : `rclone (${kind})`}`, () => {
    test("copies every file of the described hours and what lies beside them, and proves it", async (t) => {
      const remote = await anyRemote(t, kind);
      if (remote === undefined) return;
      const hour = writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
      writeHour(remote.dataFolder, { hour: "2026-11-22T14", stream: "markets", polls: 0 });
      writeLoose(remote.dataFolder, "reports/2026-11-21.json", "{}");
      writeLoose(remote.dataFolder, "labels/a b [1].json", "{}");

      const result = await call(offload, {}, runOf(remote));

      assert.deepEqual(result.files, { ...none, verified: 11 });
      assert.equal(result.copied, 11);
      assert.equal(result.found, 0);
      if (kind !== "crypt")
        assert.deepEqual(contentsOf(remote.folder), shouldBeThere(remote.dataFolder));
      const receipt = await receiptOf(remote, hour.data);
      assert.equal(receipt?.state, "verified");
      assert.equal(receipt.verified, kind === "crypt" || kind === "webdav" ? "read-back" : "hash");
      assert.equal(receipt.seen.length, 1);
    });

    test("never overwrites: other content under the same name is kept and reported", async (t) => {
      const remote = await anyRemote(t, kind);
      if (remote === undefined) return;
      const hour = writeHour(remote.dataFolder, { hour: "2026-11-22T14", text: "other" });
      await call(offload, {}, runOf(remote));
      const there = contentsOf(remote.folder);
      // The same hour anew on another machine of the same name.
      rmSync(remote.dataFolder, { recursive: true });
      writeHour(remote.dataFolder, { hour: "2026-11-22T14", text: "mines" });
      writeHour(remote.dataFolder, { hour: "2026-11-22T13" });

      const error = await failure(call(offload, {}, runOf(remote)));

      assert.equal(error.code, "CONFLICT");
      assert.match(error.details.join("\n"), /hour=14\/vps-1\.jsonl\.gz {3}conflict: /);
      assert.match(error.safe ?? "", /Nothing was overwritten/);
      assert.equal((await receiptOf(remote, hour.data))?.state, "conflict");
      assert.equal(
        await receiptOf(remote, hour.manifest),
        undefined,
        "the manifest waits for its files",
      );
      const now = contentsOf(remote.folder);
      for (const [path, text] of Object.entries(there)) assert.equal(now[path], text);
      const result = error.result as { files: Record<string, number> };
      assert.equal(result.files["verified"], 4 + 1, "hour 13 and the upload manifest");
    });

    // What is left does not depend on hashes.
    if (kind === "crypt" || kind === "webdav") return;

    test("copies nothing and asks nothing the second time", async (t) => {
      const remote = await anyRemote(t, kind);
      if (remote === undefined) return;
      writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
      await call(offload, {}, runOf(remote));
      const before = contentsOf(remote.dataFolder);
      const { children, commands } = countingChildren();

      const result = await call(offload, {}, runOf(remote, { children }));

      assert.deepEqual([result.copied, result.found, result.files.verified], [0, 0, 5]);
      assert.deepEqual(commands, []);
      assert.deepEqual(contentsOf(remote.dataFolder), before);
    });

    test("takes an equal object that is there already for what it is: a receipt, no copy", async (t) => {
      const remote = await anyRemote(t, kind);
      if (remote === undefined) return;
      writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
      await call(offload, {}, runOf(remote));
      rmSync(join(remote.dataFolder, "receipts"), { recursive: true });
      rmSync(join(remote.dataFolder, "uploads"), { recursive: true });

      const result = await call(offload, {}, runOf(remote));

      assert.equal(result.found, 4);
      assert.equal(result.copied, 1, "the upload manifest of this run");
    });

    test("says in a dry run exactly what it would do, and changes nothing", async (t) => {
      const remote = await anyRemote(t, kind);
      if (remote === undefined) return;
      const conflicting = writeHour(remote.dataFolder, { hour: "2026-11-22T13", text: "other" });
      await call(offload, {}, runOf(remote));
      rmSync(remote.dataFolder, { recursive: true });
      writeHour(remote.dataFolder, { hour: "2026-11-22T13", text: "mines" });
      const hour = writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
      writeLoose(remote.dataFolder, "reports/2026-11-21.json", "{}");
      rmSync(join(remote.folder, conflicting.sums));
      const [here, there] = [contentsOf(remote.dataFolder), contentsOf(remote.folder)];

      const foretold = await failure(call(offload, { dryRun: true }, runOf(remote)));
      const said = foretold.result as Offloaded;
      assert.deepEqual(
        [contentsOf(remote.dataFolder), contentsOf(remote.folder)],
        [here, there],
        "a dry run changes nothing",
      );
      const done = await failure(call(offload, {}, runOf(remote)));
      const did = done.result as Offloaded;

      assert.deepEqual(
        said.wouldCopy.toSorted(),
        [hour.data, hour.index, hour.sums, hour.manifest, "reports/2026-11-21.json"]
          .concat(conflicting.sums)
          .toSorted(),
      );
      const appeared = Object.keys(contentsOf(remote.folder)).filter((path) => !(path in there));
      assert.deepEqual(appeared.toSorted(), [...said.wouldCopy, ...did.uploadManifests].toSorted());
      assert.deepEqual(said.problems, did.problems);
      assert.equal(foretold.code, done.code);
    });
  });
}

suite("offload", () => {
  test("leaves a list of what it brought, there as here", async (t) => {
    const remote = onDisk(t);
    const hour = writeHour(remote.dataFolder, { hour: "2026-11-22T14" });

    const { uploadManifests } = await call(
      offload,
      {},
      runOf(remote, { id: "20261122T161000000-abcdef" }),
    );

    assert.deepEqual(uploadManifests, ["uploads/vps-1/2026-11-22/20261122T161000000-abcdef.json"]);
    const [path = ""] = uploadManifests;
    const manifest = JSON.parse(readFileSync(join(remote.folder, path), "utf8"));
    assert.deepEqual(
      manifest.files.map((file: { path: string; how: string }) => [file.path, file.how]),
      [hour.data, hour.index, hour.sums, hour.manifest].map((file) => [file, "copied"]),
    );
    assert.equal((await receiptOf(remote, path))?.state, "verified");
  });

  test("sends the manifest only after the other files of its hour were seen there", async (t) => {
    const remote = aRemote(t, "rclone");
    if (remote === undefined) return;
    const hour = writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
    const { children, commands } = countingChildren();
    const copies: string[] = [];
    const run = runOf(remote, {
      children: {
        run(command) {
          if (command.args[0] === "copy") copies.push(command.stdin ?? "");
          return children.run(command);
        },
      },
    });

    await call(offload, {}, run);

    assert.deepEqual(copies.slice(0, 2), [
      `${hour.data}\n${hour.index}\n${hour.sums}\n`,
      `${hour.manifest}\n`,
    ]);
    assert.deepEqual(commands, ["copy", "lsjson", "copy", "lsjson", "copy", "lsjson"]);
  });

  test("refuses a sealed file that is no longer what its manifest says, and sends the rest", async (t) => {
    const remote = onDisk(t);
    const damaged = writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
    writeHour(remote.dataFolder, { hour: "2026-11-22T15" });
    const path = join(remote.dataFolder, "archive", damaged.data);
    const bytes = readFileSync(path);
    bytes[12] = (bytes[12] ?? 0) ^ 1;
    writeFileSync(path, bytes);

    const error = await failure(call(offload, {}, runOf(remote)));

    assert.equal(error.code, "LOCAL_DIFFERS");
    assert.match(error.details.join("\n"), /hour=14\/vps-1\.jsonl\.gz {3}refused: /);
    assert.ok(!existsSync(join(remote.folder, damaged.data)));
    assert.ok(!existsSync(join(remote.folder, damaged.manifest)));
    const { files } = error.result as { files: Record<string, number> };
    assert.deepEqual(files, { ...none, verified: 2 + 4 + 1, refused: 1, pending: 1 });
  });

  test("refuses an hour whose manifest cannot be read, and sends the rest", async (t) => {
    const remote = onDisk(t);
    const damaged = writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
    writeHour(remote.dataFolder, { hour: "2026-11-22T15", seq: 2 });
    writeFileSync(join(remote.dataFolder, "archive", damaged.manifest), "{}");

    const error = await failure(call(offload, {}, runOf(remote)));

    assert.equal(error.code, "LOCAL_DIFFERS");
    assert.ok(!existsSync(join(remote.folder, damaged.data)));
    assert.equal((error.result as { copied: number }).copied, 4 + 1);
  });

  test("names what is no file to send beside the hours, whatever was left there, and sends the rest", async (t) => {
    const remote = onDisk(t);
    writeHour(remote.dataFolder, { hour: "2026-11-22T15" });
    writeLoose(remote.dataFolder, "reports/z/vps-1.gaps.json", "{}");
    const reports = join(remote.dataFolder, "reports");
    symlinkSync("/etc", join(reports, "a-folder"));
    symlinkSync("/nowhere", join(reports, "dangling"));
    writeFileSync(join(reports, "two\nlines"), "x");

    const error = await failure(call(offload, {}, runOf(remote)));

    assert.equal(error.code, "LOCAL_DIFFERS");
    const { files, problems } = error.result as Offloaded;
    assert.deepEqual(files, { ...none, verified: 4 + 1 + 1, refused: 3 });
    assert.deepEqual(
      problems.map(({ path }) => path),
      ["reports/a-folder", "reports/dangling", "reports/two\nlines"],
    );
    assert.equal(readFileSync(join(remote.folder, "reports/z/vps-1.gaps.json"), "utf8"), "{}");
  });

  test("looks only at hours that ended by --as-of, and leaves what is not finished", async (t) => {
    const remote = onDisk(t);
    writeHour(remote.dataFolder, { hour: "2026-11-22T13" });
    writeHour(remote.dataFolder, { hour: "2026-11-22T14", manifest: false });
    writeHour(remote.dataFolder, { hour: "2026-11-22T15" });
    writeLoose(remote.dataFolder, "reports/2026-11-22.provisional.json", "{}");
    writeLoose(remote.dataFolder, "reports/.2026-11-22.json.tmp", "{}");

    const { files } = await call(
      offload,
      {},
      runOf(remote, { asOf: Date.parse("2026-11-22T15:30:00Z") }),
    );

    assert.deepEqual(files, { ...none, verified: 5 });
    assert.ok(Object.keys(contentsOf(remote.folder)).every((path) => /hour=13|uploads/.test(path)));
  });

  test("takes no more than its bounds, oldest first, and says how much is left", async (t) => {
    const remote = onDisk(t);
    for (const hour of ["2026-11-22T12", "2026-11-22T13", "2026-11-22T14"])
      writeHour(remote.dataFolder, { hour });

    const first = await call(offload, { hoursMax: 1 }, runOf(remote));
    const second = await call(offload, { filesMax: 5 }, runOf(remote));

    assert.deepEqual([first.files.verified, first.files.pending], [4 + 1, 8]);
    assert.deepEqual([second.copied, second.files.pending], [4 + 1, 4]);
    assert.ok(
      existsSync(join(remote.folder, "venue=polymarket/stream=books/date=2026-11-22/hour=12")),
    );
  });

  test("copies anew what another remote has: receipts count for their own remote only", async (t) => {
    const remote = onDisk(t);
    writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
    await call(offload, {}, runOf(remote));
    const other = {
      ...remote,
      folder: `${remote.folder}-2`,
      settings: settingsOf(`dir:${remote.folder}-2`),
    };

    const { copied } = await call(offload, {}, runOf(other));

    assert.equal(copied, 4 + 2);
    assert.deepEqual(contentsOf(other.folder), shouldBeThere(remote.dataFolder));
  });

  test("waits for what was sent and is not in the listing yet, and does not send it again", async (t) => {
    const remote = aRemote(t, "rclone");
    if (remote === undefined) return;
    const hour = writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
    // A listing that lags behind: it looks at a folder where nothing is yet.
    const lagging = countingChildren((args) =>
      args[0] === "lsjson" ? args.map((arg) => (arg === "plain:" ? "plain:elsewhere" : arg)) : args,
    );
    const run = runOf(remote, { children: lagging.children });

    const first = await call(offload, {}, run);
    assert.deepEqual(first.files, { ...none, "uploaded-unverified": 3, pending: 1 });
    assert.equal((await receiptOf(remote, hour.data))?.state, "uploaded-unverified");

    const seen = countingChildren();
    const second = await call(offload, {}, { ...run, children: seen.children });
    assert.deepEqual(
      [second.found, second.copied],
      [3, 1 + 1],
      "seen now; the manifest and the upload manifest follow",
    );
    assert.deepEqual(seen.commands.slice(0, 2), ["lsjson", "copy"]);
    assert.equal(second.files.verified, 5);
  });

  test("sends again what has not appeared within an hour", async (t) => {
    const remote = aRemote(t, "rclone");
    if (remote === undefined) return;
    writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
    const lost = countingChildren((args) =>
      args[0] === "copy" ? args.map((arg) => (arg === "plain:" ? "plain:lost" : arg)) : args,
    );
    const run = runOf(remote, { children: lost.children });
    await call(offload, {}, run);

    run.clock.step(listingLagMsMax - 1);
    const early = await call(offload, {}, { ...run, children: countingChildren().children });
    run.clock.step(1);
    const late = await call(offload, {}, { ...run, children: countingChildren().children });

    assert.deepEqual([early.copied, early.files["uploaded-unverified"]], [0, 3]);
    assert.deepEqual([late.copied, late.files.verified], [4 + 1, 5]);
  });

  test("names each file that could not be copied, and copies it in the next run", async (t) => {
    const remote = onDisk(t);
    const hour = writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
    const blocked = join(remote.folder, hour.data, "..");
    mkdirSync(join(blocked, ".."), { recursive: true });
    writeFileSync(blocked, "a file where a folder must be");

    const error = await failure(call(offload, {}, runOf(remote)));
    rmSync(blocked);
    const { copied } = await call(offload, {}, runOf(remote));

    assert.deepEqual([error.code, error.exit], ["UPLOAD_FAILED", "unavailable"]);
    assert.match(error.details.join("\n"), /hour=14\/vps-1\.sha256 {3}failed: /);
    assert.equal(copied, 4 + 1);
  });

  test("stops asking when the remote is full, says so once, and goes on when there is room", async (t) => {
    const remote = onDisk(t);
    for (const hour of ["2026-11-22T13", "2026-11-22T14"])
      writeHour(remote.dataFolder, { hour, text: hour });
    writeLoose(remote.dataFolder, "reports/2026-11-21.json", "{}");
    const run = runOf(remote, { files: fullAfter(remote.folder, 2) });

    const error = await failure(call(offload, {}, run));
    const rest = await call(offload, {}, runOf(remote));

    assert.deepEqual([error.code, error.exit], ["REMOTE_FULL", "unavailable"]);
    assert.match(error.message, /^8 files: wait, since dir:.* has no room left$/);
    assert.match(error.details[0] ?? "", /no space left on device/);
    assert.match(error.next ?? "", /make room there, or set HOURBOOK_REMOTE/);
    const { files } = error.result as Offloaded;
    // Two of six files of the hours were written; their manifests, the report and the list of the two wait.
    assert.deepEqual(files, { ...none, verified: 2, quota: 4, pending: 4 });
    assert.equal(run.logged.filter(({ level }) => level === "warn").length, 1);
    assert.deepEqual([rest.copied, rest.files.verified], [4 + 2 + 1 + 2, 11]);
  });

  test("says how much is sent while it is being sent", async (t) => {
    const remote = aRemote(t, "rclone");
    if (remote === undefined) return;
    const text = createHash("shake256", { outputLength: 500_000 }).update("a").digest("hex");
    writeHour(remote.dataFolder, { hour: "2026-11-22T14", text });
    const said: [number, number, string][] = [];
    const progress = (...update: [number, number, string]): void => void said.push(update);

    await call(offload, { bandwidth: "300K" }, { ...runOf(remote), progress });

    const [first] = said;
    assert.ok(said.length > 1 && first !== undefined);
    assert.ok(first[0] > 0 && first[0] < first[1], `${first.join(" ")} is on the way`);
    assert.deepEqual(said.at(-1), [0.5, 0.5, "MB"]);
  });

  test("waits for what a killed run's rclone may still bring, before it copies", async (t) => {
    const remote = aRemote(t, "rclone");
    if (remote === undefined) return;
    writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
    const stop = new AbortController();
    const killing: Children = {
      run(command) {
        if (command.args[0] === "copy") stop.abort(new Killed("while it copied"));
        return systemChildren(["rclone"]).run(command);
      },
    };
    await assert.rejects(
      call(offload, {}, runOf(remote, { children: killing, signal: stop.signal })),
      Killed,
    );
    const clock = virtualClock({ start: Date.parse("2026-11-22T16:10:00Z") });
    const machine = virtualMachine({ clock });
    const children = machine.children(["rclone"]);
    const run = runOf(remote, { clock, files: machine.files, children });

    const { files } = await clock.runUntil(call(offload, {}, run));
    const next = runOf(remote, { clock: run.clock });
    writeHour(remote.dataFolder, { hour: "2026-11-22T15" });
    await call(offload, {}, next);

    assert.equal(files.verified, 5);
    assert.equal(run.clock.now() - run.startedAt, quietMs);
    assert.match(run.logged[0]?.message ?? "", /^a copy was cut off: waiting 10 s/);
    assert.equal(next.clock.now(), next.startedAt, "only once");
  });

  test("is refused (78) where the remote lies in the data folder, or without rclone's configuration", async (t) => {
    const { dataFolder } = onDisk(t);
    const inside = { dataFolder, folder: "", settings: settingsOf(`dir:${dataFolder}/offsite`) };
    const missing = {
      dataFolder,
      folder: "",
      settings: settingsOf("rclone:gd:hourbook", "/nowhere/rclone.conf"),
    };

    const first = await failure(call(offload, {}, runOf(inside)));
    const second = await failure(call(offload, {}, runOf(missing)));

    assert.deepEqual([first.code, first.exit], ["REMOTE_IN_DATA", "configuration"]);
    assert.deepEqual([second.code, second.exit], ["REMOTE_CONFIG", "configuration"]);
    assert.match(second.message, /no rclone configuration at \/nowhere\/rclone\.conf/);
  });

  test("says that the configuration does not know the remote", async (t) => {
    const remote = aRemote(t, "rclone");
    if (remote === undefined) return;
    writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
    const settings = settingsOf("rclone:nosuch:x", remote.settings.HOURBOOK_RCLONE_CONFIG);

    const error = await failure(call(offload, {}, runOf({ ...remote, settings })));

    assert.deepEqual([error.code, error.exit], ["REMOTE_CONFIG", "configuration"]);
    assert.match(error.message, /knows no remote of the name in rclone:nosuch:x/);
  });

  test("loses nothing and finishes the next time, killed at any call", async (t) => {
    for (let at = 1, isDone = false; !isDone; at += killStride) {
      const remote = onDisk(t);
      writeHour(remote.dataFolder, { hour: "2026-11-22T14" });
      const here = contentsOf(join(remote.dataFolder, "archive"));
      const killed = killedAt(at);
      try {
        await call(offload, {}, runOf(remote, { files: killed.files }));
        isDone = killed.calls() < at;
      } catch (error) {
        assert.ok(error instanceof Killed || error instanceof OperatorError, String(error));
      }
      assertNoHalfFiles(remote.folder, remote.dataFolder, at);

      const { files } = await call(offload, {}, runOf(remote, { files: killedAt(Infinity).files }));

      assert.ok(
        files.verified >= 5 && sum(files) === files.verified,
        `killed at ${at}: ${JSON.stringify(files)}`,
      );
      assert.deepEqual(contentsOf(join(remote.dataFolder, "archive")), here, `killed at ${at}`);
      assert.deepEqual(
        contentsOf(remote.folder),
        shouldBeThere(remote.dataFolder),
        `killed at ${at}`,
      );
      rmSync(remote.dataFolder, { recursive: true });
      rmSync(remote.folder, { recursive: true });
    }
  });
});

const none = {
  verified: 0,
  pending: 0,
  "uploaded-unverified": 0,
  conflict: 0,
  duplicate: 0,
  quota: 0,
  failed: 0,
  refused: 0,
};

/** A disk that takes so many files below a folder, and then none. */
function fullAfter(folder: string, files: number): Files {
  let made = 0;
  const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  return {
    ...systemFiles,
    open(path, mode) {
      const isThere = mode === "create" && path.startsWith(folder);
      if (isThere) made += 1;
      return isThere && made > files ? Promise.reject(full) : systemFiles.open(path, mode);
    },
  };
}

/** Under its own name each file is there whole or not at all. */
function assertNoHalfFiles(there: string, dataFolder: string, at: number): void {
  const here = shouldBeThere(dataFolder);
  for (const [path, text] of Object.entries(contentsOf(there))) {
    if (!/\/\.[^/]+\.tmp$/.test(path)) assert.equal(text, here[path], `killed at ${at}: ${path}`);
  }
}

function sum(files: Record<string, number>): number {
  return Object.values(files).reduce((total, count) => total + count, 0);
}
