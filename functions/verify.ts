/**
 * verify: checks every file of the archive, or of a folder copied from a remote, and says which is wrong and how.
 *
 * Reads each hour of the range anew: sizes, SHA-256 and MD5 against the manifest, the lines against the index,
 * the counts against the lines, `.sha256` against both; then the chain of manifests of each collector and
 * stream, the days' data packages and the labels. A file that is missing, altered, truncated or swapped, an
 * hour that was taken out or put elsewhere, a chain that breaks or forks is a finding (exit 65). Where the
 * chain begins later than its first hour, after prune or in a copy of a part, is said and no finding. Reads
 * only; memory is bounded whatever the range.
 */
import * as v from "valibot";
import { count } from "../runtime/columns.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import { pathName } from "./archive/names.ts";
import { openPlace } from "./archive/place.ts";
import { fromHour, toHour } from "./verify/range.ts";
import { type Verified, verify } from "./verify/verification.ts";

const input = v.strictObject({
  from: v.optional(
    v.pipe(fromHour, v.description("first hour or date; without it from the beginning")),
  ),
  to: v.optional(
    v.pipe(toHour, v.description("last hour or date, included; without it to the end")),
  ),
  folder: v.optional(
    v.pipe(
      v.string(),
      v.title("path"),
      v.description(
        "a folder copied from a remote, which holds venue=…, instead of the data folder",
      ),
    ),
  ),
  collector: v.optional(
    v.pipe(pathName, v.description("this machine's hours alone; without it all that are there")),
  ),
});

export default defineFunction({
  input,
  settings: {},

  async run({ from, to, folder, collector }, run): Promise<Verified> {
    const place = await openPlace(run.files, run.settings.dataFolder, folder);
    const result = await verify({ run, place, collector, from, to });
    for (const note of result.notes) run.log.info({ ...note }, `${note.path}: ${note.detail}`);
    if (result.findingsTotal > 0) throw findings(result);
    return result;
  },

  summary(result) {
    const { hours, files, bytes, lines, chains, labels, notes, notesTotal } = result;
    const sizes = `${count(files, "file")}, ${bytes.toLocaleString("en-US")} B, ${count(lines, "line")}`;
    const stray = notes.slice(0, shownMax).map(({ path, detail }) => `note: ${path}: ${detail}`);
    return [
      `${count(hours, "hour")} verified (${sizes}): no finding`,
      ...chains.map(describeChain),
      ...labels.slice(0, shownMax).map(({ hour, text }) => `label: ${hour}: ${text}`),
      ...stray,
      ...(notesTotal > stray.length
        ? [`and ${count(notesTotal - stray.length, "more note")}`]
        : []),
    ].join("\n");
  },
});

const shownMax = 20;

function describeChain(chain: Verified["chains"][number]): string {
  const { collector, venue, stream, firstSeq, lastSeq, firstHour, lastHour } = chain;
  const beginning = firstSeq === 1 ? "from its beginning" : "what came before is not here";
  const numbers = `${firstSeq} to ${lastSeq}`;
  return `chain of ${collector} ${venue} ${stream}: ${numbers}, ${firstHour} to ${lastHour}, ${beginning}`;
}

function findings(result: Verified): OperatorError {
  const { findings: found, findingsTotal, hours, labels } = result;
  const shown = found
    .slice(0, shownMax)
    .map(({ code, path, detail }) => `${code}  ${path}   ${detail}`);
  const more = findingsTotal - shown.length;
  return new OperatorError("FINDINGS", {
    message: `${count(findingsTotal, "finding")} in ${count(hours, "hour")} of ${result.folder}`,
    exit: "findings",
    details: [
      ...shown,
      ...(more > 0 ? [`… and ${more} more: npm run -s fn -- verify --json`] : []),
      ...labels.slice(0, shownMax).map(({ hour, text }) => `label  ${hour}   ${text}`),
    ],
    safe: "Nothing was changed. Hours that are not named here are as they were sealed.",
    next: "compare with the other copy: verify --folder COPY; then replace the files named here by its",
    result,
  });
}
