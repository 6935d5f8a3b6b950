/**
 * A disk that fails at a folder's sync has the name all the same, until the power goes. What the next run builds on such
 * a name must not be left without it.
 *
 * Method: hours of two dates are recorded, sealed, described, pruned, copied and brought back, on a disk in memory that
 * forgets what was not synced. One sync of a folder after another fails, or is the last thing before a kill. The power
 * is cut when everything was run again, and in another life soon after. What was sealed must be here or there as it was,
 * in one chain, and each data package must name what is there. Everyday some of the syncs, others each time; all with
 * TEST_LONG=1.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test, type TestContext } from "node:test";
import buildManifest from "../../functions/build-manifest.ts";
import offload from "../../functions/offload.ts";
import prune from "../../functions/prune.ts";
import type { remoteSettings } from "../../functions/remote/settings.ts";
import restore from "../../functions/restore.ts";
import sealHour from "../../functions/seal-hour.ts";
import type { Files } from "../../runtime/doors/files.ts";
import { makeDurableFolder } from "../../runtime/durable.ts";
import { prepareFolders } from "../../runtime/folders.ts";
import { hourMs } from "../../runtime/time.ts";
import { pollAt } from "../crash/poll.ts";
import { MemoryDisk, type MemoryProcess } from "../support/memory-files.ts";
import { settingsOf } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";
import { isLong, rotatingSeed } from "../support/seed.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { mix } from "../venue/random.ts";

const remote = "/mnt/offsite";
const firstHour = Date.parse("2026-11-22T22:00:00Z");
const hours = [0, 1, 27];
/** Of each story; all of them with TEST_LONG=1. */
const syncsMin = 130;
const everyday = process.env["TEST_REQUIRE"] === "1" ? 15 : 45;

type Step = (files: Files, at: number) => Promise<void>;

/** What the schedule would fire, as after a start. */
const fired: Step = async (files, at) => {
  const run = runAt("/srv/data", files, at);
  await prepareFolders(files, "/srv/data").catch(() => {});
  await call(sealHour, {}, run).catch(() => {});
  await call(buildManifest, {}, run).catch(() => {});
  const pruned = { keepDates: 1, allowSameDisk: true, freeWanted: 0 };
  await call(prune, pruned, run).catch(() => {});
  await call(offload, {}, run).catch(() => {});
};

/** On another machine. */
const restored: Step = async (files, at) => {
  await call(restore, {}, runAt("/srv/again", files, at)).catch(() => {});
};

function runAt(dataFolder: string, files: Files, at: number) {
  const clock = virtualClock({ start: at });
  const settings = settingsOf(`dir:${remote}`);
  return aRun<typeof remoteSettings>({ dataFolder, settings, clock, files });
}

async function record(files: Files, dataFolder: string, hour: number): Promise<void> {
  const at = firstHour + hour * hourMs;
  await prepareFolders(files, dataFolder);
  const { problem } = await pollAt(runAt(dataFolder, files, at), at);
  assert.equal(problem, undefined);
}

/** The day after the first two hours; then the third, and all again. */
async function live(run: (step: Step, at: number) => Promise<void>): Promise<void> {
  const record27: Step = (files) => record(files, "/srv/data", 27);
  await run(fired, 3.2);
  await run(record27, 27);
  for (const hour of [30.1, 30.2, 31.8]) await run(fired, hour);
}

async function bringBack(run: (step: Step, at: number) => Promise<void>): Promise<void> {
  for (const hour of [40, 41, 42]) await run(restored, hour);
}

interface Story {
  disk: MemoryDisk;
  tell: typeof live;
  /** Where what was sealed must be, in one of them. */
  places: readonly string[];
  /** The sync of a folder that fails. */
  failing: number;
  isKilled: boolean;
  /** So many syncs later the process dies and the power goes; `undefined`: when all was run again. */
  cutAfter: number | undefined;
}

/** `undefined` when there were not so many syncs. */
async function findings(story: Story): Promise<string[] | undefined> {
  const { disk, tell, places, failing, isKilled, cutAfter } = story;
  const look = (): Promise<Map<string, Buffer>[]> =>
    Promise.all(places.map((place) => sealedIn(disk.process().files, place)));
  let process: MemoryProcess = disk.process();
  let syncs = 0;
  const count = (method: string): string | undefined => {
    if (method !== "syncFolder") return undefined;
    syncs += 1;
    if (isKilled ? syncs === failing : syncs === failing + (cutAfter ?? Infinity)) process.kill();
    return syncs === failing ? "EIO" : undefined;
  };
  let hasFailed = false;
  await tell(async (step, hour) => {
    process = disk.process();
    // What is recorded is told of elsewhere.
    disk.fault = step === fired || step === restored ? count : undefined;
    await step(process.files, firstHour + hour * hourMs);
    disk.fault = undefined;
    if (hasFailed || syncs < failing) return;
    hasFailed = true;
    if (cutAfter !== undefined) disk.powerCut();
  });
  if (!hasFailed) return undefined;

  // What nobody has built on yet may go.
  const before = cutAfter === undefined ? (await look()).flatMap((place) => Array.from(place)) : [];
  if (cutAfter === undefined) disk.powerCut();
  const found = new Set<string>();
  const after = await look();
  for (const [path, bytes] of before) {
    const now = after.map((place) => place.get(path)).filter((each) => each !== undefined);
    if (now.length === 0) found.add(`${path} is gone`);
    if (now.some((each) => !each.equals(bytes))) found.add(`${path} is another`);
  }
  await tell(async (step, hour) => {
    if (step === fired || step === restored)
      await step(disk.process().files, firstHour + (100 + hour) * hourMs);
  });
  const all = new Map((await look()).flatMap((place) => Array.from(place)));
  for (const each of chainFindings(all)) found.add(each);
  return [...found];
}

