/**
 * The house rules of docs/architecture.md, held by a machine: which way arrows point, who may use a door, and
 * what every function must have.
 *
 * Method: the sources are read as text and handed to pure checks, which the same suite feeds with a broken house
 * to see that each of them can fail.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { suite, test } from "node:test";

/** Path from the project's root → text. */
type House = ReadonlyMap<string, string>;

const root = join(import.meta.dirname, "..");

const rooms = new Set([
  "functions",
  "runtime",
  "schedules.json",
  "deploy",
  "docs",
  "test",
  "package.json",
  "tsconfig.json",
  "README.md",
  "package-lock.json",
  "LICENSE",
]);

/** Topic folder → the topic folders that it may build on. */
const topics: Record<string, readonly string[]> = {
  archive: [],
  polymarket: ["archive"],
  remote: ["archive"],
  coverage: ["archive", "remote"],
  quality: ["archive", "coverage"],
  audit: ["archive", "polymarket", "coverage"],
  incidents: ["archive", "coverage", "quality", "remote"],
  verify: ["archive", "remote"],
  reading: ["archive"],
  doctor: ["archive", "polymarket", "remote"],
  readiness: ["archive", "coverage", "polymarket", "quality", "remote"],
};

const doorModules =
  /^(node:)?(fs|fs\/promises|child_process|net|tls|http|https|http2|dns|dgram|sqlite|timers|timers\/promises|worker_threads|cluster)$|^(ky|execa|ws)$/;
