/**
 * scrub: looks whether the remote still holds everything that it was seen to hold.
 *
 * Lists the whole remote and holds it against the receipts; what does not fit is looked at by name. Then it reads some
 * hours back, those first that were not for longest, and compares bytes and lines with what was sealed. What it sees is
 * noted in the receipts: so what is gone there and still here is sent again by the next offload, and what is another
 * there is never pruned here. What is neither here nor there is put on record for good, as an incident. Each of these is
 * a finding (65). Nothing on the remote is changed, and what is not this collector's is counted and left alone. Safe
 * to run twice, and to be killed at any line.
 */
import * as v from "valibot";
import { count } from "../runtime/columns.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import { stillLost } from "./remote/still-lost.ts";
import { noteLost } from "./incidents/lost-files.ts";
import { openRemote } from "./remote/remote.ts";
import { type Scrubbed, scrub } from "./remote/scrub-run.ts";
import { remoteId, remoteSettings } from "./remote/settings.ts";

interface ScrubResult extends Scrubbed {
  remote: string;
}

const megabyte = 1024 * 1024;

export default defineFunction({
  input: v.strictObject({
    readBackMax: v.optional(
      v.pipe(
        v.number(),
        v.minValue(0),
        v.description("MB of hours to read back; one hour is read back in any case"),
      ),
      64,
    ),
  }),
  settings: remoteSettings,
  programs: ["rclone"],

  async run({ readBackMax }, run): Promise<ScrubResult> {
    const remote = await openRemote(run);
    const place = { files: run.files, ...run.settings };
    const scrubbed = await scrub({
      run,
      remote,
      bytesMax: readBackMax * megabyte,
      noteLost: (lost) => noteLost(place, lost, { runId: run.id, now: run.clock.now() }),
    });
    const result = { remote: remote.spec, ...scrubbed };
    for (const { code, path, detail } of result.findings)
      run.log.warn({ code, path }, `${code} ${path}: ${detail}`);
    if (result.findings.length > 0) throw findings(result);
    return result;
  },

  summary({ remote, files, unknown, objects, hoursRead, bytesRead }) {
    const receipts = Object.values(files).reduce((sum, some) => sum + some, 0);
    const left = unknown.own + unknown.others + unknown.foreign;
    const more = [
      ...(files.pending > 0 ? [`${files.pending} not seen there yet`] : []),
      ...(files.lost > 0 ? [`${files.lost} lost, on record`] : []),
    ];
    return [
      `${files.same} of ${count(receipts, "file")} the same on ${remote}${more.map((text) => `; ${text}`).join("")}`,
      `${count(hoursRead, "hour")} read back (${bytesRead.toLocaleString("en-US")} B): as sealed`,
      ...(left > 0
        ? [
            `${left} of ${count(objects, "object")} without a receipt here, left alone: ${unknown.own} of this collector, ` +
              `${unknown.others} of others, ${unknown.foreign} not Hourbook's`,
          ]
        : []),
    ].join("\n");
  },

  async standing({ files, settings }) {
    const { dataFolder, HOURBOOK_REMOTE: spec } = settings;
    const lost = await stillLost(files, dataFolder, remoteId(spec));
    const hours = new Set(lost.map(({ stream, hour }) => `${hour}Z ${stream}`));
    const [first] = hours;
    const text =
      first === undefined
        ? "no file is known to be lost"
        : `${count(lost.length, "file")} lost here and on the remote, of ${first}` +
          (hours.size > 1 ? ` and ${count(hours.size - 1, "other hour")}` : "") +
          ": incidents/";
    return { text, figures: { lostFiles: lost.length } };
  },
});

const shownMax = 20;

/** By code, what no machine can mend first. */
const advice: Record<string, string> = {
  LOST: "look in the remote's trash; docs/incidents.md, LOST",
  CONFLICT: "look at what lies there under these names; docs/incidents.md, COPY_DIFFERS",
  DUPLICATE: "remove the copy that is not the hour's by its id; docs/incidents.md, COPY_DIFFERS",
  LINES_DIFFER: "npm run fn -- verify, on the hour or a copy of it; it was uploaded so",
  UNREADABLE: "npm run fn -- scrub, again; then read one of them by hand",
  MISSING: "npm run fn -- offload (sends again what is here)",
};

function findings(result: ScrubResult): OperatorError {
  const { findings: found, files, remote } = result;
  const shown = found
    .slice(0, shownMax)
    .map(({ code, path, detail }) => `${code}  ${path}   ${detail}`);
  const more = found.length - shown.length;
  const worst = Object.keys(advice).find((code) => found.some((each) => each.code === code));
  return new OperatorError("REMOTE_DIFFERS", {
    message: `${count(found.length, "file")} on ${remote} not as they were seen there`,
    exit: "findings",
    details: [...shown, ...(more > 0 ? [`… and ${more} more: npm run -s fn -- scrub --json`] : [])],
    safe: `Nothing was deleted or overwritten, here or there; ${count(files.same, "file")} the same there.`,
    next: advice[worst ?? "MISSING"] ?? "",
    result,
  });
}