async function sealedIn(files: Files, folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const walk = async (path: string): Promise<void> => {
    for (const { name, isFolder } of await files.list(`${folder}${path}`)) {
      if (name.startsWith(".")) continue;
      if (isFolder) await walk(`${path}/${name}`);
      else if (path.startsWith("/venue="))
        found.set(`${path}/${name}`.slice(1), await files.read(`${folder}${path}/${name}`));
    }
  };
  await walk("");
  return found;
}

/** As many hours as were recorded, a manifest each, and packages that name those. */
function chainFindings(archive: ReadonlyMap<string, Buffer>): string[] {
  const ending = (end: string) => [...archive].filter(([path]) => path.endsWith(end));
  const links = ending(".manifest.json").map(([, text]) => seqOf(text));
  const wanted = hours.map((_, at) => at + 1).join();
  const data = ending(".jsonl.gz").length;
  const found = [
    ...(data === hours.length ? [] : [`${data} of ${hours.length} hours`]),
    ...(links.toSorted((a, b) => a - b).join() === wanted ? [] : [`the chain is ${links.join()}`]),
  ];
  const sums = new Set(ending(".manifest.json").map(([, text]) => sha256(text)));
  for (const [path, text] of ending(".datapackage.json")) {
    const { resources } = JSON.parse(text.toString()) as Package;
    if (resources.some(({ manifest }) => !sums.has(manifest.sha256)))
      found.push(`${path} names a manifest that is not there`);
  }
  return found;
}

interface Package {
  resources: { manifest: { sha256: string } }[];
}

function seqOf(text: Buffer): number {
  return (JSON.parse(text.toString()) as { seq: number }).seq;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** One sync after another, until there are no more. */
async function everySync(
  t: TestContext,
  begin: () => Promise<Pick<Story, "disk" | "tell" | "places" | "isKilled">>,
): Promise<void> {
  const stride = isLong ? 1 : everyday;
  const seed = rotatingSeed(t);
  const broken: string[] = [];
  let tried = 0;
  for (let failing = 1 + (seed % stride); ; failing += stride) {
    const cuts = [undefined, 1 + (mix(seed, failing) % 40)];
    const all = cuts.map(async (cutAfter) => findings({ ...(await begin()), failing, cutAfter }));
    const [later, soon] = await Promise.all(all);
    if (later === undefined) break;
    tried += 1;
    broken.push(...[...later, ...(soon ?? [])].map((each) => `sync ${failing}: ${each}`));
  }
  t.diagnostic(`${tried} syncs`);
  assert.ok(tried >= Math.floor(syncsMin / stride), `${tried} syncs`);
  assert.deepEqual(broken, []);
}

async function recorded(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { files } = disk.process();
  await makeDurableFolder(files, "/mnt");
  for (const hour of [0, 1]) await record(files, "/srv/data", hour);
  return disk;
}

async function copied(): Promise<MemoryDisk> {
  const disk = await recorded();
  await live((step, hour) => step(disk.process().files, firstHour + hour * hourMs));
  return disk;
}

suite("names that were given and not synced", () => {
  test("are those of hours of which some were pruned, and packages", async () => {
    const { files } = (await copied()).process();
    const here = [...(await sealedIn(files, "/srv/data/archive")).keys()];
    const there = [...(await sealedIn(files, remote)).keys()];
    const ending = (paths: string[], end: string): number =>
      paths.filter((path) => path.endsWith(end)).length;
    assert.deepEqual([ending(here, ".jsonl.gz"), ending(there, ".jsonl.gz")], [1, 3]);
    assert.equal(ending(there, ".datapackage.json"), 1);
  });

  for (const [how, isKilled] of [
    ["a disk that failed", false],
    ["a kill", true],
  ] as const) {
    test(`last before anything depends on them, after ${how}`, (t) =>
      everySync(t, async () => {
        const places = ["/srv/data/archive", remote];
        return { disk: await recorded(), tell: live, places, isKilled };
      }));

    test(`last when a restore is told to be whole, after ${how}`, (t) =>
      everySync(t, async () => {
        const places = ["/srv/again/archive"];
        return { disk: await copied(), tell: bringBack, places, isKilled };
      }));
  }
});