const doorCalls: [RegExp, string][] = [
  [/\bDate\.now\b/, "Date.now"],
  [/\bnew Date\(\s*\)/, "new Date()"],
  [/\b(setTimeout|setInterval|setImmediate)\(/, "a timer"],
  // A remote's method of that name is no call.
  [/(?<![.\w])(?<!async )fetch\((?!\w+:)/, "fetch"],
  [/\bperformance\.\w/, "performance"],
  [/\bMath\.random\b/, "Math.random"],
  [/\b(randomUUID|randomBytes|randomInt)\b/, "chance"],
];

suite("the house", () => {
  const house = readHouse();

  test("has the fixed top level and nothing else", () => {
    const found = new Set([...house.keys()].map((path) => path.split("/", 1)[0] ?? path));
    assert.deepEqual(
      [...found].filter((name) => !name.startsWith(".") && !rooms.has(name)),
      [],
    );
  });

  test("lets arrows point one way only", () => assert.deepEqual(brokenArrows(house), []));

  test("uses the clock, files, network, children and chance behind runtime/doors only", () => {
    assert.deepEqual(misusedDoors(house), []);
  });

  test("gives every function a head comment, a schedule entry and a section in docs/functions.md", () => {
    assert.deepEqual(incompleteFunctions(house), []);
  });

  test("cites no line numbers in its docs, which would be wrong tomorrow", () => {
    const citing = [...house].filter(
      ([path, text]) => path.endsWith(".md") && /\.ts:\d+/.test(text),
    );
    assert.deepEqual(
      citing.map(([path]) => path),
      [],
    );
  });

  test("locks the optional packages of every platform, without which npm ci refuses", () => {
    assert.deepEqual(unlockedPackages(), [], "run: node .ci/complete-lock.js");
  });

  test("shows its code to this test at all", () => {
    assert.ok(functionsOf(house).length >= 7);
  });
});

suite("a broken house is found:", () => {
  const complaints: [string, string, string, (house: House) => string[], RegExp][] = [
    [
      "the runtime imports a function",
      "runtime/a.ts",
      'import "../functions/discover.ts";',
      brokenArrows,
      /runtime\/a\.ts/,
    ],
    [
      "a function imports another",
      "functions/a.ts",
      'import "./discover.ts";',
      brokenArrows,
      /functions\/a\.ts/,
    ],
    [
      "a topic imports a function",
      "functions/archive/a.ts",
      'import x from "../prune.ts";',
      brokenArrows,
      /archive\/a\.ts/,
    ],
    [
      "the archive builds on the venue",
      "functions/archive/a.ts",
      'import "../polymarket/b.ts";',
      brokenArrows,
      /polymarket/,
    ],
    [
      "the product imports a test",
      "functions/a.ts",
      'import "../test/b.ts";',
      brokenArrows,
      /test\/b\.ts/,
    ],
    [
      "a file is read past the door",
      "functions/a.ts",
      'import { readFile } from "node:fs/promises";',
      misusedDoors,
      /node:fs/,
    ],
    [
      "the time is asked past the door",
      "functions/archive/a.ts",
      "const t = Date.now();",
      misusedDoors,
      /Date\.now/,
    ],
    ["a timer is set past the door", "runtime/a.ts", "setTimeout(work, 5);", misusedDoors, /timer/],
    [
      "the network is reached past the door",
      "runtime/a.ts",
      "await fetch(url);",
      misusedDoors,
      /fetch/,
    ],
    [
      "a function has no head comment",
      "functions/a.ts",
      "export default {};",
      incompleteFunctions,
      /head comment/,
    ],
    [
      "a function has no schedule entry",
      "functions/a.ts",
      "/**\n * a: b.\n */",
      incompleteFunctions,
      /schedules\.json/,
    ],
    [
      "a function has no section in the docs",
      "functions/a.ts",
      "/**\n * a: b.\n */",
      incompleteFunctions,
      /docs\/functions\.md/,
    ],
  ];
  for (const [what, path, text, check, expected] of complaints) {
    test(what, () => {
      const house = new Map([
        ["schedules.json", "{}"],
        ["docs/functions.md", ""],
        [path, text],
      ]);
      assert.match(check(house).join("\n"), expected);
    });
  }
});

function brokenArrows(house: House): string[] {
  const broken: string[] = [];
  for (const [path, text] of sources(house)) {
    for (const target of importsOf(path, text)) {
      if (target.startsWith("test/"))
        broken.push(`${path} imports ${target}: the product knows no tests`);
      if (path.startsWith("runtime/") && target.startsWith("functions/")) {
        broken.push(`${path} imports ${target}: the runtime knows no functions`);
      }
      if (path.startsWith("functions/") && isFunction(target)) {
        broken.push(`${path} imports ${target}: functions are fired, never imported`);
      }
      const [from, to] = [topicOf(path), topicOf(target)];
      if (
        from !== undefined &&
        to !== undefined &&
        from !== to &&
        topics[from]?.includes(to) !== true
      ) {
        broken.push(`${path} imports ${target}: ${from} does not build on ${to}`);
      }
    }
  }
  return broken;
}

function misusedDoors(house: House): string[] {
  const misused: string[] = [];
  for (const [path, text] of sources(house)) {
    if (path.startsWith("runtime/doors/")) continue;
    const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
    for (const [, module] of code.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      if (module !== undefined && doorModules.test(module))
        misused.push(`${path} imports ${module}`);
    }
    for (const [pattern, name] of doorCalls)
      if (pattern.test(code)) misused.push(`${path} uses ${name}`);
  }
  return misused;
}

function incompleteFunctions(house: House): string[] {
  const schedules = JSON.parse(house.get("schedules.json") ?? "{}") as Record<string, unknown>;
  const docs = house.get("docs/functions.md") ?? "";
  return functionsOf(house).flatMap((path) => {
    const name = basename(path, ".ts");
    const lacking: string[] = [];
    if (!house.get(path)?.startsWith(`/**\n * ${name}: `))
      lacking.push(`a head comment that begins "${name}: "`);
    if (!(name in schedules)) lacking.push("an entry in schedules.json");
    if (!docs.includes(`\n## ${name}\n`))
      lacking.push(`a section "## ${name}" in docs/functions.md`);
    return lacking.map((what) => `${path} lacks ${what}`);
  });
}

function unlockedPackages(): string[] {
  const text = readFileSync(join(root, "package-lock.json"), "utf8");
  const { packages } = JSON.parse(text) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  return Object.values(packages)
    .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    .filter((name) => !(`node_modules/${name}` in packages));
}

function functionsOf(house: House): string[] {
  return [...house.keys()].filter(isFunction);
}

function isFunction(path: string): boolean {
  return /^functions\/[^/]+\.ts$/.test(path);
}

function topicOf(path: string): string | undefined {
  return /^functions\/([^/]+)\//.exec(path)?.[1];
}

function sources(house: House): [string, string][] {
  return [...house].filter(([path]) => /^(functions|runtime)\/.*\.ts$/.test(path));
}

function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, target]) =>
    normalize(join(dirname(path), target ?? "")),
  );
}

/** What git would commit, so that build products and a user's data do not count. */
function readHouse(): House {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  const paths = listed.toString().trim().split("\n");
  const isText = (path: string): boolean =>
    /\.(ts|md|json)$/.test(path) && path !== "package-lock.json";
  return new Map(
    paths.map((path) => [path, isText(path) ? readFileSync(join(root, path), "utf8") : ""]),
  );
}
