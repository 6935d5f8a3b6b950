/**
 * The commands of docs/operations.md, to be typed as a reader would. A block below `<!-- not in the test: WHY -->` needs
 * the live venue, Google, or a person, and is left out; every other one must be run.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Block {
  /** The heading above it. */
  section: string;
  script: string;
  /** Why no test runs it. */
  excuse: string | undefined;
}

export interface Page {
  blocks: readonly Block[];
  /** The next block of a section that was not taken yet, comments and all. */
  take(section: string): string;
  /** Blocks that should have been taken, and were not. */
  left(): Block[];
}

export function operationsPage(): Page {
  const text = readFileSync(join(import.meta.dirname, "../../docs/operations.md"), "utf8");
  const blocks = blocksOf(text);
  const left = new Set(blocks.filter(({ excuse }) => excuse === undefined));
  return {
    blocks,
    take(section) {
      const block = [...left].find((each) => each.section === section);
      if (block === undefined) throw new Error(`no more commands under "${section}"`);
      left.delete(block);
      return block.script;
    },
    left: () => [...left],
  };
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let section = "";
  const parts =
    /^#+ (?<heading>.+)$|^(?:<!-- not in the test: (?<excuse>.+) -->\n\n?)?```sh\n(?<script>[\s\S]*?)^```$/gm;
  for (const { groups } of text.matchAll(parts)) {
    const { heading, excuse, script } = groups ?? {};
    if (heading !== undefined) section = heading;
    if (script !== undefined) blocks.push({ section, script, excuse });
  }
  return blocks;
}

/** The Debian packages that the page has its reader install. */
export function packagesOf(page: Page): string[] {
  const [, names = ""] =
    /apt-get install -y --no-install-recommends ([^\n#&]+)/.exec(
      page.blocks.map(({ script }) => script).join("\n"),
    ) ?? [];
  return names.trim().split(/\s+/);
}
