/**
 * Checks one chain of manifests: no number twice, none left out, each naming the one before it by its bytes.
 * Where the older end is not here, prune took it or only a part was copied: said, and no finding. A hole in
 * the middle is one, unless receipts show that the hours in it were offloaded before they went.
 */
import type { Findings } from "./findings.ts";
import type { Link } from "./links.ts";

export interface ChainContext {
  findings: Findings;
  /** A receipt here says that a remote holds this manifest. */
  isOffloaded(manifest: { path: string; sha256: string }): Promise<boolean>;
}

export async function checkChain(context: ChainContext, links: readonly Link[]): Promise<void> {
  const { findings } = context;
  const bySeq = Map.groupBy(links, ({ seq }) => seq);
  const seqs = [...bySeq.keys()];
  for (const [seq, same] of bySeq) {
    for (const extra of same.slice(1))
      findings.find("CHAIN_FORK", extra.path, `number ${seq} is also that of ${same[0]?.path}`);
  }
  for (const [position, seq] of seqs.entries()) {
    const before = seqs[position - 1];
    for (const link of bySeq.get(seq) ?? []) {
      if (before === undefined) checkBeginning(context, link);
      else if (before === seq - 1) checkPrevious(context, link, bySeq.get(before) ?? []);
      else await checkHole(context, link, before);
    }
  }
}

function checkBeginning({ findings }: ChainContext, { seq, path, previous }: Link): void {
  if ((previous === null) !== (seq === 1)) {
    findings.find("CHAIN_BREAK", path, `number ${seq} names ${previous?.path ?? "none"} before it`);
  } else if (previous !== null) {
    const detail = `the chain begins here with number ${seq}: ${previous.path} is not here`;
    findings.note("CHAIN_BEGINS", path, detail);
  }
}

function checkPrevious(
  { findings }: ChainContext,
  { seq, path, previous }: Link,
  before: readonly Link[],
): void {
  const named = before.find((link) => link.path === previous?.path);
  if (named === undefined) {
    const places = before.map((link) => link.path).join(", ");
    const detail = `number ${seq} names ${previous?.path ?? "none"} before it, and not ${places}`;
    findings.find("CHAIN_BREAK", path, detail);
  } else if (named.sha256 !== previous?.sha256) {
    const detail = `${path} knows it with SHA-256 ${previous?.sha256}, it has ${named.sha256}`;
    findings.find("CHAIN_BREAK", named.path, `one of the two was altered: ${detail}`);
  }
}

async function checkHole(
  { findings, isOffloaded }: ChainContext,
  { seq, path, previous }: Link,
  before: number,
): Promise<void> {
  const first = before + 1;
  const last = seq - 1;
  const numbers = first === last ? `number ${last} is` : `numbers ${first} to ${last} are`;
  if (previous === null) {
    findings.find("CHAIN_BREAK", path, `number ${seq} names none before it`);
  } else if (await isOffloaded(previous)) {
    findings.note("CHAIN_HOLE", previous.path, `${numbers} not here, but offloaded`);
  } else {
    findings.find("MISSING", previous.path, `${numbers} missing before ${path}`);
  }
}
