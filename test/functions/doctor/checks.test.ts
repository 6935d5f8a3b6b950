/**
 * Each check finds its fault and says what to type.
 *
 * Method: one thing of a healthy machine is broken, on the real disk where a test may; where only another user or a
 * dying disk could, the call of the files door that would fail fails.
 */
import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { daemonCheck } from "../../../functions/doctor/daemon.ts";
import { dataFolderCheck } from "../../../functions/doctor/data-folder.ts";
import { diskCheck } from "../../../functions/doctor/disk.ts";
import { examine } from "../../../functions/doctor/examine.ts";
import type { Check, DoctorRun } from "../../../functions/doctor/finding.ts";
import { judgeNode } from "../../../functions/doctor/node.ts";
import { settingsCheck } from "../../../functions/doctor/settings.ts";
import { clockCheck, venueCheck } from "../../../functions/doctor/venue.ts";
import { systemFiles } from "../../../runtime/doors/files.ts";
import { claim, daemonLock, readNote } from "../../../runtime/locks.ts";
import { nodePinned } from "../../../runtime/version.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { type Patient, aPatient, brokenFiles, textOf } from "../../support/patient.ts";
import { isRoot, strangerUid } from "../../support/root.ts";

async function patientOf(t: TestContext, venueAheadMs = 0): Promise<Patient> {
  return (await aPatient(t, { venueAheadMs })) as Patient;
}

async function look(check: Check, run: DoctorRun): Promise<string> {
  return textOf(await examine(run, [check]));
}

function failing(code: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(`${code}: planted`), { code }));
}

suite("the data folder", () => {
  test("that every user may write to is a problem", async (t) => {
    const patient = await patientOf(t);
    chmodSync(patient.dataFolder, 0o777);

    assert.match(
      await look(dataFolderCheck, patient.run()),
      /problem .*\(0777\) can be written by every user .*fix: chmod o-w/,
    );
  });

  test("with files of another user in it is a problem, as after a run as root", async (t) => {
    if (!isRoot(t)) return;
    const patient = await patientOf(t);
    mkdirSync(join(patient.dataFolder, "state", "locks"), { recursive: true });
    for (const name of ["a", "b"]) {
      const path = join(patient.dataFolder, "state", "locks", `${name}.lock`);
      writeFileSync(path, "");
      chownSync(path, strangerUid, strangerUid);
    }

    assert.match(
      await look(dataFolderCheck, patient.run()),
      /problem .*locks\/a\.lock and 1 more belong to another user than root, who runs this .*fix: .*sudo chown -R root:/,
    );
  });

  test("that is not there is a problem", async (t) => {
    const patient = await patientOf(t);
    rmSync(patient.dataFolder, { recursive: true });

    assert.match(
      await look(dataFolderCheck, patient.run()),
      /problem .* is not there .*fix: sudo install -d/,
    );
  });

  for (const [what, broken, expected] of [
    [
      "takes no file",
      { open: failing("EROFS") },
      /problem {2}cannot write in .*EROFS.*set HOURBOOK_DATA/,
    ],
    [
      "is full",
      { open: failing("ENOSPC") },
      /problem {2}cannot write in .*ENOSPC.*npm run fn -- prune/,
    ],
    [
      "has no hard links",
      { link: failing("EPERM") },
      /problem {2}cannot link in .*EPERM.*ext4, xfs, btrfs/,
    ],
    [
      "has no locks",
      { lock: failing("ENOLCK") },
      /problem {2}cannot lock a file in .*ENOLCK.*local filesystem/,
    ],
    [
      "does not sync folders",
      { syncFolder: failing("EINVAL") },
      /problem {2}cannot fsync a folder in /,
    ],
  ] as const) {
    test(`on a filesystem that ${what} is a problem, and nothing stays behind`, async (t) => {
      const patient = await patientOf(t);

      assert.match(
        await look(dataFolderCheck, patient.run({ files: brokenFiles(broken) })),
        expected,
      );
      assert.deepEqual((await systemFiles.list(join(patient.dataFolder, "state"))).length, 0);
    });
  }

  test("on a disk that takes seconds to sync is a warning; one that fails to, a problem", async (t) => {
    const patient = await patientOf(t);
    const syncing = (syncData: () => Promise<void>) =>
      brokenFiles({
        open: async (...args) => ({ ...(await systemFiles.open(...args)), syncData }),
      });
    const slow = syncing(async () => patient.clock.block(3_000));

    assert.match(
      await look(dataFolderCheck, patient.run({ files: slow })),
      /warning .*fdatasync took 3 s .*fix: iostat/,
    );
    assert.match(
      await look(dataFolderCheck, patient.run({ files: syncing(failing("EIO")) })),
      /problem {2}cannot fdatasync in .*EIO.*fix: dmesg/,
    );
  });
});

