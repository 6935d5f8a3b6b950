/**
 * What README, the roadmap and the status of docs/operations.md say about production, held to the committed evidence:
 * no more than a soak of 24 hours on record allows, whose figures are judged anew.
 *
 * Method: the pages are texts handed to a pure check, which is also fed pages that claim too much.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { judgeSoak } from "../functions/readiness/judge-soak.ts";
import { parseSoak } from "../functions/readiness/soak-evidence.ts";
import { passedSoak } from "./soak/passed.ts";

const root = join(import.meta.dirname, "..");
const names = ["README.md", "docs/operations.md", "docs/roadmap.md", "docs/soak.md"] as const;

type Pages = Record<(typeof names)[number], string>;

const denial = /not\s+production-ready/;

/** Pages that say more, or less, than the evidence in docs/soak.md. */
function wrongClaims(pages: Pages): string[] {
  const soak = parseSoak(pages["docs/soak.md"]);
  const isPassed = soak !== undefined && judgeSoak(soak).verdict === "met";
  const wrong: string[] = [];
  for (const name of ["README.md", "docs/operations.md", "docs/soak.md"] as const)
    if (denial.test(pages[name]) === isPassed)
      wrong.push(`${name} ${isPassed ? "says" : "does not say"} "not production-ready"`);
  for (const name of names)
    if (
      !isPassed &&
      /(?<!not\s+)production-ready(?! until)/.test(pages[name].replaceAll(/`[^`]*`/g, ""))
    )
      wrong.push(`${name} claims to be production-ready`);
  const last = /^\| 8 .*\|\s*(\w+)\s*\|$/m.exec(pages["docs/roadmap.md"])?.[1];
  const wanted = isPassed ? "passed" : "open";
  if (last !== wanted)
    wrong.push(`docs/roadmap.md says that checkpoint 8 is ${last}, not ${wanted}`);
  return wrong;
}

const today = Object.fromEntries(
  names.map((name) => [name, readFileSync(join(root, name), "utf8")]),
) as Pages;
const withoutEvidence = { ...today, "docs/soak.md": "It is not production-ready." };

suite("the claim of production", () => {
  test("is no more than the committed evidence allows", () => {
    assert.deepEqual(wrongClaims(today), []);
  });

  test("is found where a page drops its denial", () => {
    const pages = { ...withoutEvidence, "README.md": "Hourbook records order books." };
    assert.deepEqual(wrongClaims(pages), ['README.md does not say "not production-ready"']);
  });

  test("is found where a page makes it", () => {
    const status = `${today["docs/operations.md"]}\nIt is production-ready.`;
    assert.match(
      wrongClaims({ ...withoutEvidence, "docs/operations.md": status }).join(),
      /claims/,
    );
  });

  test("is found where the roadmap makes it", () => {
    const roadmap = today["docs/roadmap.md"].replace(/^(\| 8 .*)\| open /m, "$1| passed ");
    assert.match(
      wrongClaims({ ...withoutEvidence, "docs/roadmap.md": roadmap }).join(),
      /checkpoint 8/,
    );
  });

  test("must be made once a soak of 24 hours has passed, and not after one of 23", () => {
    const page = (hours: number): string =>
      `<!-- soak evidence -->\n\`\`\`json\n${JSON.stringify({ ...passedSoak(), hours })}\n\`\`\`\n`;
    assert.match(
      wrongClaims({ ...today, "docs/soak.md": page(24) }).join(),
      /checkpoint 8 is open/,
    );
    const denied = `${page(23)}It is not production-ready.`;
    assert.deepEqual(wrongClaims({ ...today, "docs/soak.md": denied }), []);
  });
});
