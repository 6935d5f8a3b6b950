/**
 * What deploy/ ships, as far as it can be judged without a machine: units, scripts, the settings file.
 * `npm run test:deploy` boots one and does the rest.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { OperatorError } from "../../runtime/errors.ts";
import { loadFunctions } from "../../runtime/load.ts";
import { readSettings } from "../../runtime/settings.ts";
import { temporaryFolder } from "../support/folder.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const units = globSync("deploy/*.{service,timer}", { cwd: root });
const scripts = [...globSync("deploy/*.sh", { cwd: root }), "deploy/hourbook"];
const byHand = ["install.sh", "upgrade.sh", "rollback.sh", "uninstall.sh", "hourbook"];

suite("the units", () => {
  test("are what systemd-analyze verify has nothing to say of", (t) => {
    if (!has(t, "systemd-analyze", "systemd")) return;
    // Not in memory: nothing can be executed there on some machines.
    const folder = temporaryFolder(t, tmpdir());
    // As they lie on a machine: programs are looked for, and found where install.sh puts them.
    for (const unit of units)
      place(folder, join("etc/systemd/system", unit.slice("deploy/".length)), read(unit));
    for (const program of ["opt/hourbook/current/node_modules/.bin/node", "bin/sh", "bin/kill"]) {
      place(folder, program, "");
      spawnSync("chmod", ["+x", join(folder, program)]);
    }
    cpSync("/lib/systemd/system", join(folder, "lib/systemd/system"), { recursive: true });
    const names = units.map((unit) => unit.slice("deploy/".length).replace("@", "@x"));
    const { stderr } = spawnSync("systemd-analyze", ["verify", `--root=${folder}`, ...names]);
    const own = stderr
      .toString()
      .split("\n")
      .filter((line) => line.includes("hourbook"));
    assert.deepEqual(own, []);
  });

  test("expose the recorder to 1.3 of 10 at most", (t) => {
    if (!has(t, "systemd-analyze", "systemd")) return;
    const args = ["security", "--offline=yes", "--threshold=13", "deploy/hourbook.service"];
    const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { cwd: root });
    assert.equal(status, 0, Buffer.concat([stdout, stderr]).toString());
  });

  test("start the pinned Node itself, and never npm", () => {
    for (const unit of units) {
      for (const [, command = ""] of read(unit).matchAll(/^ExecStart=(.+)$/gm))
        assert.match(command, /^(\/opt\/hourbook\/current\/node_modules\/\.bin\/node|\/bin\/sh) /);
    }
  });
});

suite("the scripts", () => {
  test("are clean to shellcheck", (t) => {
    if (!has(t, "shellcheck", "shellcheck")) return;
    const names = scripts.map((script) => script.slice("deploy/".length));
    const { status, stdout } = spawnSync("shellcheck", ["-x", ...names], {
      cwd: join(root, "deploy"),
    });
    assert.equal(status, 0, stdout.toString());
  });

  for (const name of byHand) {
    test(`${name} says what it does when asked, and refuses what it does not know`, () => {
      const call = (...args: string[]) => spawnSync("sh", [join(root, "deploy", name), ...args]);
      const help = call("--help");
      assert.equal(help.status, 0);
      assert.match(help.stdout.toString(), /--help/);
      assert.equal(call("--hepl").status, 64);
    });
  }
});

suite("hourbook.env", () => {
  const text = read("deploy/hourbook.env");
  const named = [...text.matchAll(/^#?(HOURBOOK_\w+)=(.*)$/gm)].map(
    ([, name = "", value = ""]) => [name, value] as const,
  );

  test("has every setting, each below a comment, and nothing that is none", async () => {
    const known = await knownSettings();
    assert.deepEqual(named.map(([name]) => name).sort(), known);
    for (const block of text.split("\n\n").slice(1)) assert.match(block, /^# [\s\S]*\n#?HOURBOOK_/);
  });

  test("shows values that are right as they stand", async () => {
    readSettings(Object.fromEntries(named), await loadFunctions());
  });

  test("has its settings in the table of docs/operations.md", async () => {
    const page = read("docs/operations.md");
    for (const name of await knownSettings()) assert.ok(page.includes(`\`${name}\``), name);
  });
});

/** As an operator is told who writes another one. */
async function knownSettings(): Promise<string[]> {
  try {
    readSettings({ HOURBOOK_QQQQQQQQQQ: "1" }, await loadFunctions());
  } catch (error) {
    assert.ok(error instanceof OperatorError);
    const [, names = ""] = /known: (.+)/.exec(error.details.join("\n")) ?? [];
    return names.split(", ").sort();
  }
  return assert.fail("an unknown setting was taken");
}

function place(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Skips the test, loudly, without the program; with TEST_REQUIRE=1 it fails instead. */
function has(t: TestContext, program: string, debianPackage: string): boolean {
  if (spawnSync("sh", ["-c", `command -v ${program}`]).status === 0) return true;
  const message = `${program} is not installed: apt-get install -y ${debianPackage}`;
  if (process.env["TEST_REQUIRE"] === "1") throw new Error(message);
  t.skip(message);
  return false;
}
