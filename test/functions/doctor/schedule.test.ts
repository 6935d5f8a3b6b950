/** A schedule that is right by its schema can still record nothing: each test is one that does not work. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { examine } from "../../../functions/doctor/examine.ts";
import { scheduleCheck } from "../../../functions/doctor/schedule.ts";
import { loadFunctions } from "../../../runtime/load.ts";
import { readSchedules } from "../../../runtime/schedules.ts";
import { writeHour } from "../../support/hours.ts";
import { type Patient, aPatient, textOf } from "../../support/patient.ts";
import { settingsOf } from "../../support/remotes.ts";

const poll = { cron: "*/10 * * * * *", timeout: "9s" };
const whole = {
  discover: { cron: "3 */10 * * * *" },
  "snapshot-poll": poll,
  "seal-hour": { cron: "2 * * * *" },
  "build-manifest": { cron: "5 * * * *" },
  offload: { cron: "10 * * * *" },
  scrub: { cron: "30 2 * * *" },
  prune: { cron: "50 3 * * *", input: { allowSameDisk: true } },
};

async function found(patient: Patient, schedule: object, settings = {}): Promise<string> {
  const schedules = readSchedules(JSON.stringify(schedule), await loadFunctions());
  const configuration = { schedules, wrongSettings: new Set<string>(), refusals: [] };
  return textOf(await examine(patient.run({ configuration, settings }), [scheduleCheck]));
}

suite("a schedule", () => {
  const cases: [string, object, RegExp][] = [
    ["that fires everything is well", whole, /^ok {2}valid; 7 functions/],
    [
      "without polls records nothing",
      { ...whole, "snapshot-poll": {} },
      /^problem {2}snapshot-poll is not scheduled.*fix: in schedules\.json, snapshot-poll: "cron"/,
    ],
    [
      "with polls switched off records nothing",
      { ...whole, "snapshot-poll": { ...poll, enabled: false } },
      /^problem {2}snapshot-poll/,
    ],
    [
      "whose polls may last into the next one",
      { ...whole, "snapshot-poll": { ...poll, timeout: "10s" } },
      /^warning {2}snapshot-poll may take 10 s and comes every 10 s.*"timeout": "9s"/,
    ],
    [
      "whose polls come twice in a row now and then",
      { ...whole, "snapshot-poll": { cron: "0,58 * * * * *", timeout: "9s" } },
      /may take 9 s and comes every 2 s/,
    ],
    [
      "without seal-hour",
      { ...whole, "seal-hour": { enabled: false, cron: "2 * * * *" } },
      /^warning {2}seal-hour is not scheduled: hours stay open/,
    ],
    [
      "without prune",
      { ...whole, prune: {} },
      /^warning {2}prune is not scheduled: the disk fills up/,
    ],
    [
      "that prunes on the remote's own disk",
      { ...whole, prune: { cron: "50 3 * * *" } },
      /^warning {2}prune is scheduled and will refuse/,
    ],
  ];
  for (const [what, schedule, expected] of cases) {
    test(what, async (t) => {
      assert.match(await found((await aPatient(t)) as Patient, schedule), expected);
    });
  }

  test("that prunes what was never verified on this remote", async (t) => {
    const patient = (await aPatient(t)) as Patient;
    writeHour(patient.dataFolder, { hour: "2026-11-22T10" });

    assert.match(
      await found(patient, whole, settingsOf("rclone:gd:")),
      /^warning {2}prune is scheduled, and nothing was ever verified on rclone:gd:.*fix: npm run fn -- offload/,
    );
  });
});
