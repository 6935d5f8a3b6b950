/**
 * What an archived hour costs, beside `gzip -6` of the same books: bytes at rest, CPU and memory of sealing, and
 * one token read out of a large hour. `npm run bench -- archive 0.1` takes a tenth of the large hours.
 */
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { hourPaths } from "../../functions/archive/layout.ts";
import { readIndex } from "../../functions/archive/sealed-index.ts";
import { readBooks } from "../../functions/reading/reading.ts";
import { systemFiles } from "../../runtime/doors/files.ts";
import type { Step } from "./archive-child.ts";
import { collector, feed, hour } from "./archive-feed.ts";
import { type Row, bytes, compared, mib, ms } from "./rows.ts";

const root = join(import.meta.dirname, "../..");
const small = { tokens: 300, polls: 60 };
const large = { tokens: 5_000, polls: 360 };
// Lines of 3.7 kB, of which 40 % of 5,000 are written in a poll.
const pollsPerGigabyte = 135;
const peakMBMax = 200;

export async function bench(scale: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "hourbook-bench-"));
  try {
    const rows = await measureBytesAndCpu(join(folder, "small"));
    const peaks: Step[] = [];
    for (const gigabytes of [1, 5])
      peaks.push(await measureMemory(join(folder, "memory"), gigabytes * scale));
    const [one, five] = peaks as [Step, Step];
    const most = Math.max(one.peakMiB, five.peakMiB);
    rows.push({
      what: `peak memory of sealing hours of ${bytes(one.rawBytes)} and ${bytes(five.rawBytes)}`,
      ours: `${mib(one.peakMiB)} and ${mib(five.peakMiB)}`,
      instead: "",
      ratio: undefined,
      goal: `<= ${peakMBMax} MB each`,
      met: most * 2 ** 20 <= peakMBMax * 1e6,
    });
    return [...rows, ...(await measureRead(join(folder, "large"), scale))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureBytesAndCpu(folder: string): Promise<Row[]> {
  title(`${small.tokens} books, ${small.polls} polls, 40 % of the books changed at each`);
  const bodies = join(folder, "bodies.jsonl");
  await child("record", folder, small.tokens, small.polls);
  await writeBodies(bodies);
  const raw = join(folder, "lines.jsonl");
  execFileSync("bash", ["-c", `zcat "${folder}"/open/*.jsonl.gz > "${raw}"`]);

  const theirs = await gzip(bodies);
  // The best of three each: whoever else uses the machine can only make it slower.
  let [sealing, overLines] = [Infinity, Infinity];
  for (const attempt of [1, 2, 3]) {
    const copy = join(folder, `attempt-${attempt}`);
    cpSync(join(folder, "open"), join(copy, "open"), { recursive: true });
    sealing = Math.min(sealing, (await child("seal", copy)).cpuMs);
    overLines = Math.min(overLines, (await gzip(raw)).cpuMs);
  }
  const paths = hourPaths({ venue: "polymarket", stream: "books", hour }, collector);
  const [data = 0, index = 0] = [paths.data, paths.index].map(
    (path) => statSync(join(folder, "attempt-1/archive", path)).size,
  );
  return [
    compared({
      what: `bytes at rest, index of ${bytes(index)} included`,
      ours: data + index,
      theirs: theirs.bytes,
      name: "gzip -6 of all bodies",
      show: bytes,
      goalMax: 1 / 12,
    }),
    compared({
      what: "CPU of sealing",
      ours: sealing,
      theirs: overLines,
      name: "gzip -6 over the same lines",
      show: ms,
      goalMax: 1,
    }),
  ];
}

/** As the venue sent them, in the order of the polls: unchanged ones too, since a body holds them all. */
async function writeBodies(path: string): Promise<void> {
  const file = createWriteStream(path);
  for (const books of feed(small)) {
    const texts = books.map(({ text }) => text.toString());
    if (!file.write(`[${texts.join(",")}]\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

async function measureMemory(folder: string, gigabytes: number): Promise<Step> {
  rmSync(folder, { recursive: true, force: true });
  const polls = Math.ceil(pollsPerGigabyte * gigabytes);
  await child("record", folder, large.tokens, polls, "cheap");
  const sealed = await child("seal", folder);
  const seconds = (sealed.wallMs / 1000).toFixed(0);
  title(
    `an hour of ${bytes(sealed.rawBytes)}, sealed in ${seconds} s: peak ${mib(sealed.peakMiB)}`,
  );
  rmSync(folder, { recursive: true, force: true });
  return sealed;
}

async function measureRead(folder: string, scale: number): Promise<Row[]> {
  const polls = Math.ceil(large.polls * scale);
  const isPart = scale < 1;
  await child("record", folder, large.tokens, polls);
  const { rawBytes } = await child("seal", folder);
  const paths = hourPaths({ venue: "polymarket", stream: "books", hour }, collector);
  const path = join(folder, "archive", paths.data);
  const index = await readIndex(systemFiles, folder, paths.index);
  const tokens = Object.entries(index.tokens).sort(([, a], [, b]) => a.length - b.length);
  const [token = ""] = tokens[Math.floor(tokens.length / 2)] ?? [];
  const size = statSync(path).size;
  title(`${large.tokens} tokens, ${polls} polls: ${bytes(rawBytes)}, sealed ${bytes(size)}`);

  await readOne(folder, token);
  const ours = await readOne(folder, token);
  const startedAt = performance.now();
  execFileSync("bash", ["-c", `zcat "${path}" | grep '"token":"${token}"' | wc -l`]);
  const theirs = performance.now() - startedAt;
  return [
    compared({
      what: `one token's hour: bytes read, beside an index of ${bytes(ours.read.index)}`,
      ours: ours.read.data,
      theirs: size,
      name: "the whole data file",
      show: bytes,
      goalMax: 0.01,
      isPart,
    }),
    compared({
      what: "one token's hour: time, in process",
      ours: ours.ms,
      theirs,
      name: "zcat | grep",
      show: ms,
      goalMax: 1 / 50,
      isPart,
    }),
  ];
}

async function readOne(dataFolder: string, token: string) {
  const startedAt = performance.now();
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const { signal } = new AbortController();
  const place = { root: join(dataFolder, "archive"), beside: dataFolder, dataFolder };
  const { read } = await readBooks(
    {
      run: { files: systemFiles, signal, progress() {}, log: silent },
      output: { write: async () => true },
      place,
      collector,
      wanted: { token, market: undefined },
      from: 0,
      to: Date.parse("2030-01-01T00:00:00Z"),
      at: undefined,
      every: false,
      format: "jsonl",
    },
    [hour],
  );
  return { read, ms: performance.now() - startedAt };
}

async function child(...args: (string | number)[]): Promise<Step> {
  // As every process of the product begins.
  const guard = join(root, "runtime/guard.js");
  const script = join(root, "test/bench/archive-child.ts");
  const options = { cwd: root, maxBuffer: 1024 * 1024 };
  const started = promisify(execFile)(
    process.execPath,
    ["--import", guard, script, ...args.map(String)],
    options,
  );
  return JSON.parse((await started).stdout) as Step;
}

async function gzip(path: string): Promise<{ bytes: number; cpuMs: number }> {
  const shell = spawn("bash", [
    "-c",
    `TIMEFORMAT='%U %S'; time gzip -6 < "${path}" > "${path}.gz"`,
  ]);
  let text = "";
  shell.stderr.on("data", (piece) => (text += String(piece)));
  await once(shell, "close");
  const [user = 0, system = 0] = text.trim().split(" ").map(Number);
  return { bytes: statSync(`${path}.gz`).size, cpuMs: (user + system) * 1000 };
}

function title(text: string): void {
  process.stdout.write(`${text}\n`);
}
