/** Hourbook on a machine of these tests: what is typed there, and what was recorded, slot by slot. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { systemFiles } from "../../runtime/doors/files.ts";
import { listJournalHours, readJournal } from "../../runtime/journal-read.ts";
import { type Machine, type Ran, machineOn } from "./machine.ts";
import { type Block, operationsPage, packagesOf } from "./page.ts";
import { template } from "./template.ts";

export const cadenceMs = 5_000;

export interface Deployed extends Pick<Machine, "run" | "refuses"> {
  /** Puts hourbook.tar.gz of a version there, made by the page's command, with these files changed or added. */
  bring(version: string, changes?: Changes): void;
  /** Runs the next commands of a section of the page. */
  type(section: string): Ran;
  /** The simulated venue instead of the live one, every 5 s instead of every 10. */
  pointAtVenue(): void;
  /** Settles when so many more slots were recorded. */
  records(slots: number, withinMs?: number): Promise<void>;
  /** Settles right after a poll; returns the slot that comes next, epoch ms. */
  betweenSlots(): Promise<number>;
  /** Slots from that one up to the newest one recorded that have no poll that ended well. */
  lost(from: number): Promise<string[]>;
  /** What is done to it meanwhile may cost slots. */
  disturbed<T>(work: () => Promise<T>): Promise<T>;
  /** Power off, power on. */
  die(): Promise<void>;
  /** Seals what there is; slots without books, and those of them that nothing done here explains. */
  gaps(): Promise<{ lost: number; unexplained: string[] }>;
  /** The page's commands that were not typed. */
  left(): Block[];
  end(): Promise<void>;
}

/** Path → its new text, from the old one, which is empty for a new file. */
type Changes = Readonly<Record<string, (text: string) => string>>;

const project = join(import.meta.dirname, "../..");
const watchFor = "12s";
const venueUnit = `[Service]
WorkingDirectory=/srv/checkout
ExecStart=/srv/checkout/node_modules/.bin/node test/venue/main.ts --port 8801 --markets 30 --turnover 0 --plain
[Install]
WantedBy=multi-user.target
`;
const venueSettings = `HOURBOOK_GAMMA_URL=http://127.0.0.1:8801
HOURBOOK_CLOB_URL=http://127.0.0.1:8802
HOURBOOK_STREAM_URL=ws://127.0.0.1:8802/ws/market
`;

