/**
 * docs/incidents.md explains every code that an OperatorError can carry, and no other.
 *
 * Method: the sources are read as text. What makes an OperatorError names its code on the spot, passes on that of
 * another one, or takes it from a table of its own file (`code: "…"`); anything else is a failure of this test, so that
 * no code escapes it. The same checks are fed with broken sources and pages.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/incidents.md"), "utf8");
const paths = globSync("{functions,runtime,deploy}/**/*.{ts,js}", { cwd: root });
const thrown = new Set(paths.flatMap((path) => codesIn(path, read(path))));

// Whoever stopped it knows; and what a caller lists under `details` of an error that says the rest.
const mayBeSilent =
  /"(STOPPED|STOPPING)"|message: (differing\.join|`\$\{path\} names other checksums)/;

suite("the error codes of docs/incidents.md", () => {
  test("are those that the sources can throw, each once", () => {
    assert.ok(thrown.size > 50, "the sources were found");
    assert.deepEqual(explainedIn(page).toSorted(), [...thrown].toSorted());
  });
});

suite("an error", () => {
  test("says what is safe and what to type", () => {
    const texts = paths.map((path) => [path, read(path)] as const);
    assert.deepEqual(
      texts.flatMap(([path, text]) => silentIn(text).map((error) => `${path}: ${error}`)),
      [],
    );
  });

  test("that does not is found", () => {
    const [safe, next] = ['safe: "All."', 'next: "x"'];
    const made = (...parts: string[]): string => `new OperatorError("A", { ${parts.join(", ")} })`;
    assert.deepEqual(silentIn(made('message: "(m"', safe, next)), []);
    assert.equal(silentIn(made('message: "m"', safe)).length, 1);
    assert.equal(silentIn(`${made(next)}; ${made(safe, next)}`).length, 1);
  });
});

suite("a code is found", () => {
  const found: [string, string, string[]][] = [
    ["on the spot", 'throw new OperatorError("A_CODE", { message: "B_CODE" });', ["A_CODE"]],
    ["on the next line", 'new OperatorError(\n  "A_CODE",\n  {}\n)', ["A_CODE"]],
    ["of two", 'new OperatorError(isOld ? "OLD" : "NEW", {})', ["OLD", "NEW"]],
    ["beside one passed on", 'new OperatorError(known?.code ?? "OTHER", {})', ["OTHER"]],
    [
      "in a table",
      'const e = { a: { code: "IN_TABLE" } }; new OperatorError(code, {})',
      ["IN_TABLE"],
    ],
    [
      "in a class",
      'class E extends OperatorError { constructor() { super("IN_CLASS", {}); } }',
      ["IN_CLASS"],
    ],
    ["nowhere, of one passed on", "new OperatorError(error.code, {})", []],
  ];
  for (const [where, text, codes] of found)
    test(where, () => assert.deepEqual(codesIn("a.ts", text), codes));

  test("or the source is named", () => {
    assert.throws(() => codesIn("a.ts", "new OperatorError(code, {})"), /a\.ts: .* code/);
    assert.throws(() => codesIn("a.ts", "new OperatorError(`A_${b}`, {})"), /a\.ts/);
  });
});

suite("a page is told from its sources", () => {
  const table = "## Error codes\n\n| code |\n| --- |\n| `A`, `B_C` | `NOT_THIS` |\n";

  test("by the first cell of its rows", () => {
    assert.deepEqual(explainedIn(`| \`BEFORE\` |\n${table}| \`D\` | |\n`), ["A", "B_C", "D"]);
  });

  test("where a code is missing, superfluous or there twice", () => {
    const [code = ""] = thrown;
    const without = page.replace(`\`${code}\``, "");
    const withMore = `${page}| \`NO_SUCH_CODE\` | | |\n`;
    const twice = `${page}| \`${code}\` | | |\n`;
    for (const broken of [without, withMore, twice])
      assert.notDeepEqual(explainedIn(broken).toSorted(), [...thrown].toSorted());
  });
});

function codesIn(path: string, text: string): string[] {
  const isClass = /extends OperatorError\b/.test(text);
  const call = isClass
    ? /\b(?:new OperatorError|super)\(\s*([^,]+),/g
    : /\bnew OperatorError\(\s*([^,]+),/g;
  return [...text.matchAll(call)].flatMap(([, argument = ""]) => {
    const named = literals(argument);
    const isVariable = /(?<!\.)\bcode\b/.test(argument);
    if (!isVariable && (named.length > 0 || /^\w+\.code$/.test(argument.trim()))) return named;
    const table = [...text.matchAll(/\bcode: ("[A-Z_]+")/g)].flatMap(([, code = ""]) =>
      literals(code),
    );
    assert.ok(table.length > 0, `${path}: cannot tell which code ${argument.trim()} is`);
    return named.concat(table);
  });
}

/** Those made without a word of what is safe or of what to type. */
function silentIn(text: string): string[] {
  const made = text.split("new OperatorError(").slice(1);
  // As the formatter leaves them, a call ends on its first line or with a brace that begins one.
  const calls = made.map((rest) => /^.*\}\)|^[^]*?\n\s*\}\)/.exec(rest)?.[0] ?? rest);
  const isTold = (call: string): boolean => /\bsafe\b/.test(call) && /\bnext\b/.test(call);
  return calls.filter((call) => !isTold(call) && !mayBeSilent.test(call));
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function literals(text: string): string[] {
  return [...text.matchAll(/"([A-Z][A-Z_]*)"/g)].map(([, code = ""]) => code);
}

function explainedIn(markdown: string): string[] {
  const [, section = ""] = markdown.split("\n## Error codes\n");
  const cells = [...section.matchAll(/^\| (`[^|]+?) \|/gm)].map(([, cell = ""]) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, code = ""]) => code));
}
