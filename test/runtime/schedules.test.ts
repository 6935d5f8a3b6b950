/**
 * A schedules file is accepted whole or refused whole, with every problem at once, each on its line.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as v from "valibot";
import { OperatorError, describeError } from "../../runtime/errors.ts";
import { type AnyFunction, defineFunction } from "../../runtime/function.ts";
import { readSchedules } from "../../runtime/schedules.ts";
import { duration } from "../../runtime/time.ts";

const nothing = { settings: {}, run: async () => ({}), summary: () => "" };
const functions = new Map<string, AnyFunction>([
  [
    "discover",
    defineFunction({
      ...nothing,
      input: v.strictObject({
        markets: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 100),
        tokens: v.optional(v.picklist(["both", "first"]), "both"),
        settle: v.optional(duration, "60s"),
        include: v.optional(v.array(v.string()), []),
      }),
    }),
  ],
  ["prune", defineFunction({ ...nothing, input: v.strictObject({}) })],
  ["read", defineFunction({ ...nothing, input: v.strictObject({ token: v.string() }) })],
]);

function problemsOf(text: string): string[] {
  try {
    readSchedules(text, functions);
  } catch (error) {
    assert.ok(error instanceof OperatorError);
    assert.deepEqual([error.code, error.exit], ["BAD_SCHEDULES", "configuration"]);
    return [...error.details];
  }
  return [];
}

function described(text: string): string {
  try {
    readSchedules(text, functions);
  } catch (error) {
    return describeError("hourbook", error);
  }
  return "";
}

suite("schedules", () => {
  test("fill in what an entry leaves away", () => {
    assert.deepEqual(
      readSchedules('{"discover": {"input": {"settle": "5m"}}}', functions).entries.get("discover"),
      {
        name: "discover",
        cron: undefined,
        timezone: "UTC",
        timeoutMs: 300_000,
        input: { markets: 100, tokens: "both", settle: 300_000, include: [] },
        writtenInput: { settle: "5m" },
        enabled: true,
        atStart: false,
      },
    );
  });

  test("are named by their text", () => {
    assert.equal(readSchedules("{}", functions).revision, "44136fa355b3");
    assert.notEqual(readSchedules("{ }", functions).revision, "44136fa355b3");
  });

  test("may name their JSON Schema, which is no function", () => {
    assert.equal(
      readSchedules('{"$schema": "./runtime/schedules.schema.json"}', functions).entries.size,
      0,
    );
  });

  test("need what a function needs only where it fires: by hand, flags give it", () => {
    assert.deepEqual(problemsOf('{"read": {}}'), []);
    assert.deepEqual(problemsOf('{"read": {"cron": "* * * * *"}}'), [
      "line 1  read.input.token    is missing",
    ]);
    assert.deepEqual(problemsOf('{"read": {"atStart": true}}'), [
      "line 1  read.input.token    is missing",
    ]);
  });

  test("are refused with all problems at once, each with its line", () => {
    const text = `{
  "discover": {
    "cron": "61 * * * *",
    "timezone": "Europe/Berln",
    "timeot": "5m",
    "input": {
      "markets": 0.5,
      "tokens": "second",
      "settle": "5 minutes",
      "include": ["a", 5],
      "token": 1
    }
  },
  "prunne": {},
  "prune": { "cron": "0 0 31 2 *", "timeout": "0s", "enabled": "yes", "atStart": 1 },
  "read": { "timeout": "5 minutes", "input": [] }
}`;
    assert.equal(
      described(text),
      `hourbook failed [BAD_SCHEDULES]: schedules.json has 16 problems
  line 3   discover.cron             "61 * * * *"    minute must be 0-59
  line 4   discover.timezone         "Europe/Berln"  unknown timezone; did you mean "Europe/Berlin"?
  line 5   discover.timeot                           is not known; did you mean "timeout"?
  line 7   discover.input.markets    0.5             must be a whole number
  line 7   discover.input.markets    0.5             must be at least 1
  line 8   discover.input.tokens     "second"        must be "both" or "first"
  line 9   discover.input.settle     "5 minutes"     write a number and a unit (ms, s, m, h, d), such as "5m"
  line 10  discover.input.include.1  5               must be text
  line 11  discover.input.token                      is not known; did you mean "tokens"?
  line 14  prunne                                    no file functions/prunne.ts; did you mean "prune"?
  line 15  prune.timeout             "0s"            must be more than 0 and at most 24h
  line 15  prune.enabled             "yes"           must be true or false
  line 15  prune.atStart             1               must be true or false
  line 15  prune.cron                "0 0 31 2 *"    never comes: there is no such date
  line 16  read.timeout              "5 minutes"     write a number and a unit (ms, s, m, h, d), such as "5m"
  line 16  read.input                []              must be an object
  Nothing was started.
  Next: mend them all, then npm start -- --check`,
    );
  });

  test("are called in errors as the operator called them", () => {
    assert.throws(() => readSchedules("[]", functions, "/etc/hourbook/schedules.json"), {
      message: "/etc/hourbook/schedules.json has 1 problem",
    });
  });
});

suite("a schedules file is refused:", () => {
  const refused: [string, string, string][] = [
    ["an entry that is no object", '{"prune": true}', "line 1  prune  true  must be an object"],
    ["an entry that is a list", '{"prune": []}', "line 1  prune  []  must be an object"],
    [
      "a file that is a list",
      "\n[]",
      'line 2    []  write one object: {"discover": {"cron": …}, …}',
    ],
    ["a cron that is no text", '{"prune": {"cron": 5}}', "line 1  prune.cron  5  must be text"],
    [
      "a cron in an unknown timezone, once",
      '{"prune": {"cron": "* * * * *", "timezone": "Mars"}}',
      'line 1  prune.timezone  "Mars"  unknown timezone; write an IANA name, such as "Europe/Berlin"',
    ],
    [
      "a timeout over a day",
      '{"prune": {"timeout": "2d"}}',
      'line 1  prune.timeout  "2d"  must be more than 0 and at most 24h',
    ],
    [
      "input for a function that takes none",
      '{"prune": {"input": {"days": 1}}}',
      "line 1  prune.input.days    is not known; known: none",
    ],
    [
      "a function far from any other",
      '{"frobnicate": {}}',
      "line 1  frobnicate    no file functions/frobnicate.ts; functions: discover, prune, read",
    ],
    [
      "an entry that stands twice, which JSON would let pass",
      '{"prune": {},\n"prune": {}}',
      "line 2  prune    stands on line 1 already; keep one of the two",
    ],
    [
      "a key that stands twice deep inside",
      '{"discover": {"input": {\n"markets": 1,\n"markets": 2}}}',
      "line 3  discover.input.markets    stands on line 2 already; keep one of the two",
    ],
    [
      "a comma too many",
      '{\n  "prune": {},\n}',
      "line 3  column 1  a key in double quotes must stand here, or the comma before it must go",
    ],
    [
      "a comma too few",
      '{"prune": {} "read": {}}',
      'line 1  column 14  a "," must stand before the next entry',
    ],
    ["a brace too few", '{"prune": {}', 'line 1  column 13  a "{" is never closed by "}"'],
    ["a comment", "// mine\n{}", "line 1  column 1  JSON has no comments"],
    [
      "single quotes",
      "{'prune': {}}",
      "line 1  column 2  this is no JSON; keys and texts need double quotes",
    ],
    ["nothing at all", "", "line 1  column 1  a value must stand here"],
  ];
  for (const [what, text, problem] of refused) {
    test(what, () => assert.deepEqual(problemsOf(text), [problem]));
  }
});
