/**
 * The environment is the only place where a machine's particulars stand, so a slip there must be said at start.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { join } from "node:path";
import * as v from "valibot";
import { OperatorError } from "../../runtime/errors.ts";
import { type AnyFunction, defineFunction } from "../../runtime/function.ts";
import { collectorOf, readSettings } from "../../runtime/settings.ts";

const project = join(import.meta.dirname, "..", "..");
const remote = v.optional(
  v.pipe(v.string(), v.regex(/^(dir|rclone):/, 'write "dir:FOLDER"')),
  "dir:./offsite",
);

function declaring(settings: AnyFunction["settings"]): AnyFunction {
  return defineFunction({
    input: v.strictObject({}),
    settings,
    run: async () => ({}),
    summary: () => "",
  });
}

const functions = new Map([
  [
    "offload",
    declaring({ HOURBOOK_REMOTE: remote, HOURBOOK_RCLONE_CONFIG: v.optional(v.string()) }),
  ],
  ["prune", declaring({ HOURBOOK_REMOTE: remote })],
  ["seal-hour", declaring({})],
]);

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readSettings(env, functions);
  } catch (error) {
    assert.ok(error instanceof OperatorError);
    assert.deepEqual(
      [error.code, error.exit, error.safe, error.next],
      [
        "BAD_SETTINGS",
        "configuration",
        "Nothing was started.",
        "mend them all, then npm start -- --check",
      ],
    );
    return [error.message, ...error.details];
  }
  return [];
}

suite("settings", () => {
  test("have a default for everything", () => {
    const { core, schedulesFile, logLevel, logFile, healthcheckUrl } = readSettings({}, functions);

    assert.equal(core.dataFolder, join(process.cwd(), "data"));
    assert.match(core.collector, /^[A-Za-z0-9-]+$/);
    assert.equal(schedulesFile, join(project, "schedules.json"));
    assert.deepEqual([logLevel, logFile, healthcheckUrl], ["info", undefined, undefined]);
  });

  test("name the collector after the host's first label, other characters as -", () => {
    assert.equal(collectorOf("vps_1.example.org"), "vps-1");
    assert.equal(collectorOf(""), "collector");
  });

  test("make paths absolute", () => {
    const { core, logFile } = readSettings(
      { HOURBOOK_DATA: "here", HOURBOOK_LOG_FILE: "log" },
      functions,
    );

    assert.equal(core.dataFolder, join(process.cwd(), "here"));
    assert.equal(logFile, join(process.cwd(), "log"));
  });

  test("hand a function the core and what it declares, no more", () => {
    const settings = readSettings({ HOURBOOK_REMOTE: "rclone:drive:books" }, functions);

    assert.deepEqual(settings.of("prune"), {
      ...settings.core,
      HOURBOOK_REMOTE: "rclone:drive:books",
    });
    assert.deepEqual(settings.of("seal-hour"), { ...settings.core });
    assert.deepEqual(settings.of("nobody"), { ...settings.core });
  });

  test("take an empty value for none, as an environment file may hold it", () => {
    assert.equal(readSettings({ HOURBOOK_LOG_FILE: "" }, functions).logFile, undefined);
  });

  test("refuse unknown names, with the one that was meant", () => {
    assert.deepEqual(problemsOf({ HOURBOOK_REMOT: "x", HOURBOOK_RCLONECONFIG: "x", OTHER: "x" }), [
      "the environment has 2 problems",
      "HOURBOOK_RCLONECONFIG    is not known; did you mean HOURBOOK_RCLONE_CONFIG?",
      "HOURBOOK_REMOT           is not known; did you mean HOURBOOK_REMOTE?",
    ]);
  });

  test("name what is known where nothing is near", () => {
    const [, problem] = problemsOf({ HOURBOOK_COLOUR_SCHEME: "x" });

    assert.match(
      problem ?? "",
      /^HOURBOOK_COLOUR_SCHEME {4}is not known; known: HOURBOOK_DATA, .*HOURBOOK_REMOTE/,
    );
  });

  test("tell all problems at once", () => {
    assert.deepEqual(
      problemsOf({
        HOURBOOK_COLLECTOR: "vps_1",
        HOURBOOK_LOG_LEVEL: "loud",
        HOURBOOK_REMOTE: "s3:x",
        HOURBOOK_X: "",
      }).slice(2),
      [
        'HOURBOOK_COLLECTOR  "vps_1"  write letters, digits and "-" only',
        'HOURBOOK_LOG_LEVEL  "loud"   must be "debug" or "info" or "warn" or "error"',
        'HOURBOOK_REMOTE     "s3:x"   write "dir:FOLDER"',
      ],
    );
  });

  test("do not show what may be a secret: a health-check URL is its own password", () => {
    const shown = problemsOf({ HOURBOOK_HEALTHCHECK_URL: "hc-ping.com/5f2c-secret" });

    assert.deepEqual(shown.slice(1), [
      "HOURBOOK_HEALTHCHECK_URL  (hidden)  write an http or https URL, without user name or #",
    ]);
  });

  test("have one meaning each: two schemas for one name are a bug", () => {
    const twice = new Map([
      ...functions,
      ["restore", declaring({ HOURBOOK_REMOTE: v.optional(v.string()) })],
    ]);

    assert.throws(
      () => readSettings({}, twice),
      /restore declares HOURBOOK_REMOTE anew; share its schema/,
    );
  });
});
