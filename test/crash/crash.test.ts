/**
 * Kills and power cuts at every system call are `npm run test:crash`'s; here a few of them, all of them with
 * TEST_LONG=1, and the proof that its checker can find something.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, suite, test, type TestContext } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { temporaryFolder } from "../support/folder.ts";
import { shuffled } from "../venue/random.ts";
import { type Expected, findings, sealedNow } from "./check.ts";
import { casesOf, prepare, tryCase } from "./matrix.ts";
import { makeState } from "./states.ts";
import { finish, steps } from "./steps.ts";
import { hasStrace } from "./trace.ts";

const isLong = process.env["TEST_LONG"] === "1";

suite("after a crash", () => {
  test("at some calls of an append and of a seal, every promise is kept", async (t) => {
    if (!canKill(t)) return;
    const seed = Date.now() % 1_000_000;
    t.diagnostic(`seed ${seed}`);
    for (const step of ["append", "seal"] as const) {
      const temp = temporaryFolder(t);
      const prepared = await prepare(temp, step, ["kill"]);
      const cases = shuffled(casesOf([prepared], ["kill"]), seed).slice(0, 2);
      assert.equal(cases.length, 2);
      for (const one of cases) {
        const tried = await tryCase(join(temp, "tried"), one, prepared);
        assert.deepEqual(tried, { wasKilled: true, findings: [] }, JSON.stringify(one));
      }
    }
  });

  test(
    "at every call, every promise is kept",
    { skip: !isLong && "TEST_LONG=1", timeout: 7_200_000 },
    async (t) => {
      if (!canKill(t)) return;
      const main = join(import.meta.dirname, "main.ts");
      const child = spawn(process.execPath, [main], { stdio: ["ignore", "pipe", "inherit"] });
      child.stdout.on("data", (text: Buffer) => t.diagnostic(text.toString().trimEnd()));
      assert.deepEqual(await once(child, "close"), [0, null]);
    },
  );
});

suite("the checker of crashes finds", () => {
  test("nothing where nothing went wrong", async (t) => {
    const { root, expected } = await recorded(t);
    assert.deepEqual(findings(root, expected), []);
  });

  const damages: [string, RegExp, (place: Place) => void][] = [
    [
      "an acknowledged poll that is gone",
      /acknowledged, and not there/,
      edit((lines) => lines.filter((line) => !line.includes('"poll":100002'))),
    ],
    ["a line that is there twice", /a line twice/, edit((lines) => [...lines, lines.at(-1) ?? ""])],
    [
      "a book that the venue never sent",
      /tells another book/,
      edit((lines) => lines.map((line) => line.replace('"price":"0.', '"price":"1.'))),
    ],
    [
      "a sealed file that changed",
      /has changed|not as described/,
      ({ local }) => appendFileSync(local, "x"),
    ],
    [
      "a copy that is gone",
      /the remote holds no copy|the copy has changed or is gone/,
      ({ remote }) => rmSync(remote),
    ],
    [
      "a temporary file that is left",
      /left over/,
      ({ local }) => copyFileSync(local, join(local, "..", ".x.tmp")),
    ],
    ["torn bytes that are in no quarantine", /torn bytes are not in quarantine/, () => {}],
  ];
  for (const [what, expectedFinding, damage] of damages) {
    test(what, async (t) => {
      const { root, expected } = await recorded(t);
      damage({
        root,
        local: join(root, "data/archive", hour15),
        remote: join(root, "offsite", hour15),
      });
      const torn = what.startsWith("torn") ? [Buffer.from("torn")] : [];
      assert.match(findings(root, { ...expected, torn }).join("\n"), expectedFinding);
    });
  }
});

interface Place {
  root: string;
  local: string;
  remote: string;
}

const hour15 = "venue=polymarket/stream=books/date=2026-11-22/hour=15/vps-1.jsonl.gz";

function edit(change: (lines: string[]) => string[]): (place: Place) => void {
  return ({ local }) => {
    const lines = gunzipSync(readFileSync(local)).toString().split("\n").slice(0, -1);
    writeFileSync(local, gzipSync(`${change(lines).join("\n")}\n`));
  };
}

/** An archive of its own for each test, recorded once. */
async function recorded(t: TestContext): Promise<{ root: string; expected: Expected }> {
  const { root, expected } = await (first ??= record());
  const own = join(temporaryFolder(t), "own");
  cpSync(root, own, { recursive: true });
  return { root: own, expected };
}

let first: Promise<{ root: string; expected: Expected }> | undefined;
const shared = temporaryFolder({ after });

async function record(): Promise<{ root: string; expected: Expected }> {
  const { acks, torn } = await makeState(shared, "append");
  const sealed = sealedNow(shared);
  await steps.append(shared, (ack) => acks.push(ack), 0);
  await finish(shared);
  return { root: shared, expected: { acks, torn, sealed } };
}

function canKill(t: TestContext): boolean {
  if (hasStrace()) return true;
  const message = "strace is not installed: apt-get install -y strace";
  if (process.env["TEST_REQUIRE"] === "1") throw new Error(message);
  t.skip(message);
  return false;
}