suite("the disk", () => {
  const megabyte = 1024 ** 2;
  for (const [free, expected] of [
    [500, /warning {2}500 MB of 98 GB free.*polls stop at 128 MB/],
    [100, /problem {2}100 MB of 98 GB free.*polls are stopped below 128 MB.*npm run fn -- prune/],
    [50_000, /ok {2}49 GB of 98 GB free/],
  ] as const) {
    test(`with ${free} MB free`, async (t) => {
      const patient = await patientOf(t);
      const space = async () => ({ freeBytes: free * megabyte, totalBytes: 100_000 * megabyte });

      assert.match(await look(diskCheck, patient.run({ files: brokenFiles({ space }) })), expected);
    });
  }
});

suite("the daemon", () => {
  test("that does not run is a warning", async (t) => {
    const patient = await patientOf(t);

    assert.match(
      await look(daemonCheck, patient.run()),
      /warning {2}no daemon is running.*fix: systemctl start hourbook/,
    );
  });

  test("that runs is named", async (t) => {
    const patient = await patientOf(t);
    await systemFiles.makeFolder(join(patient.dataFolder, "state", "locks"));
    const since = "2026-11-22T15:00:00.000Z";
    const claimed = await claim(systemFiles, daemonLock(patient.dataFolder), { pid: 812, since });
    assert.ok("claim" in claimed);
    t.after(() => claimed.claim.release());
    claimed.claim.note();
    // Written while its holder is already at work.
    const { note } = daemonLock(patient.dataFolder);
    while ((await readNote(systemFiles, note)) === undefined) t.signal.throwIfAborted();

    assert.match(
      await look(daemonCheck, patient.run()),
      /ok {2}running as pid 812 since 2026-11-22T15:00:00.000Z/,
    );
  });
});

