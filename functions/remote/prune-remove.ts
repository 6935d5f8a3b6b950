/**
 * How proven hours go: noted in the journal, taken out of the archive, and deleted only if the remote still shows
 * them then: one that is this very folder by another name would not.
 */
import { type Graveyard, bury, empty, unbury } from "./graves.ts";
import { artifactsOf } from "./keep.ts";
import { stillThere } from "./look.ts";
import { bytesOf, nameOf } from "./prune-candidates.ts";
import type { PruneOptions, Pruned } from "./prune-run.ts";
import type { Remote } from "./remote.ts";
import type { SealedHour } from "./sealed-hours.ts";

export interface Removal extends Pick<PruneOptions, "run" | "remote"> {
  yard: Graveyard;
  why: "age" | "room";
}

/** Returns the paths that were no longer there: their hours are back. */
export async function remove(
  removal: Removal,
  hours: readonly SealedHour[],
  result: Pruned,
): Promise<Set<string>> {
  const allGone = new Set<string>();
  if (hours.length === 0) return allGone;
  const { remote, yard } = removal;
  await noteDeletions(removal, hours);
  for (const hour of hours) await bury(yard, hour);
  const there = await lookOrTakeBack(remote, yard, hours);
  for (const hour of hours) {
    const gone = artifactsOf(hour).filter(({ path }) => !there.has(path));
    if (gone.length === 0) {
      await empty(yard, hour);
      countDeleted(result, hour);
      continue;
    }
    await unbury(yard, hour);
    result.kept.remoteDiffers += 1;
    for (const { path } of gone) {
      allGone.add(path);
      result.differing.push({ path, problem: "its copy went when it was moved: is it one?" });
    }
  }
  return allGone;
}

export function countDeleted(result: Pruned, hour: SealedHour): void {
  result.hours += 1;
  result.files += artifactsOf(hour).length;
  result.bytes += bytesOf(hour);
  result.deleted.push(nameOf(hour));
}

/** What the manifest's hash names can be held against the remote, long after nothing of it is here. */
async function noteDeletions(
  { run, remote, why }: Removal,
  hours: readonly SealedHour[],
): Promise<void> {
  const notes = hours.map((hour) => {
    const about = { hour: nameOf(hour), bytes: bytesOf(hour), manifest: hour.manifest.sha256, why };
    run.log.info(about, `deleting ${nameOf(hour)}: verified on ${remote.spec}`);
    return run.journal("delete", { remote: remote.spec, ...about });
  });
  const isDurable = (await Promise.all(notes)).every(Boolean);
  // On a disk so full that not even the journal's reserve is left, nothing but deleting makes room for it.
  if (!isDurable)
    run.log.warn({}, "the disk takes no journal line: it is written when the deletions made room");
}

async function lookOrTakeBack(
  remote: Remote,
  yard: Graveyard,
  hours: readonly SealedHour[],
): Promise<Set<string>> {
  try {
    return await stillThere(remote, hours.flatMap(artifactsOf));
  } catch (error) {
    for (const hour of hours) await unbury(yard, hour);
    throw error;
  }
}
