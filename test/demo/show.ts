/** Shows what was recorded as a user would look at it: plain tools, the manifest, the report, one token's books. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { hourPaths } from "../../functions/archive/layout.ts";
import { rawOf } from "../../functions/archive/lines.ts";
import { readIndex } from "../../functions/archive/sealed-index.ts";
import { readRange } from "../../functions/archive/sealed-read.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import { readLines } from "../../runtime/hours/read.ts";
import { listJournalHours, readJournal } from "../../runtime/journal-read.ts";
import { showCommands, showRestore } from "./commands.ts";
import type { Recorded } from "./record.ts";
import { showWhy } from "./why.ts";

type Print = (text: string) => void;

export async function show(recorded: Recorded, print: Print): Promise<void> {
  const { outage } = recorded;
  print(`Recorded ${clock(recorded.from)} to ${clock(recorded.until)} UTC of 2026-03-02; `);
  print(`the venue answered 503 from ${clock(outage.from)} to ${clock(outage.until)}.\n`);
  await showRuns(recorded, print);
  showTree(recorded, print);
  showChecks(recorded, print);
  showReport(recorded, print);
  print(heading("Why a slot has no books"));
  showWhy(recorded, print);
  await showBooks(recorded, print);
  print(heading("What a data user types"));
  showCommands(recorded, hour, await firstMarket(recorded), print);
  print(heading("The machine is gone: everything again, on a new one"));
  showRestore(recorded, print);
  showNext(recorded, print);
}

const hour = "2026-03-02T11";

function data(recorded: Recorded): string {
  return join(recorded.folder, "data");
}

async function showRuns(recorded: Recorded, print: Print): Promise<void> {
  const runs = new Map<string, Record<string, number>>();
  const place = { dataFolder: data(recorded), collector: recorded.collector };
  const hours = await listJournalHours(systemFiles, place);
  for await (const line of readJournal(systemFiles, place, hours)) {
    if (line.kind !== "end") continue;
    const outcomes = runs.get(line.function) ?? {};
    outcomes[line.outcome] = (outcomes[line.outcome] ?? 0) + 1;
    runs.set(line.function, outcomes);
  }
  print(heading("What was fired, from the journal"));
  for (const [name, outcomes] of [...runs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
    print(`  ${name.padEnd(16)}${counts.join(", ")}\n`);
  }
}

function showTree(recorded: Recorded, print: Print): void {
  print(heading("What lies on the disk"));
  const paths = readdirSync(data(recorded), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(data(recorded).length + 1))
    .filter((each) => !/^(state|receipts)\//.test(each))
    .sort();
  const isShown = (path: string): boolean =>
    path.includes("stream=books") || !path.startsWith("archive/");
  for (const path of paths.filter(isShown)) {
    print(`  ${String(statSync(join(data(recorded), path)).size).padStart(7)} B  ${path}\n`);
  }
  const others = paths.length - paths.filter(isShown).length;
  print(
    `  and ${others} files of the markets, journal and quarantine streams, laid out the same\n`,
  );
}

function showChecks(recorded: Recorded, print: Print): void {
  const paths = hourPaths({ venue: "polymarket", stream: "books", hour }, recorded.collector);
  const cwd = join(data(recorded), "archive", paths.folder);
  print(heading("One sealed hour, checked with tools that know nothing of Hourbook"));
  for (const command of [
    `gzip -t ${recorded.collector}.jsonl.gz && echo whole`,
    `sha256sum -c ${recorded.collector}.sha256`,
    `diff -r . ${join(recorded.folder, "offsite", paths.folder)} && echo "the copy is the same"`,
  ]) {
    print(`  $ ${command}\n`);
    for (const line of execFileSync("sh", ["-c", command], { cwd }).toString().trim().split("\n"))
      print(`    ${line}\n`);
  }
}

function showReport(recorded: Recorded, print: Print): void {
  const folder = join(data(recorded), "reports/venue=polymarket/date=2026-03-02/hour=11");
  print(heading("The gap report of that hour"));
  const report = readFileSync(join(folder, `${recorded.collector}.gaps.md`), "utf8");
  for (const line of report.trimEnd().split("\n").slice(0, 24))
    print(line === "" ? "\n" : `  ${line}\n`);
}

async function showBooks(recorded: Recorded, print: Print): Promise<void> {
  const { data: path, index: indexPath } = hourPaths(
    { venue: "polymarket", stream: "books", hour },
    recorded.collector,
  );
  const index = await readIndex(systemFiles, data(recorded), indexPath);
  const busiest = Object.entries(index.tokens).sort(([, a], [, b]) => b.lines - a.lines);
  const [token, range] = busiest[0] ?? [];
  if (token === undefined || range === undefined) return;
  print(
    heading(
      `Books of one token: ${range.length} of the file's ${index.data.bytes} bytes were read`,
    ),
  );
  print(`  ${token}\n\n  received                  bid     ask\n`);
  const lines: Buffer[] = [];
  for await (const batch of readRange(systemFiles, data(recorded), path, range))
    lines.push(...batch);
  for (const line of lines.slice(0, 5)) {
    const { received } = JSON.parse(line.toString()) as { received: string };
    const book = JSON.parse(rawOf(line).toString()) as Record<"bids" | "asks", { price: string }[]>;
    const best = (side: { price: string }[]): string => (side.at(-1)?.price ?? "none").padEnd(8);
    print(`  ${received}  ${best(book.bids)}${best(book.asks)}\n`);
  }
  print(`  and ${lines.length - 5} more\n`);
}

/** The slug of the first market on the hour's watch list. */
async function firstMarket(recorded: Recorded): Promise<string> {
  const { data: path } = hourPaths(
    { venue: "polymarket", stream: "books", hour },
    recorded.collector,
  );
  const lines = readLines(systemFiles, join(data(recorded), "archive", path));
  for await (const line of lines) {
    const { tokens } = JSON.parse(line.toString()) as { tokens?: { slug: string }[] };
    if (tokens?.[0] !== undefined) return tokens[0].slug;
  }
  throw new Error("the hour names no market");
}

function showNext(recorded: Recorded, print: Print): void {
  print(heading("What to type next"));
  print(`  HOURBOOK_DATA=${data(recorded)} npm run status\n`);
  print(`  find ${recorded.folder}                 everything that was written\n`);
  print(
    "  npm run fn -- --list                          the functions, and by hand: npm run fn -- discover --help\n",
  );
  print("  npm start                                     record the live venue into ./data\n");
}

function heading(text: string): string {
  return `\n${text}\n\n`;
}

function clock(time: string): string {
  return time.slice(11, 16);
}
