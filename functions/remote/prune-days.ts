/** A day's data package goes with the last of its hours: proven and looked at now, as they were. */
import { dirname, join } from "node:path";
import { removeIfThere } from "../../runtime/durable.ts";
import { archiveFolder, listDays, parseDayPath } from "../archive/layout.ts";
import { digestFile } from "./digest.ts";
import { removeIfEmpty } from "./graves.ts";
import { receiptReason } from "./keep.ts";
import { type Artifact, lookAt } from "./look.ts";
import type { PruneOptions, Pruned } from "./prune-run.ts";
import { readReceipt } from "./receipts.ts";

export async function pruneDays(options: PruneOptions, result: Pruned): Promise<void> {
  const { run, remote, dryRun } = options;
  const artifacts: Artifact[] = [];
  const deleted = new Set(result.deleted);
  for (const path of await listDays(run.files, run.settings.dataFolder, run.settings.collector)) {
    const artifact = await provenAlone(options, path, deleted);
    if (artifact !== undefined) artifacts.push(artifact);
  }
  if (artifacts.length === 0) return;
  const looks = await lookAt(remote, artifacts);
  for (const { path, bytes, sha256 } of artifacts) {
    if (looks.get(path)?.state !== "same") continue;
    result.files += 1;
    result.bytes += bytes;
    if (dryRun) {
      run.log.info({ path, bytes }, `would delete ${path}`);
      continue;
    }
    const full = join(archiveFolder(run.settings.dataFolder), path);
    run.log.info({ path, bytes }, `deleting ${path}: verified on ${remote.spec}`);
    await run.journal("delete", { remote: remote.spec, path, bytes, sha256 });
    await removeIfThere(run.files, full);
    await run.files.syncFolder(dirname(full));
    await removeIfEmpty(run.files, dirname(full));
  }
}

/** What its receipts let go, if nothing else of its day is here, or in a dry run would be. */
async function provenAlone(
  { run, remote, receiptAgeMs }: PruneOptions,
  path: string,
  deleted: ReadonlySet<string>,
): Promise<Artifact | undefined> {
  const { files, settings } = run;
  const full = join(archiveFolder(settings.dataFolder), path);
  const day = parseDayPath(path);
  const isGoing = (name: string): boolean =>
    deleted.has(`${day?.venue}/${day?.stream}/${day?.date}T${name.slice("hour=".length)}`);
  const left = (await files.list(dirname(full))).filter(({ name }) => !isGoing(name));
  if (left.length > 1) return undefined;
  const artifact = { path, ...(await digestFile(files, full)) };
  const receipt = await readReceipt(files, settings.dataFolder, remote.id, path);
  const rule = { receiptAgeMs, now: run.clock.now() };
  return receiptReason([artifact], [receipt], rule) === undefined ? artifact : undefined;
}
