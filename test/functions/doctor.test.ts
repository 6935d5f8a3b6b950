/**
 * doctor on a whole machine: what it finds where everything is well, that it finds every fault that was planted, and
 * that it leaves nothing behind.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, suite, test } from "node:test";
import doctor, { type DoctorResult } from "../../functions/doctor.ts";
import { systemMachine } from "../../runtime/doors/machine.ts";
import { fn } from "../../runtime/fn.ts";
import { temporaryFolder } from "../support/folder.ts";
import { contentsOf } from "../support/hours.ts";
import { type Patient, aPatient, diagnose, findingsOf, textOf } from "../support/patient.ts";
import type { RemoteKind } from "../support/remotes.ts";

const kinds: RemoteKind[] = ["dir", "rclone", "crypt"];

for (const kind of kinds) {
  test(`doctor finds no problem on a machine in good health, its remote a ${kind}, and leaves it as it was`, async (t) => {
    const patient = await aPatient(t, { kind });
    if (patient === undefined) return;
    const before = [contentsOf(patient.dataFolder), contentsOf(patient.folder)];

    const result = await diagnose(patient.run());

    assert.equal(result.problems, 0, textOf(result.findings));
    // Of a folder beside the data; of the rclone that there is, nothing is expected here.
    const expected = kind === "dir" ? ["schedule", "daemon", "remote"] : ["daemon"];
    const warned = result.findings.filter(
      ({ level, check }) => level !== "ok" && check !== "rclone",
    );
    assert.deepEqual(
      warned.map(({ check }) => check),
      expected,
      textOf(warned),
    );
    assert.match(
      textOf(findingsOf(result, "remote")),
      /ok {2}.*: a canary was written, listed, read back and deleted in/,
    );
    assert.deepEqual([contentsOf(patient.dataFolder), contentsOf(patient.folder)], before);
  });
}

suite("doctor by hand", () => {
  test("also runs where the environment and schedules.json are wrong, and says both", async (t) => {
    const patient = await aPatient(t);
    const { code, json } = await type(
      t,
      patient as Patient,
      { HOURBOOK_REMOT: "x", HOURBOOK_CLOB_URL: "nonsense" },
      '{"discover": {"cron": "61 * * * *"}, "prunne": {}}',
    );

    assert.equal(code, 65);
    const found = (check: string): string => textOf(findingsOf(json, check));
    assert.match(found("settings"), /problem {2}HOURBOOK_REMOT .*did you mean HOURBOOK_REMOTE\?/);
    assert.match(found("settings"), /problem {2}HOURBOOK_CLOB_URL .*write an address such as/);
    assert.match(found("schedule"), /problem {2}line 1 .*discover\.cron .*minute must be 0-59/);
    assert.match(found("schedule"), /problem {2}line 1 .*prunne .*did you mean "prune"\?/);
    assert.match(found("venue"), /warning {2}not checked: HOURBOOK_CLOB_URL is not right/);
    assert.match(found("data folder"), /^ok/);
    assert.match(found("remote"), /ok {2}dir:/);
  });

  test("prints a table with what to type, and exits 65 on a problem", async (t) => {
    const patient = await aPatient(t);
    const { code, stderr } = await type(t, patient as Patient, { HOURBOOK_REMOT: "x" });

    assert.equal(code, 65);
    assert.match(stderr, /^doctor failed \[FINDINGS\]: 1 problem, \d warnings$/m);
    assert.match(stderr, /^ {2}problem {2}settings {5,}HOURBOOK_REMOT {2,}is not known/m);
    assert.match(stderr, /^ {20,}fix: mend it where it is set/m);
    assert.match(stderr, /^ {2}ok {7}node {8,}Node /m);
  });

  test("shows warnings and exits 0", async (t) => {
    const patient = await aPatient(t);
    const { code, json } = await type(t, patient as Patient, {});

    assert.equal(code, 0, textOf(json.findings));
    assert.ok(json.warnings > 0);
  });
});

test("docs/functions.md says what each check finds", async (t) => {
  const { findings } = await diagnose(((await aPatient(t)) as Patient).run());
  const page = readFileSync(join(import.meta.dirname, "../../docs/functions.md"), "utf8");
  const section = /## doctor\n([\s\S]*?)\n## /.exec(page)?.[1] ?? "";
  const documented = [...section.matchAll(/^\| ([a-z ]+?) +\|/gm)].map(([, name]) => name);
  assert.deepEqual(documented.slice(1), [...new Set(findings.map(({ check }) => check))]);
});

test("doctor's function declares no more than the two reads of the venue and rclone", () => {
  const urls = {
    HOURBOOK_GAMMA_URL: "http://g",
    HOURBOOK_CLOB_URL: "http://c",
    HOURBOOK_STREAM_URL: "ws://s",
  };
  const endpoints = doctor.endpoints?.(urls as never) ?? [];
  assert.deepEqual(
    endpoints.map(({ method, url }) => `${method} ${url}`),
    ["GET http://g/markets/keyset", "POST http://c/books"],
  );
  assert.deepEqual(doctor.programs, ["rclone"]);
});

async function type(
  t: TestContext,
  patient: Patient,
  env: Record<string, string>,
  schedules?: string,
) {
  const written = { stdout: "", stderr: "" };
  const file = join(temporaryFolder(t), "schedules.json");
  if (schedules !== undefined) writeFileSync(file, schedules);
  const around = {
    env: {
      HOURBOOK_DATA: patient.dataFolder,
      HOURBOOK_REMOTE: `dir:${patient.folder}`,
      HOURBOOK_GAMMA_URL: patient.venue.gammaUrl,
      HOURBOOK_CLOB_URL: patient.venue.clobUrl,
      HOURBOOK_LOG_FILE: join(temporaryFolder(t), "log"),
      ...(schedules === undefined ? {} : { HOURBOOK_SCHEDULES: file }),
      ...env,
    },
    machine: { ...systemMachine("test"), clock: realTimeLike(patient) },
    stdout: { write: (text: string | Uint8Array) => (written.stdout += String(text)) },
    stderr: { write: (text: string) => (written.stderr += text) },
    signal: t.signal,
  };
  const code = await fn({ ...around, args: ["doctor"] });
  const { stderr } = written;
  written.stdout = "";
  assert.equal(await fn({ ...around, args: ["doctor", "--json"] }), code);
  const line = JSON.parse(written.stdout) as { result: DoctorResult };
  return { code, stderr, json: line.result };
}

// The venue's time stands still at the patient's.
function realTimeLike({ clock }: Patient) {
  const { clock: real } = systemMachine("test");
  return { ...real, now: () => clock.now() };
}
