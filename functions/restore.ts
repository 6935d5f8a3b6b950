/**
 * restore: brings hours back from the remote, proven, each of them whole or not at all.
 *
 * Into an empty data folder, or one that lacks something: what is missing is brought, what is here stays, and what
 * is here and differs is told and left alone. Each file is proven before it gets its place: by its hour's
 * manifest, the manifest by the one after it and by the upload manifests, whatever else by the upload manifest
 * that names it. An hour's folder appears in one step, with its manifest. What is brought has its receipts. Labels,
 * reports and data packages of the hours come along; with all hours also incidents and upload manifests. Nothing on
 * the remote is changed. Safe to be killed at any line: the next run brings the rest.
 */
import * as v from "valibot";
import { count } from "../runtime/columns.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import { pathName } from "./archive/names.ts";
import { openRemote } from "./remote/remote.ts";
import { type Restored, restore } from "./remote/restore-run.ts";
import { remoteSettings } from "./remote/settings.ts";
import { Findings, type Noted } from "./verify/findings.ts";
import { fromHour, toHour } from "./verify/range.ts";

interface RestoreResult extends Restored {
  remote: string;
  collector: string;
  dryRun: boolean;
  findings: readonly Noted[];
  findingsTotal: number;
}

export default defineFunction({
  input: v.strictObject({
    from: v.optional(
      v.pipe(fromHour, v.description("first hour or date; without it from the beginning")),
    ),
    to: v.optional(
      v.pipe(toHour, v.description("last hour or date, included; without it to the end")),
    ),
    stream: v.optional(
      v.pipe(
        v.array(v.string()),
        v.description("books, markets, journal or quarantine; without it all"),
      ),
    ),
    collector: v.optional(
      v.pipe(pathName, v.description("whose hours; without it HOURBOOK_COLLECTOR's")),
    ),
    dryRun: v.optional(
      v.pipe(v.boolean(), v.description("look, and say what would be brought; change nothing")),
      false,
    ),
  }),
  settings: remoteSettings,
  programs: ["rclone"],

  async run({ from, to, stream, collector, dryRun }, run): Promise<RestoreResult> {
    const remote = await openRemote(run);
    const found = new Findings();
    const filter = { from, to, streams: stream, collector: collector ?? run.settings.collector };
    const find = (code: string, path: string, detail: string): void => {
      run.log.warn({ code, path }, `${code} ${path}: ${detail}`);
      found.find(code, path, detail);
    };
    const restored = await restore({ run, remote, filter, dryRun, find });
    const { findings, findingsTotal } = found;
    const named = { remote: remote.spec, collector: filter.collector, dryRun };
    const result = { ...named, ...restored, findings, findingsTotal };
    if (findingsTotal > 0) throw notRestored(result);
    if (isNothing(result)) throw nothingThere(result);
    return result;
  },

  summary({ hours, files, bytes, present, undescribed, remote, dryRun }) {
    const here = present > 0 ? `; ${count(present, "hour")} were here already` : "";
    return [
      dryRun
        ? `dry run: would bring ${count(hours, "hour")}`
        : `${count(hours, "hour")} brought, each proven${here}`,
      `${count(files, "file")}, ${bytes.toLocaleString("en-US")} B from ${remote}`,
      ...(undescribed > 0
        ? [`${count(undescribed, "hour")} without a manifest there: npm run fn -- build-manifest`]
        : []),
    ].join("\n");
  },
});

function isNothing({ hours, files, present, dryRun }: RestoreResult): boolean {
  return !dryRun && hours + files + present === 0;
}

const shownMax = 20;

function notRestored(result: RestoreResult): OperatorError {
  const { findings, findingsTotal, hours, remote } = result;
  const shown = findings
    .slice(0, shownMax)
    .map(({ code, path, detail }) => `${code}  ${path}   ${detail}`);
  const more = findingsTotal - shown.length;
  return new OperatorError("NOT_RESTORED", {
    message: `${count(findingsTotal, "file")} could not be restored from ${remote} as they were`,
    exit: "findings",
    details: [
      ...shown,
      ...(more > 0 ? [`… and ${more} more: npm run -s fn -- restore --json`] : []),
    ],
    safe: `Nothing here was overwritten; ${count(hours, "other hour")} brought, each proven.`,
    next: "move away what differs here, or mend what differs there, then npm run fn -- restore again",
    result,
  });
}

function nothingThere(result: RestoreResult): OperatorError {
  const { remote, collector, others } = result;
  const names = Object.entries(others).map(
    ([name, objects]) => `${name}   ${count(objects, "object")}`,
  );
  return new OperatorError("NOTHING_TO_RESTORE", {
    message: `${remote} holds nothing of ${collector} that was asked for`,
    exit: "findings",
    details: names.length > 0 ? ["it holds what these recorded:", ...names.slice(0, shownMax)] : [],
    safe: "Nothing was changed.",
    next:
      names.length > 0
        ? "set HOURBOOK_COLLECTOR to the name that the lost machine had, or pass --collector"
        : "look at HOURBOOK_REMOTE; npm run fn -- restore --help",
    result,
  });
}
