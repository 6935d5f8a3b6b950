/** Looks at what is suspect by name, notes it in the receipts, and says what became of it here and there. */
import { describeDifference, mayLag } from "./deliver.ts";
import { localState } from "./local-state.ts";
import { type Artifact, type Look, lookAt } from "./look.ts";
import { type Receipt, readReceipt, receiptAfter, writeReceipt } from "./receipts.ts";
import type { ScrubRun } from "./scrub-listing.ts";

export type Verdict =
  /** As it should be, after all: the listing of everything was late. */
  | "same"
  /** Sent lately, or never seen there: offload looks after it. */
  | "pending"
  /** Gone there and still here: offload sends it again. */
  | "missing"
  /** Other content there, and still here. */
  | "conflict"
  | "duplicate"
  /** Neither here nor there as it was. */
  | "lost"
  /** It could not be told. */
  | "unproven";

export interface Judged {
  artifact: Artifact;
  verdict: Verdict;
  detail: string;
  receipt: Receipt;
}

const filesPerLook = 400;

export async function* judgeSuspects(
  scrub: ScrubRun,
  suspects: ReadonlySet<string>,
): AsyncGenerator<Judged> {
  const { run, remote } = scrub;
  const paths = [...suspects].sort();
  for (let start = 0; start < paths.length; start += filesPerLook) {
    run.signal.throwIfAborted();
    const receipts: Receipt[] = [];
    for (const path of paths.slice(start, start + filesPerLook)) {
      const receipt = await readReceipt(run.files, run.settings.dataFolder, remote.id, path);
      // One that cannot be read is offload's to write anew.
      if (receipt !== undefined) receipts.push(receipt);
    }
    const looks = await lookAt(remote, receipts);
    await readDamaged(scrub, receipts, looks);
    for (const before of receipts)
      yield await judge(scrub, before, looks.get(before.path) ?? { state: "absent", seen: [] });
    run.progress(Math.min(start + filesPerLook, paths.length), paths.length, "suspects");
  }
}

/** Of what came back otherwise before, a hash there says nothing: it is read once more. */
async function readDamaged(
  { remote }: ScrubRun,
  receipts: readonly Receipt[],
  looks: Map<string, Look>,
): Promise<void> {
  const damaged = receipts.filter(
    (receipt) => receipt.damaged !== undefined && looks.get(receipt.path)?.state === "same",
  );
  if (damaged.length === 0) return;
  const read = await remote.readBack(damaged.map(({ path }) => path));
  for (const { path, sha256 } of damaged) {
    const seen = looks.get(path)?.seen ?? [];
    const found = read.get(path);
    if (found === undefined) looks.set(path, { state: "unproven", seen });
    else {
      const state = found === sha256 ? "same" : "different";
      looks.set(path, { state, proof: "read-back", seen });
    }
  }
}

/** Writes the receipt that follows from the look. */
export async function judge(scrub: ScrubRun, before: Receipt, look: Look): Promise<Judged> {
  const { run, remote } = scrub;
  const { path, bytes, sha256, md5 } = before;
  const artifact = { path, bytes, sha256, md5 };
  const detail = describeDifference(artifact, look);
  const now = run.clock.now();
  // What was just sent need not be listed yet, and sent again it would be there twice.
  if (look.state === "absent" && isYoung(before, now))
    return { artifact, verdict: "pending", detail, receipt: before };
  if (look.state === "unproven") return { artifact, verdict: "unproven", detail, receipt: before };
  const receipt = receiptAfter(artifact, { remote, look, before, now }) ?? before;
  await writeReceipt(run.files, run.settings.dataFolder, receipt);
  return { artifact, receipt, detail, verdict: await verdictOf(scrub, artifact, receipt) };
}

async function verdictOf(
  scrub: ScrubRun,
  artifact: Artifact,
  { state }: Receipt,
): Promise<Verdict> {
  if (state === "verified") return "same";
  if (state === "duplicate") return state;
  // Only what is here as it was sealed can be sent again.
  if ((await localState(scrub, artifact)) !== "same") return "lost";
  return state === "uploaded-unverified" ? "pending" : state;
}

/** Sent or first seen so lately that a listing need not show it. */
export function isYoung({ uploaded, firstSeen }: Receipt, now: number): boolean {
  return [uploaded, firstSeen].some((time) => time !== undefined && mayLag(time, now));
}
