/**
 * `npm run bench -- [NAME] [SCALE]`: one measurement, beside what a user would pick instead, in one run; without a name all
 * of them, and docs/benchmarks.md made anew. SCALE shrinks the large cases.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { benches } from "./benches.ts";
import { type Measured, benchmarksPage } from "./page.ts";
import { line } from "./rows.ts";

const root = join(import.meta.dirname, "../..");
const args = process.argv.slice(2);
const [name, scaleText = "1"] = Number.isNaN(Number(args[0] ?? "1")) ? args : [undefined, args[0]];
const scale = Number(scaleText);
const load = { before: loadavg()[1] ?? 0, cores: cpus().length };

if ((name !== undefined && benches[name] === undefined) || !(scale > 0 && scale <= 1)) {
  const list = Object.entries(benches).map(([each, { what }]) => `  ${each.padEnd(10)}${what}`);
  process.stderr.write(
    `npm run bench -- [NAME] [SCALE]\n${list.join("\n")}\n` +
      "Without a name: all of them, and docs/benchmarks.md anew. SCALE, 0 to 1, shrinks the large cases.\n",
  );
  process.exitCode = 64;
} else if (name !== undefined) {
  await measure(name);
} else {
  const measured: Measured[] = [];
  for (const each of Object.keys(benches)) measured.push(await measure(each));
  writeFileSync(join(root, "docs/benchmarks.md"), benchmarksPage(measured, circumstances()));
}

async function measure(each: string): Promise<Measured> {
  const { what, run } = benches[each]!;
  process.stdout.write(`${each}: ${what}\n`);
  const rows = await run(scale);
  process.stdout.write(`${rows.map(line).join("\n")}\n\n`);
  return { name: each, what, rows };
}

function circumstances() {
  const git = (...words: string[]): string =>
    execFileSync("git", words, { cwd: root }).toString().trim();
  const [cpu] = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return {
    command: ["npm run bench", ...(scale === 1 ? [] : [`-- ${scale}`])].join(" "),
    scale,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpu?.model.trim() ?? "unknown CPU"}, ${memory} GB, Node ${process.versions.node}`,
    load,
    revision: `revision ${git("rev-parse", "--short=10", "HEAD")}`,
  };
}
