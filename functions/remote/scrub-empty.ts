/**
 * A remote that shows not one of all the files that were seen there is another place sooner than it lost everything: a
 * disk that is not mounted, a folder that was renamed, an account that sees nothing. To take its word would send
 * everything again and put every pruned hour on record as lost, for good.
 */
import { count } from "../../runtime/columns.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { readReceipt, receiptsFolder } from "./receipts.ts";
import { isYoung } from "./scrub-judge.ts";
import type { Compared, ScrubRun } from "./scrub-listing.ts";

// Of thousands, so many tell it.
const filesLookedAt = 400;

/** Throws `REMOTE_EMPTY`; a few files that were just sent need not be listed yet. */
export async function refuseIfEmpty(
  { run, remote }: ScrubRun,
  { known, suspects }: Compared,
): Promise<void> {
  if (known > 0) return;
  const { files, settings, clock } = run;
  const paths: string[] = [];
  for (const path of [...suspects].sort().slice(0, filesLookedAt)) {
    const receipt = await readReceipt(files, settings.dataFolder, remote.id, path);
    if (receipt !== undefined && !isYoung(receipt, clock.now())) paths.push(path);
  }
  // A listing of everything may be late, one by name is not.
  if (paths.length === 0 || (await remote.list(paths, { hashes: false })).length > 0) return;
  throw new OperatorError("REMOTE_EMPTY", {
    message: `not one of ${count(suspects.size, "file")} that were seen on ${remote.spec} is there now`,
    exit: "unavailable",
    details: ["is it mounted, is its path the same, does the account still see it?"],
    safe: "Nothing was noted, here or there.",
    next: `mend that, then npm run fn -- scrub; if all of it is really gone, remove one receipt below ${receiptsFolder(settings.dataFolder, remote.id)} and npm run fn -- offload first`,
  });
}
