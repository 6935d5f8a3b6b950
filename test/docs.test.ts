/**
 * What the docs show is what the commands print today.
 *
 * Method: a fenced `text` block below `<!-- run: COMMAND -->` must be the command's whole output, one below
 * `<!-- demo -->` must stand in the demo's output, and the Python reader of the format's page must read what was
 * sealed. Links must lead somewhere.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { hourPaths } from "../functions/archive/layout.ts";
import { readIndex } from "../functions/archive/sealed-index.ts";
import { systemFiles } from "../runtime/doors/files.ts";
import { temporaryFolder } from "./support/folder.ts";

const root = join(import.meta.dirname, "..");
const pages = ["README.md", ...globSync("docs/*.md", { cwd: root })];
const shown = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8");
  const blocks = text.matchAll(/<!-- (run: .+?|demo) -->\n\n?```text\n([\s\S]*?)```/g);
  return [...blocks].map(([, source = "", block = ""]) => ({ page, source, block }));
});

suite("the docs", () => {
  for (const { page, source, block } of shown.filter((each) => each.source !== "demo")) {
    const command = source.slice("run: ".length);
    test(`${page} shows what \`${command}\` prints`, () => {
      const options = { cwd: root, encoding: "utf8", env: quietEnvironment() } as const;
      assert.equal(execFileSync("sh", ["-c", command], options), block);
    });
  }

  test("have links that lead somewhere", () => {
    for (const page of pages) {
      const text = readFileSync(join(root, page), "utf8");
      for (const [, target = ""] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        if (/^https?:/.test(target)) continue;
        assert.ok(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`);
      }
    }
  });

  test("map every topic folder, every dependency and every page", () => {
    const has = (page: string): string => readFileSync(join(root, page), "utf8");
    const folders = globSync("functions/*/", { cwd: root }).map(
      (path) => `${path.replace(/\/$/, "")}/`,
    );
    const manifest = JSON.parse(has("package.json")) as Record<string, Record<string, string>>;
    const packages = ["dependencies", "devDependencies", "optionalDependencies"].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    );
    const missing = (page: string, names: string[]): string[] => {
      const words = new Set(has(page).split(/[\s,|()#]+/));
      return names.filter((name) => !words.has(name));
    };
    assert.deepEqual(missing("docs/architecture.md", [...folders, ...packages]), []);
    const linked = pages.filter((page) => !/README|changelog/.test(page));
    assert.deepEqual(missing("README.md", linked), []);
    assert.deepEqual(missing("README.md", ["docs/no-such-page.md"]), ["docs/no-such-page.md"]);
  });

  // A formatter can move the fences, and this suite would pass by finding nothing to check.
  test("hold blocks of both kinds", () => {
    assert.ok(shown.some(({ source }) => source === "demo"));
    assert.ok(shown.some(({ source }) => source !== "demo"));
  });
});

suite("the demo", () => {
  let output = "";

  test("runs without a terminal, network or settings", () => {
    const options = { cwd: root, encoding: "utf8", env: quietEnvironment() } as const;
    output = execFileSync("npm", ["run", "-s", "demo"], options);
    assert.ok(!output.includes("\u001b") && !output.includes("\r"));
  });

  for (const { page, block } of shown.filter((each) => each.source === "demo")) {
    test(`prints what ${page} shows of it`, () => {
      for (const part of block.split("…\n"))
        assert.ok(output.includes(part.trim()), `not in the demo:\n${part}`);
    });
  }

  test("leaves an hour that the Python reader of the docs reads by its index", async (t) => {
    const folder = /HOURBOOK_DATA=(\S+)/.exec(output)?.[1] ?? "";
    const paths = hourPaths(
      { venue: "polymarket", stream: "books", hour: "2026-03-02T11" },
      "demo",
    );
    const index = await readIndex(systemFiles, folder, paths.index);
    const [token = "", range] = Object.entries(index.tokens)[0] ?? [];
    const page = readFileSync(join(root, "docs/archive-format.md"), "utf8");
    const script = join(temporaryFolder(t), "reader.py");
    writeFileSync(script, /```python\n([\s\S]*?)```/.exec(page)?.[1] ?? "");

    const printed = execFileSync("python3", [
      script,
      join(folder, "archive", paths.folder),
      "demo",
      token,
    ]);

    assert.equal(printed.toString().trim().split("\n").length, range?.lines);
  });

  test("leaves an archive that DuckDB reads as the docs show", async () => {
    const folder = /HOURBOOK_DATA=(\S+)/.exec(output)?.[1] ?? "";
    await showsWhatDuckDbReads("docs/reading-the-archive.md", folder);
  });

  test("leaves one that DuckDB reads beside another collector's, as the docs show", async (t) => {
    const folder = /HOURBOOK_DATA=(\S+)/.exec(output)?.[1] ?? "";
    const both = temporaryFolder(t);
    for (const collector of ["east", "west"]) {
      for (const path of globSync("archive/**/demo.jsonl.gz", { cwd: folder })) {
        // What one machine missed, the other may have.
        if (collector === "west" && path.includes("hour=12")) continue;
        const copy = join(both, path.replace("demo", collector));
        mkdirSync(dirname(copy), { recursive: true });
        cpSync(join(folder, path), copy);
      }
    }
    await showsWhatDuckDbReads("docs/scaling.md", both);
  });
});

/** Each query of a page, and below it what it gives. */
async function showsWhatDuckDbReads(page: string, folder: string): Promise<void> {
  const text = readFileSync(join(root, page), "utf8");
  const shownOf = /```sql\n([\s\S]*?)```\n\n<!-- duckdb -->\n\n```text\n([\s\S]*?)```/g;
  const queries = [...text.matchAll(shownOf)];
  assert.equal(queries.length, text.split("```sql\n").length - 1);
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  await connection.run(`SET file_search_path = '${folder}'`);
  for (const [, query = "", expected] of queries) {
    const reader = await connection.runAndReadAll(query);
    const rows = reader.getRows().map((row) => row.map(String));
    assert.equal(tableOf([reader.columnNames(), ...rows]), expected);
  }
  connection.closeSync();
}

/** As text, cells padded to their column. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const padded = rows.map((row) =>
    row.map((cell, at) => cell.padEnd(Math.max(...rows.map((each) => each[at]?.length ?? 0)))),
  );
  return padded.map((row) => `${row.join("  ").trimEnd()}\n`).join("");
}

/** What a new user has: no settings, no colours. */
function quietEnvironment(): Record<string, string> {
  const names = Object.keys(process.env).filter(
    (name) => !/^(HOURBOOK_|NODE_|npm_|FORCE_COLOR)/.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? ""]));
}
