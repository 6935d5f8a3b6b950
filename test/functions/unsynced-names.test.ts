/**
 * A disk that fails at a folder's sync has the name all the same, until the power goes. What the next run builds on such
 * a name must not be left without it.
 *
 * Method: hours are recorded, sealed, described and copied on a disk in memory that forgets what was not synced. One
 * sync of a folder after another fails, or is the last thing before a kill; everything is run again, and then the power
 * is cut. What had been sealed then must be there as it was, chained, with nothing lost.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import buildManifest from "../../functions/build-manifest.ts";
import offload from "../../functions/offload.ts";
import type { remoteSettings } from "../../functions/remote/settings.ts";
import sealHour from "../../functions/seal-hour.ts";
import type { Files } from "../../runtime/doors/files.ts";
import { makeDurableFolder } from "../../runtime/durable.ts";
import { prepareFolders } from "../../runtime/folders.ts";
import { pollAt } from "../crash/poll.ts";
import { MemoryDisk } from "../support/memory-files.ts";
import { settingsOf } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const dataFolder = "/srv/data";
const remote = "/mnt/offsite";
const firstHour = Date.parse("2026-11-22T15:00:00Z");
const hourMs = 3_600_000;

/** Each time as the runtime starts it anew, at ten past the hour. */
async function work(files: Files, hour: number, minute: number): Promise<void> {
  const clock = virtualClock({ start: firstHour + hour * hourMs + minute * 60_000 });
  const settings = settingsOf(`dir:${remote}`);
  const run = aRun<typeof remoteSettings>({ dataFolder, settings, clock, files });
  await prepareFolders(files, dataFolder).catch(() => {});
  for (const step of [sealHour, buildManifest, offload] as const)
    await call(step as typeof offload, {}, run).catch(() => {});
}

async function pollHour(files: Files, hour: number): Promise<void> {
  const clock = virtualClock({ start: firstHour + hour * hourMs });
  const run = aRun({ dataFolder, settings: {}, clock, files });
  await prepareFolders(files, dataFolder);
  const { problem } = await pollAt(run, firstHour + hour * hourMs);
  assert.equal(problem, undefined);
}

async function textsIn(files: Files, folder: string, found = new Map<string, string>()) {
  for (const { name, isFolder } of await files.list(folder)) {
    const path = `${folder}/${name}`;
    if (isFolder) await textsIn(files, path, found);
    else if (!name.startsWith(".")) found.set(path, (await files.read(path)).toString("base64"));
  }
  return found;
}

/** Two hours on one disk, whose `failing`th sync of a folder fails; `undefined` when there were not so many. */
async function story(failing: number, isKilled: boolean): Promise<string[] | undefined> {
  const disk = new MemoryDisk();
  let process = disk.process();
  await makeDurableFolder(process.files, remote);
  let syncs = 0;
  for (const hour of [0, 1]) await pollHour(process.files, hour);
  disk.fault = (method) => {
    if (method !== "syncFolder" || (syncs += 1) !== failing) return undefined;
    if (isKilled) process.kill();
    return "EIO";
  };
  await work(process.files, 2, 10);
  if (syncs < failing) return undefined;
  process = disk.process();
  await work(process.files, 2, 15);

  const before = await textsIn(process.files, "/srv/data/archive");
  const away = await textsIn(process.files, remote);
  disk.powerCut();
  process = disk.process();
  await work(process.files, 3, 40);

  const after = await textsIn(process.files, "/srv/data/archive");
  const awayAfter = await textsIn(process.files, remote);
  const findings = chainFindings(after);
  for (const [path, text] of before) {
    const now = after.get(path);
    if (now !== text) findings.push(`${path} is ${now === undefined ? "gone" : "another"}`);
  }
  for (const path of away.keys()) if (!awayAfter.has(path)) findings.push(`${path} is gone`);
  return findings;
}

/** Two hours, and a manifest each. */
function chainFindings(archive: ReadonlyMap<string, string>): string[] {
  const ending = (end: string): string[] =>
    [...archive.keys()].filter((path) => path.endsWith(end));
  const links = ending(".manifest.json").map((path) => {
    const text = Buffer.from(archive.get(path) ?? "", "base64").toString();
    return (JSON.parse(text) as { seq: number }).seq;
  });
  return [
    ...(ending(".jsonl.gz").length === 2
      ? []
      : [`not two hours: ${[...archive.keys()].join(" ")}`]),
    ...(links.toSorted((a, b) => a - b).join() === "1,2" ? [] : [`the chain is ${links.join()}`]),
  ];
}

suite("names that were given and not synced", () => {
  for (const [how, isKilled] of [
    ["on a disk that failed", false],
    ["by a run that was killed", true],
  ] as const) {
    test(`last before anything depends on them: ${how}`, async (t) => {
      let tried = 0;
      const broken: string[] = [];
      for (let failing = 1; ; failing += 1) {
        const findings = await story(failing, isKilled);
        if (findings === undefined) break;
        tried += 1;
        broken.push(...findings.map((finding) => `sync ${failing}: ${finding}`));
      }
      t.diagnostic(`${tried} syncs`);
      assert.ok(tried > 20, `${tried} syncs`);
      assert.deepEqual(broken, []);
    });
  }
});