suite("the venue", () => {
  for (const [kind, expected] of [
    ["503", /warning .*\/books: HTTP 503.*fix: wait/],
    ["429", /warning .*\/books: HTTP 429.*fix: wait a minute/],
    ["403-html", /problem .*\/books: HTTP 403.*fix: this machine's address or country/],
    ["garbage", /warning .*\/books: not the JSON asked for/],
    ["reset", /problem .*\/books.*fix: curl/],
    ["redirect", /problem .*\/books redirects to .*: not followed/],
  ] as const) {
    test(`that answers the books with ${kind}`, async (t) => {
      const patient = await patientOf(t);
      patient.venue.faults.inject({ kind, on: "books" });

      const found = await look(venueCheck, patient.run());
      assert.match(found, expected);
      assert.match(found, /^ok {2}.*\/markets\/keyset answers in/);
    });
  }

  test("that cannot be reached is a problem, and the clock is not known", async (t) => {
    const patient = await patientOf(t);
    await patient.venue.close();

    assert.match(
      await look(venueCheck, patient.run()),
      /problem .*ECONNREFUSED.*fix: curl .*\n.*problem/,
    );
    assert.match(await look(clockCheck, patient.run()), /warning {2}not known/);
  });
});

suite("the clock", () => {
  for (const [aheadMs, expected] of [
    [0, /^ok {2}500 ms behind the venue's, give or take 500 ms/],
    [-60_000, /^problem {2}59.5 s ahead of the venue's/],
    [3_000, /^warning {2}3.5 s behind the venue's.*fix: timedatectl set-ntp true/],
    [86_400_000, /^problem {2}1d 1s behind the venue's/],
  ] as const) {
    test(`of a machine whose venue is ${aheadMs / 1_000} s ahead`, async (t) => {
      const patient = await patientOf(t, aheadMs);

      assert.match(await look(clockCheck, patient.run()), expected);
    });
  }

  test("is told by the markets if the books do not answer", async (t) => {
    const patient = await patientOf(t, -60_000);
    patient.venue.faults.inject({ kind: "reset", on: "books" });

    assert.match(await look(clockCheck, patient.run()), /^problem {2}59.5 s ahead of the venue's/);
  });

  test("is not told by an answer out of a cache, whose date may be an old one", async (t) => {
    const patient = await patientOf(t);
    const headers = { date: "Sun, 22 Nov 2026 16:05:00 GMT", age: "300" };
    const answer = { status: 200, headers, body: Buffer.from("[]") };
    const http = { request: async () => answer };

    assert.match(await look(clockCheck, patient.run({ http })), /^warning {2}not known/);
  });
});

suite("Node", () => {
  test("is as pinned, or a warning names both", () => {
    assert.equal(judgeNode(nodePinned).level, "ok");
    assert.match(
      textOf([judgeNode("26.99.0")]),
      /warning {2}Node 26\.99\.0 is not the one.*fix: npm ci/,
    );
  });
});

suite("a .env file", () => {
  test("that others can read is a warning", async (t) => {
    const patient = await patientOf(t);
    const [before, folder] = [process.cwd(), temporaryFolder(t)];
    process.chdir(folder);
    t.after(() => process.chdir(before));
    writeFileSync(".env", "HOURBOOK_HEALTHCHECK_URL=https://hc-ping.com/x\n", { mode: 0o644 });

    assert.match(
      await look(settingsCheck, patient.run()),
      /warning .*\.env can be read by every user.*fix: chmod 600/,
    );
    chmodSync(".env", 0o600);
    assert.match(await look(settingsCheck, patient.run()), /^ok/);
  });
});

suite("a check", () => {
  test("that hangs is a problem after its time, and the others are made", async (t) => {
    const patient = await patientOf(t);
    const hanging: Check = { name: "hangs", limitMs: 20_000, look: () => new Promise(() => {}) };
    const deaf: Check = {
      name: "throws",
      limitMs: 20_000,
      look() {
        throw new Error("a bug");
      },
    };

    const found = await patient.clock.runUntil(
      examine(patient.run(), [
        hanging,
        deaf,
        { name: "well", limitMs: 1, look: () => [{ level: "ok", what: "well" }] },
      ]),
    );

    assert.deepEqual(
      found.map(({ check, level, what }) => `${check} ${level} ${what}`),
      ["hangs problem no answer within 20 s", "throws problem a bug", "well ok well"],
    );
  });

  test("is asked to stop when its time is over, and when the run is", async (t) => {
    const patient = await patientOf(t);
    const signals: AbortSignal[] = [];
    const hanging: Check = {
      name: "hangs",
      limitMs: 20_000,
      look: ({ signal }) => new Promise(() => signals.push(signal)),
    };
    await patient.clock.runUntil(examine(patient.run(), [hanging]));
    assert.equal(signals[0]?.aborted, true);

    const stop = new AbortController();
    const stopped = examine(patient.run({ signal: stop.signal }), [hanging]);
    stop.abort(new Error("Ctrl-C"));
    await assert.rejects(stopped, /Ctrl-C/);
  });
});
