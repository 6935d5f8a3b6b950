/**
 * readiness says "production-ready" of an installation only if each of its gates is passed by files that are there.
 *
 * Method: an hour goes the whole way through the real functions, a soak is written down, and each test takes one thing away.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { jsonLine } from "../../functions/archive/lines.ts";
import gapReport from "../../functions/gap-report.ts";
import offload from "../../functions/offload.ts";
import qualityReport from "../../functions/quality-report.ts";
import readiness, { type ReadinessResult } from "../../functions/readiness.ts";
import { type SoakEvidence, parseSoak } from "../../functions/readiness/soak-evidence.ts";
import { remoteSettings } from "../../functions/remote/settings.ts";
import { systemClock } from "../../runtime/doors/clock.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import { replaceFile } from "../../runtime/durable.ts";
import { hourLog } from "../../runtime/hours/hour-log.ts";
import { all, anArchive, aBook, type TestArchive } from "../support/archive.ts";
import { type Ending, temporaryFolder } from "../support/folder.ts";
import { failure, settingsOf } from "../support/remotes.ts";
import { aRun, call } from "../support/run.ts";
import { passedSoak } from "../soak/passed.ts";

const hour = "2026-11-22T15";
const now = "2026-11-22T19:10:00Z";

interface Installation {
  archive: TestArchive;
  soak: string;
  look(files?: Files): Promise<ReadinessResult>;
}

const { HOURBOOK_REMOTE } = remoteSettings;

/** All is well with it; made once, since it takes a second. */
async function makeWhole(end: Ending): Promise<{ archive: TestArchive; offsite: string }> {
  const archive = anArchive(end);
  const { dataFolder } = archive;
  const books = all(aBook("0.4", "0.5"));
  for (const at of ["15:00:00", "15:30:00"]) await archive.poll({ at, books });
  const machine = { files: systemFiles, clock: systemClock };
  const markets = hourLog({ machine, dataFolder, stream: "polymarket.markets" });
  const started = `${hour}:00:03.000Z`;
  const walk = { kind: "walk", walk: 1, started, outcome: "complete", markets: 3 };
  await markets.append(hour, () => [jsonLine(walk)]);
  const token = { token: "11", market: "0x1", outcome: "Yes", slug: "m", since: now };
  const list = Buffer.from(JSON.stringify({ updated: now, tokens: [token] }));
  await replaceFile(systemFiles, join(dataFolder, "watch/polymarket.json"), list);
  await archive.seal("2026-11-22T18:00:00Z");
  const offsite = temporaryFolder(end);
  const settings = settingsOf(`dir:${offsite}`);
  const run = aRun<{ HOURBOOK_REMOTE: typeof HOURBOOK_REMOTE }>({ dataFolder, settings, now });
  await call(gapReport, {}, run);
  await call(qualityReport, {}, aRun({ dataFolder, settings: {}, now }));
  await call(offload, {}, aRun({ dataFolder, settings, now }));
  return { archive, offsite };
}

let whole: ReturnType<typeof makeWhole> | undefined;

async function installed(t: TestContext, soak: SoakEvidence = passedSoak()): Promise<Installation> {
  whole ??= makeWhole({ after: (tidyUp) => void process.once("exit", tidyUp) });
  const { archive: like, offsite } = await whole;
  const archive = anArchive(t, { like });
  const path = join(temporaryFolder(t), "soak.json");
  writeFileSync(path, JSON.stringify(soak));
  return {
    archive,
    soak: path,
    look(files = elsewhere(offsite)) {
      const settings = settingsOf(`dir:${offsite}`);
      const { dataFolder } = archive;
      return call(readiness, { soak: path }, aRun({ dataFolder, settings, now, files }));
    },
  };
}

/** The remote on a disk of its own. */
function elsewhere(folder: string): Files {
  return {
    ...systemFiles,
    async stat(path) {
      const found = await systemFiles.stat(path);
      return found && path.startsWith(folder) ? { ...found, device: found.device + 1 } : found;
    },
  };
}

async function failing({ look }: Installation, files?: Files): Promise<string[]> {
  const error = await failure(look(files));
  assert.equal(error.code, "NOT_READY");
  assert.equal(error.exit, "findings");
  const { gates } = error.result as ReadinessResult;
  for (const gate of gates) assert.equal(gate.next === undefined, gate.passed);
  return gates.filter((gate) => !gate.passed).map(({ gate, what }) => `${gate}: ${what}`);
}