export async function deployed(): Promise<Deployed> {
  const page = operationsPage();
  const { folder, npmCache } = template(packagesOf(page));
  const machine = machineOn(folder, { "/srv/checkout": project, "/var/cache/npm": npmCache });
  const dataFolder = join(machine.root, "var/lib/hourbook/data");
  const place = { dataFolder, collector: "vps-1" };
  const archive = page.take("On a VPS in ten minutes");
  const disturbances: { from: number; to: number }[] = [];
  await machine.boot();
  writeFileSync(join(machine.root, "etc/systemd/system/venue.service"), venueUnit);
  machine.run("systemctl daemon-reload; systemctl enable --quiet --now venue");

  async function recorded(): Promise<number[]> {
    const slots: number[] = [];
    const hours = await listJournalHours(systemFiles, place);
    for await (const line of readJournal(systemFiles, place, hours)) {
      if (line.kind !== "end" || line.function !== "snapshot-poll" || line.outcome !== "ok")
        continue;
      if (line.scheduled !== null) slots.push(Date.parse(line.scheduled));
    }
    return slots;
  }

  async function records(slots: number, withinMs = 30_000): Promise<void> {
    const known = (await recorded()).length;
    const giveUpAt = Date.now() + withinMs;
    while ((await recorded()).length < known + slots) {
      if (Date.now() > giveUpAt)
        assert.fail(machine.run("hourbook status || journalctl -u hourbook -n 30 --no-pager").said);
      await wait(200);
    }
  }

  return {
    run: machine.run,
    refuses: machine.refuses,
    records,
    bring: (version, changes = {}) =>
      copyFileSync(
        tarballOf(version, changes, archive),
        join(machine.root, "root/hourbook.tar.gz"),
      ),
    type: (section) =>
      machine.run(page.take(section).replace(/upgrade\.sh$/m, `upgrade.sh --watch ${watchFor}`)),
    pointAtVenue() {
      const env = join(machine.root, "etc/hourbook/hourbook.env");
      writeFileSync(env, readFileSync(env, "utf8") + venueSettings);
      const schedules = join(machine.root, "etc/hourbook/schedules.json");
      const text = readFileSync(schedules, "utf8").replace('"*/10 * * * * *"', '"*/5 * * * * *"');
      writeFileSync(schedules, text.replace('"9s"', '"4s"'));
    },
    async betweenSlots() {
      await records(1);
      return Math.max(...(await recorded())) + cadenceMs;
    },
    async lost(from) {
      const slots = new Set(await recorded());
      const missing: string[] = [];
      for (let slot = from; slot < Math.max(...slots); slot += cadenceMs)
        if (!slots.has(slot)) missing.push(new Date(slot).toISOString());
      return missing;
    },
    async disturbed(work) {
      const from = Date.now() - cadenceMs;
      try {
        return await work();
      } finally {
        disturbances.push({ from, to: Date.now() });
      }
    },
    async die() {
      await machine.kill();
      await machine.boot();
    },
    async gaps() {
      const ahead = new Date(Date.now() + 7_200_000).toISOString();
      machine.run(
        [
          "systemctl stop hourbook",
          ...["seal-hour", "build-manifest", "gap-report"].map(
            (name) => `hourbook fn ${name} --as-of ${ahead}`,
          ),
        ].join("\n"),
      );
      const reports = globSync("reports/**/hour=*/*.gaps.provisional.json", { cwd: dataFolder });
      const all = reports.flatMap(
        (path) => (JSON.parse(readFileSync(join(dataFolder, path), "utf8")) as GapReport).gaps,
      );
      // A first slot that comes before the first watch list asks for nothing, and loses nothing.
      const gaps = all.filter(({ cause }) => cause !== "not-yet-watched");
      const isExplained = (at: string): boolean =>
        disturbances.some(({ from, to }) => from <= Date.parse(at) && Date.parse(at) <= to);
      const unexplained = gaps.filter((gap) => !isExplained(gap.from) || !isExplained(gap.to));
      return {
        lost: gaps.reduce((sum, { slots }) => sum + slots, 0),
        unexplained: unexplained.map((gap) => JSON.stringify(gap)),
      };
    },
    left: page.left,
    end: machine.remove,
  };
}

interface GapReport {
  gaps: { from: string; to: string; slots: number; cause: string }[];
}

/** What git would commit of the project as it is now, under another version. */
function tarballOf(version: string, changes: Changes, command: string): string {
  const folder = mkdtempSync(join(tmpdir(), "hourbook-release-"));
  const git = (...args: string[]): Buffer => execFileSync("git", args, { cwd: folder });
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: project,
  });
  for (const path of listed
    .toString()
    .split("\0")
    .filter((each) => each !== "" && !each.startsWith("test/")))
    cpSync(join(project, path), join(folder, path));
  const all: Changes = {
    "package.json": (text) => text.replace(/"version": "[^"]+"/, `"version": "${version}"`),
    ...changes,
  };
  for (const [path, change] of Object.entries(all)) {
    const before = readOr(join(folder, path));
    const after = change(before);
    assert.ok(after !== before || !(path in changes), `${path} is not what this test changes`);
    writeFileSync(join(folder, path), after);
  }
  git("init", "--quiet");
  git("add", "--all");
  git(
    "-c",
    "user.name=test",
    "-c",
    "user.email=test@example.org",
    "commit",
    "--quiet",
    "--message",
    version,
  );
  execFileSync("sh", ["-ec", command], { cwd: folder });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "hourbook.tar.gz");
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
