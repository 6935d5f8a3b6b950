/** The steps of one scrub: the whole listing against the receipts, then some hours read back. */
import { refuseIfEmpty } from "./scrub-empty.ts";
import { type Judged, judgeSuspects, type Verdict } from "./scrub-judge.ts";
import { type Compared, compareListing, type ScrubRun } from "./scrub-listing.ts";
import { readHoursBack } from "./scrub-read.ts";

export interface ScrubOptions extends ScrubRun {
  /** To read back, at most; one hour at least. */
  bytesMax: number;
  /** Puts on record what is lost; returns those that were not. */
  noteLost(lost: readonly Judged[]): Promise<Judged[]>;
}

export interface Scrubbed {
  /** On the remote, whosesoever. */
  objects: number;
  bytes: number;
  /** Files with a receipt, by what became of them; `lost` includes what was on record. */
  files: Record<Verdict, number>;
  unknown: Compared["unknown"];
  hoursRead: number;
  bytesRead: number;
  findings: { code: string; path: string; detail: string }[];
}

const codes: Partial<Record<Verdict, string>> = {
  missing: "MISSING",
  conflict: "CONFLICT",
  duplicate: "DUPLICATE",
  unproven: "UNREADABLE",
};

export async function scrub(options: ScrubOptions): Promise<Scrubbed> {
  const compared = await compareListing(options);
  await refuseIfEmpty(options, compared);
  const { objects, bytes, unknown, same } = compared;
  const result: Scrubbed = {
    objects,
    bytes,
    files: { same, pending: 0, missing: 0, conflict: 0, duplicate: 0, lost: 0, unproven: 0 },
    unknown,
    hoursRead: 0,
    bytesRead: 0,
    findings: [],
  };
  const judged: Judged[] = [];
  for await (const each of judgeSuspects(options, compared.suspects)) {
    result.files[each.verdict] += 1;
    if (each.verdict !== "same" && each.verdict !== "pending") judged.push(each);
  }
  await add(options, judged, result);

  const read = await readHoursBack(options, compared.hours, options.bytesMax);
  for (const { verdict } of read.differing) {
    result.files.same -= 1;
    result.files[verdict] += 1;
  }
  result.hoursRead = read.hours;
  result.bytesRead = read.bytes;
  await add(options, read.differing, result);
  result.findings.push(...read.problems);
  return result;
}

/** What is lost is a finding once, and then on record: nothing can be done about it any more. */
async function add(
  { noteLost }: ScrubOptions,
  judged: readonly Judged[],
  { findings }: Scrubbed,
): Promise<void> {
  for (const { verdict, artifact, detail } of judged) {
    const code = codes[verdict];
    if (code !== undefined) findings.push({ code, path: artifact.path, detail });
  }
  const lost = judged.filter(({ verdict }) => verdict === "lost");
  for (const { artifact, detail } of await noteLost(lost))
    findings.push({ code: "LOST", path: artifact.path, detail });
}