suite("readiness", () => {
  test("passes where every gate has its evidence, and names it", async (t) => {
    const { look } = await installed(t);
    const result = await look();
    assert.deepEqual(
      result.gates.map(({ gate, passed }) => `${gate} ${passed}`),
      ["discovery true", "raw collection true", "offload true", "soak true", "metrics true"],
    );
    assert.ok(result.gates.every(({ files }) => files.length > 0));
    assert.match(readiness.summary(result), /production-ready by its evidence/);
  });

  test("fails an empty installation at every gate but the soak's, and says what to type for each", async (t) => {
    const { soak } = await installed(t);
    const settings = settingsOf(`dir:${temporaryFolder(t)}`);
    const run = aRun({ dataFolder: temporaryFolder(t), settings, now });
    const error = await failure(call(readiness, { soak }, run));
    const { gates } = error.result as ReadinessResult;
    assert.deepEqual(
      gates.map((gate) => gate.passed),
      [false, false, false, true, false],
    );
    assert.equal(error.details.filter((line) => line.includes("type: ")).length, 4);
  });

  test("fails the committed evidence, until a soak of 24 hours is committed", async (t) => {
    const { archive } = await installed(t);
    const page = readFileSync(join(import.meta.dirname, "../../docs/soak.md"), "utf8");
    const run = aRun({ dataFolder: archive.dataFolder, settings: settingsOf("dir:/nowhere"), now });
    const error = await failure(call(readiness, {}, run));
    const gate = (error.result as ReadinessResult).gates.find((each) => each.gate === "soak");
    const isCommitted = parseSoak(page) !== undefined;
    assert.match(
      gate?.what ?? "",
      isCommitted ? /hours under watch .*open: >= 24/ : /no soak is on record/,
    );
  });

  const { coverage, slots, software } = passedSoak();
  const spoilt: [string, Partial<SoakEvidence>, RegExp][] = [
    ["took 23 hours", { hours: 23 }, /^soak: .*hours under watch 23\.00, open/],
    [
      "left a slot unexplained",
      { slots: { ...passedSoak().slots, unexplained: 1 } },
      /explanation.*missed/,
    ],
    ["saw the daemon end", { unexpectedExits: 1 }, /ended by itself 1 times, missed/],
    ["polled more seldom", { schedule: "polls every 30 s" }, /polls every 30 s, open/],
    [
      "ran what is in no commit",
      { software: { ...software, revision: "a1b2c3d, b2c3d4e" } },
      /what ran/,
    ],
    [
      "hardly ran",
      { slots: { ...slots, ran: 100, missed: 8_900 } },
      /slots that ran.* 100 of 9,000/,
    ],
    [
      "had no venue",
      { coverage: { ...coverage, kept: 1_000_000, missing: { network: 3_320_000 } } },
      /a book 23\.148 %, missed/,
    ],
    ["took minutes", { until: "2026-11-21T12:25:00.000Z" }, /agree 24 hours between/],
    [
      "was away",
      { interruptions: [{ from: "2026-11-21T13:00:00Z", to: "2026-11-22T11:00:00Z" }] },
      /agree/,
    ],
    ["has no time", { started: "yesterday" }, /agree/],
    ["lost count of its slots", { slots: { ...slots, due: 9_100 } }, /9000 of 9100 slots told of/],
    ["had next to none", { slots: { ...slots, due: 20, ran: 20 } }, /20 slots due in 24 hours/],
    ["lost count of its books", { coverage: { ...coverage, missing: {} } }, /kept and 0 missing/],
  ];
  for (const [what, change, expected] of spoilt) {
    test(`fails a soak that ${what}`, async (t) => {
      const found = await failing(await installed(t, { ...passedSoak(), ...change }));
      assert.equal(found.length, 1);
      assert.match(found[0] ?? "", expected);
    });
  }

  test("fails a file that is no evidence of a soak", async (t) => {
    const one = await installed(t);
    writeFileSync(one.soak, '{"kind":"soak","verdict":"passed"}');
    assert.match((await failing(one)).join(), /^soak: .* is no evidence of a soak/);
  });

  test("fails an archive that nothing was added to since", async (t) => {
    const { archive, soak } = await installed(t);
    const settings = settingsOf("dir:/nowhere");
    const later = aRun<typeof remoteSettings>({
      dataFolder: archive.dataFolder,
      settings,
      now: "2026-12-22T19:10:00Z",
    });
    const error = await failure(call(readiness, { soak }, later));
    assert.match(error.details.join("\n"), /FAIL +raw collection +no hour since 2026-11-22T15Z/);
  });

  test("fails the gate of a damaged file, and looks at the others", async (t) => {
    const one = await installed(t);
    writeFileSync(join(one.archive.dataFolder, "watch/polymarket.json"), "");
    assert.match((await failing(one)).join(), /^discovery: WATCH_LIST_DAMAGED: /);
  });

  test("fails a copy on the data's own disk", async (t) => {
    assert.match((await failing(await installed(t), systemFiles)).join(), /^offload: .*own disk/);
  });

  test("fails an hour that is not proven on the configured remote", async (t) => {
    const one = await installed(t);
    rmSync(join(one.archive.dataFolder, "receipts"), { recursive: true });
    assert.match((await failing(one)).join(), /^offload: 2 hours .* not proven on dir:/);
  });

  for (const kind of ["gaps", "quality"]) {
    test(`fails an hour without its report of ${kind}`, async (t) => {
      const one = await installed(t);
      const folder = join(
        one.archive.dataFolder,
        "reports/venue=polymarket/date=2026-11-22/hour=15",
      );
      for (const name of [`vps-1.${kind}.json`, `vps-1.${kind}.provisional.json`])
        rmSync(join(folder, name), { force: true });
      assert.match((await failing(one)).join(), /metrics: 2026-11-22T15Z has no/);
    });
  }

  test("fails without a walk that came to its end", async (t) => {
    const one = await installed(t);
    rmSync(join(one.archive.dataFolder, "archive/venue=polymarket/stream=markets"), {
      recursive: true,
    });
    assert.match((await failing(one)).join(), /^discovery: no walk/);
  });
});
