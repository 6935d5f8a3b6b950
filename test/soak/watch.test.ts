/**
 * What a soak does when something under it goes: its venue, its disk; and when a second one is started beside it.
 *
 * Method: the real thing, for a few seconds each; what it noted and said is looked at.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { parseSoak } from "../../functions/readiness/soak-evidence.ts";
import { temporaryFolder } from "../support/folder.ts";
import { daemonsOf, isThere, sampled, startSoak, until } from "./a-soak.ts";
import { placesIn } from "./places.ts";
import { startVenue } from "./processes.ts";
import { Notebook, readNotes } from "./records.ts";

const short = ["--every", "2", "--minutes", "0.8"] as const;
const isLinux = process.platform === "linux";

suite("a soak under way", { skip: isLinux ? false : "needs /proc" }, () => {
  test("refuses a second one, goes on, and ends when its venue does", async (t) => {
    const folder = join(temporaryFolder(t), "soak");
    const soak = startSoak(t, folder, ...short);
    await sampled(folder, 3);

    const second = startSoak(t, folder, ...short);
    assert.equal(await second.ended(), 75);
    assert.ok(second.errors().includes(`in ${folder} (pid ${soak.process.pid})`), second.errors());
    await sampled(folder, 3);
    const daemons = daemonsOf(folder);
    assert.equal(daemons.length, 1, "the first one's daemon was let alone");

    const venue = venueOf(soak.process.pid ?? 0);
    process.kill(venue, "SIGKILL");
    assert.equal(await soak.ended(), 70);
    assert.match(
      soak.errors(),
      new RegExp(
        `simulated venue .*pid ${venue}\\) ended by itself: SIGKILL\n.*what is recorded stays.*\n.*the same command goes on`,
      ),
    );
    assert.ok(!isThere(daemons[0] ?? 0, folder), "the daemon was stopped");
    const [rest, exit] = readNotes(placesIn(folder).notes).slice(-2);
    assert.ok(rest?.kind === "rest" && exit?.kind === "exit" && exit.wanted);
    const published = parseSoak(readFileSync(placesIn(folder).json, "utf8"));
    assert.equal(Date.parse(published?.until ?? ""), rest.at);
  });

  test("goes on while its disk is full, and can still be ended", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "hourbook-test-"));
    if (!mountSmall(folder)) {
      rmSync(folder, { recursive: true });
      return t.skip("needs root, for a tmpfs");
    }
    const { notes } = placesIn(folder);
    const soak = startSoak(t, folder, ...short);
    // After the soak's own end: a disk in use is not let go.
    t.after(() => {
      spawnSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true });
    });
    await sampled(folder, 3);

    fill(folder, notes);
    await until(() => soak.errors().includes("cannot note what is seen"));
    rmSync(join(folder, filler));
    await until(() => soak.errors().includes(`can note what is seen in ${notes} again`));
    await sampled(folder, 2);
    const [, ...more] = soak.errors().split("cannot note what is seen");
    assert.equal(more.length, 1, "it was said once");

    fill(folder, notes);
    await until(() => soak.errors().split("cannot note what is seen").length === 3);
    soak.process.kill("SIGINT");
    assert.equal(await soak.ended(), 70, soak.errors());
    assert.match(soak.errors(), /cannot publish the report[^]*Next: make room/);
    assert.ok(!isThere(daemonsOf(folder)[0] ?? 0, folder), "the daemon was stopped");
    return undefined;
  });
});

test("a venue that ends when it is asked to is no failure", async () => {
  const failures: Error[] = [];
  const plan = { seed: 1, venue: "simulated", everySeconds: 2, wantedHours: 1 } as const;
  const venue = await startVenue(plan, (error) => failures.push(error));
  assert.match(venue.env["HOURBOOK_CLOB_URL"] ?? "", /^http:/);
  venue.stop();
  await until(() => !existsSync(`/proc/${venue.pid}`));
  assert.deepEqual(failures, []);
});

test("a notebook keeps what happened until there is room, and leaves samples out", (t) => {
  const path = join(temporaryFolder(t), "samples.jsonl");
  const said = t.mock.method(process.stderr, "write", () => true);
  const notebook = new Notebook(path);
  notebook.note({ kind: "watch" });
  const aside = readFileSync(path, "utf8");
  rmSync(path);
  if (spawnSync("ln", ["-s", "/dev/full", path]).status !== 0) return t.skip("needs /dev/full");
  notebook.note({ kind: "start", pid: 7 });
  notebook.note({ kind: "sample", pid: 7, rssKB: 1, fds: 1 });
  assert.equal(notebook.unwritten, 1);
  rmSync(path);
  // Half of a line was there, as a disk leaves it that fills up.
  appendFileSync(path, `${aside}{"at":5,"ki`);
  notebook.note({ kind: "sample", pid: 7, rssKB: 2, fds: 1 });
  notebook.note({ kind: "rest" });
  said.mock.restore();
  assert.deepEqual(
    readNotes(path).map((note) => (note.kind === "sample" ? note.rssKB : note.kind)),
    ["watch", "start", 2, "rest"],
  );
  assert.equal(notebook.unwritten, 0);
  assert.deepEqual(
    said.mock.calls.map(({ arguments: [text] }) => String(text).split(" ", 2).join(" ")),
    ["cannot note", "can note"],
  );
  return undefined;
});

function venueOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  const found = children.find((child) =>
    readFileSync(`/proc/${child}/cmdline`, "utf8").includes("soak/venue.ts"),
  );
  assert.ok(found !== undefined, "it has a venue");
  return Number(found);
}

const filler = "filler";

function mountSmall(folder: string): boolean {
  const options = ["-t", "tmpfs", "-o", "size=24m", "hourbook-test", folder];
  return spawnSync("mount", options).status === 0;
}

/** To the last byte of the notes' last page, which would take a few more lines. */
function fill(folder: string, notes: string): void {
  spawnSync("dd", ["if=/dev/zero", `of=${join(folder, filler)}`, "bs=4k"]);
  const pageBytes = 4_096;
  appendFileSync(notes, "\n".repeat(pageBytes - (statSync(notes).size % pageBytes)));
}
