/**
 * Bugs to plant, each of which breaks a promise: the simulation is worth something only if it finds them. A copy of the
 * code is changed in one place or two, and simulated until a promise breaks.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

interface Edit {
  file: string;
  find: string;
  replace: string;
}

export const bugs: Readonly<Record<string, readonly Edit[]>> = {
  "an fsync is skipped": [
    { file: "runtime/hours/append.ts", find: "    await file.syncData();\n", replace: "" },
  ],
  "the sync of a folder is dropped": [
    {
      file: "runtime/hours/append.ts",
      find: "    if (tail.bytes === 0) await files.syncFolder(folder);\n",
      replace: "",
    },
  ],
  "prune does not look a second time": [
    {
      file: "functions/remote/prune-run.ts",
      find: "const looks = await lookAt(remote, artifacts);",
      replace:
        'const looks = new Map<string, Look>(artifacts.map(({ path }) => [path, { state: "same", seen: [] }]));',
    },
    {
      file: "functions/remote/look.ts",
      find: "return seen.length === 1 && seen[0]?.bytes === bytes;",
      replace: "return seen.length <= 1 && bytes >= 0;",
    },
  ],
  "books are matched by their place": [
    {
      file: "functions/polymarket/books.ts",
      find: "books.set(token!, { token: token!, raw, digest, sent, received });",
      replace:
        "const zipped = [...asked.keys()][books.size] ?? token!;\n      books.set(zipped, { token: zipped, raw, digest, sent, received });",
    },
  ],
  "a poll's number is used again": [
    { file: "runtime/hours/tail.ts", find: "number: number + 1,", replace: "number," },
  ],
  "a 429 is swallowed": [
    {
      file: "functions/polymarket/attempt.ts",
      find: 'if (status === 429) return "venue-429";',
      replace: 'if (status === 429) return "omitted";',
    },
  ],
  "an hour is sealed early": [
    {
      file: "functions/seal-hour.ts",
      find: "hourStart(hour) + hourMs + settleMs <= run.asOf",
      replace: "hourStart(hour) + settleMs <= run.asOf",
    },
  ],
  "a short write is ignored": [
    {
      file: "runtime/durable.ts",
      find: "rest = rest.subarray(written);",
      replace: "rest = rest.subarray(rest.length + 0 * written);",
    },
  ],
  "a slot is replayed": [
    {
      file: "runtime/scheduler.ts",
      find: "void this.#fire(entry, slot, slot <= newest);",
      replace: "void this.#fire(entry, slot, false);",
    },
  ],
  "a manifest is chained to the wrong hour": [
    {
      file: "functions/archive/chain.ts",
      find: "manifest.seq > end.seq",
      replace: "manifest.seq < end.seq",
    },
  ],
};

export interface Hunt {
  bug: string;
  /** How many seeds it took; `undefined` if none found it. */
  seeds: number | undefined;
  finding: string;
}

/** Seeds from `first` on, until one finds it. */
export async function hunt(
  bug: string,
  first: number,
  seedsMax: number,
  days: number,
): Promise<Hunt> {
  const tree = planted(bugs[bug] ?? []);
  try {
    for (let tried = 0; tried < seedsMax; tried += 1) {
      const args = ["--seed", String(first + tried), "--days", String(days)];
      const { code, output } = await run(tree, args);
      const finding = /^ {2}(?!replay)(.+)$/m.exec(output)?.[1];
      if (code !== 0 && finding !== undefined) return { bug, seeds: tried + 1, finding };
      if (code !== 0) throw new Error(`the simulation itself failed:\n${output}`);
    }
    return { bug, seeds: undefined, finding: "" };
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function planted(edits: readonly Edit[]): string {
  const tree = mkdtempSync(join(tmpdir(), "hourbook-bug-"));
  for (const name of ["functions", "runtime", "test", "package.json", "schedules.json"])
    cpSync(join(root, name), join(tree, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  for (const { file, find, replace } of edits) {
    const path = join(tree, file);
    const [before, after, ...more] = readFileSync(path, "utf8").split(find);
    if (after === undefined || more.length > 0)
      throw new Error(`${file} does not hold this once: ${find}`);
    writeFileSync(path, `${before}${replace}${after}`);
  }
  return tree;
}

function run(tree: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  const command = ["--import", "./runtime/guard.js", "test/simulate/main.ts", ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: tree }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` });
    });
  });
}
