/**
 * The canary is the only thing that Hourbook deletes on a remote, so each test is a promise to the archive's owner.
 *
 * Method: the canary is written for real, to a folder and through the real rclone, plain and encrypted; then its place
 * on the remote is changed before it is to be removed.
 */
import assert from "node:assert/strict";
import { globSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import { Canary } from "../../../functions/doctor/canary.ts";
import { examine } from "../../../functions/doctor/examine.ts";
import type { DoctorRun } from "../../../functions/doctor/finding.ts";
import { remoteCheck } from "../../../functions/doctor/remote.ts";
import { fixFor } from "../../../functions/doctor/remote-words.ts";
import { openRemote } from "../../../functions/remote/remote.ts";
import { systemChildren } from "../../../runtime/doors/children.ts";
import { contentsOf } from "../../support/hours.ts";
import { type Patient, aPatient, brokenFiles, textOf } from "../../support/patient.ts";
import { virtualMachine } from "../../support/machine.ts";
import { failure, type RemoteKind, settingsOf } from "../../support/remotes.ts";

const root = join(import.meta.dirname, "../../..");

async function aCanary(t: TestContext, kind: RemoteKind) {
  const patient = await aPatient(t, { kind });
  if (patient === undefined) return undefined;
  const run = patient.run();
  const canary = new Canary(run, await openRemote(run));
  assert.deepEqual(await canary.write(), []);
  return { patient, run, canary, place: join(patient.folder, canary.path) };
}

for (const kind of ["dir", "rclone"] as const) {
  suite(`the canary on a remote that is a ${kind}`, () => {
    test("is deleted alone: its neighbours, in its own folder too, stay", async (t) => {
      const made = await aCanary(t, kind);
      if (made === undefined) return;
      const { patient, canary, place } = made;
      assert.ok(existsSync(place));
      const neighbours = Object.keys(contentsOf(patient.folder)).filter(
        (path) => path !== canary.path,
      );
      assert.equal(neighbours.length, 1);

      await canary.remove();

      assert.deepEqual(Object.keys(contentsOf(patient.folder)), neighbours);
    });

    test("is not deleted once it is anything else than what was written", async (t) => {
      const made = await aCanary(t, kind);
      if (made === undefined) return;
      const { canary, place } = made;
      // Of the same size: what lies there is told by its content.
      const other = readFileSync(place, "utf8").replace("written", "WRITTEN");
      writeFileSync(place, other);

      const error = await failure(canary.remove());

      assert.equal(error.code, "CANARY_KEPT");
      assert.equal(readFileSync(place, "utf8"), other);
    });

    test("that is gone already is no reason to delete something else", async (t) => {
      const made = await aCanary(t, kind);
      if (made === undefined) return;
      const { patient, canary, place } = made;
      rmSync(place);
      const before = contentsOf(patient.folder);

      await assert.rejects(canary.remove(), { code: "CANARY_KEPT" });

      assert.deepEqual(contentsOf(patient.folder), before);
    });
  });
}

test("the canary is not deleted where two objects have its name", async (t) => {
  const patient = (await aPatient(t)) as Patient;
  const run = patient.run();
  const remote = await openRemote(run);
  const twice = async () => {
    const [one] = await remote.list([canary.path]);
    return one === undefined ? [] : [one, { ...one, id: "another" }];
  };
  const canary = new Canary(run, { ...remote, list: twice });
  await canary.write();

  await assert.rejects(canary.remove(), { code: "CANARY_KEPT" });
  assert.ok(existsSync(join(patient.folder, canary.path)));
});

test("no other place tells rclone to delete, move or overwrite", () => {
  const command =
    /"(delete|deletefile|purge|rmdirs?|cleanup|dedupe|move|moveto|copyto|sync|bisync|rcat|settier)"/;
  const sources = globSync("{functions,runtime}/**/*.ts", { cwd: root }).map((path) => ({
    path,
    text: readFileSync(join(root, path), "utf8"),
  }));
  const asking = sources.filter(({ text }) => /rclone-process\.ts"|program: "rclone"/.test(text));
  assert.ok(asking.length >= 3);
  assert.deepEqual(
    asking.filter(({ text }) => command.test(text)).map(({ path }) => path),
    ["functions/doctor/canary.ts"],
  );
});

suite("a remote", () => {
  const look = async (run: DoctorRun): Promise<string> => textOf(await examine(run, [remoteCheck]));

  test("that takes no file is a problem, with rclone's own words", async (t) => {
    const patient = await aPatient(t, { kind: "rclone" });
    if (patient === undefined) return;
    const file = join(patient.folder, "file");
    writeFileSync(file, "");
    const settings = settingsOf(`rclone:plain:file/below`, patient.config);

    assert.match(
      await look(patient.run({ settings })),
      /^problem {2}cannot write to rclone:plain:file\/below: .*fix: rclone --config \S+ lsf -vv plain:file\/below/,
    );
  });

  test("that is a folder on a full disk is a problem", async (t) => {
    const patient = (await aPatient(t)) as Patient;
    const { open } = patient.run().files;
    const files = brokenFiles({
      open: (path, mode) =>
        path.startsWith(patient.folder) && mode !== "read"
          ? Promise.reject(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" }))
          : open(path, mode),
    });

    assert.match(
      await look(patient.run({ files })),
      /^problem {2}cannot write to dir:.*ENOSPC.*fix: make room there/,
    );
  });

  test("that shows not what was written, or shows it with other bytes, is a problem", async (t) => {
    const patient = (await aPatient(t)) as Patient;
    const { link } = patient.run().files;
    const files = brokenFiles({
      async link(from, to) {
        await link(from, to);
        if (to.startsWith(patient.folder)) writeFileSync(to, "something else");
      },
    });

    assert.match(
      await look(patient.run({ files })),
      /^problem {2}canary\/vps-1\/.* is not what was written there/,
    );
  });

  test("whose listings lag is looked at again, and named if they go on to", async (t) => {
    const patient = (await aPatient(t)) as Patient;
    const { stat } = patient.run().files;
    let looks = 0;
    const lagging = (hiddenLooks: number) =>
      brokenFiles({
        async stat(path) {
          if (!path.startsWith(join(patient.folder, "canary/vps-1/2026"))) return stat(path);
          looks += 1;
          return looks > hiddenLooks ? stat(path) : undefined;
        },
      });
    const lookAt = (hiddenLooks: number): Promise<string> => {
      looks = 0;
      const { files } = virtualMachine({ clock: patient.clock, files: lagging(hiddenLooks) });
      return patient.clock.runUntil(look(patient.run({ files })));
    };

    assert.match(
      await lookAt(100),
      /^problem .* was written and is not listed on dir:.* after 15 s; it stays there/,
    );
    // The first look is the copy's own.
    assert.match(await lookAt(3), /^ok .* deleted in 10 s/);
  });

  test("without rclone is a problem that says what to install", async (t) => {
    const patient = await aPatient(t, { kind: "rclone" });
    if (patient === undefined) return;
    const path = process.env["PATH"];
    process.env["PATH"] = "/nonexistent";
    t.after(() => (process.env["PATH"] = path));

    const children = systemChildren(["rclone"]);
    assert.match(
      await look(patient.run({ children })),
      /rclone is not installed.*fix: apt-get install rclone/,
    );
  });

  test("is known by its words, whichever comes with it", () => {
    const run = { settings: { dataFolder: "/d", collector: "c", ...settingsOf("rclone:gd:x") } };
    for (const [words, fix] of [
      [
        "couldn't fetch token - maybe it has expired? oauth2: 400 Bad Request: invalid_grant",
        /rclone config reconnect gd:/,
      ],
      [
        "googleapi: Error 403: The user's Drive storage quota has been exceeded., storageQuotaExceeded",
        /make room/,
      ],
      ["googleapi: Error 403: User rate limit exceeded., userRateLimitExceeded", /750 GB a day/],
      ["googleapi: Error 403: Insufficient Permission, insufficientPermissions", /scope/],
      ["oauth2: cannot fetch token: 401 Unauthorized: deleted_client", /client_id/],
      ["googleapi: Error 404: File not found: abc., notFound", /root_folder_id/],
      ["dial tcp: lookup www.googleapis.com: no such host", /DNS/],
      ["tls: failed to verify certificate: x509: signed by unknown authority", /SSL_CERT_FILE/],
      ["Failed to create file system: didn't find section in config file", /rclone listremotes/],
      ["something new", /rclone lsf -vv gd:x/],
    ] as const)
      assert.match(fixFor(run as never, words), fix, words);
    const service = { settings: { ...run.settings, credentialsFolder: "/run/credentials" } };
    assert.match(
      fixFor(service as never, "invalid_grant"),
      /--config THE-FILE-OF-LoadCredential config reconnect/,
    );
  });
});
