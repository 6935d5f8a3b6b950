/**
 * offload: copies sealed hours to the remote and proves that they are there.
 *
 * Taken along are all files of each hour that has a manifest, the manifest last, the days' data packages, and
 * everything in `labels/`, `incidents/`, `uploads/` and `reports/` but what is provisional. Before a file leaves, it is
 * checked against its manifest. Nothing on the remote is ever overwritten or deleted. A file is verified when
 * a listing shows exactly one object of its name, of its size and hash; only then it gets a receipt under
 * `receipts/<remote>/`. An equal object that is there already gets its receipt without a copy. Each run that
 * verified anything leaves a list of it in `uploads/`, there as here. Idempotent; safe to kill at any line.
 */
import * as v from "valibot";
import { count } from "../runtime/columns.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import type { FileState } from "./remote/deliver.ts";
import { offload } from "./remote/offload-run.ts";
import type { Offloaded } from "./remote/offload-tally.ts";
import { othersBacklog, readBacklog } from "./remote/backlog.ts";
import { type Limit, openRemote } from "./remote/remote.ts";
import { remoteId, remoteSettings } from "./remote/settings.ts";

interface OffloadResult extends Offloaded {
  remote: string;
  dryRun: boolean;
}

const atLeastOne = v.pipe(v.number(), v.integer(), v.minValue(1));
const bandwidth = v.pipe(
  v.string(),
  v.regex(/^\d+(\.\d+)?[KMG]?$/, 'write KiB a second, or a number with K, M or G, such as "1M"'),
);

export default defineFunction({
  input: v.strictObject({
    dryRun: v.optional(
      v.pipe(v.boolean(), v.description("look, and say what would happen; change nothing")),
      false,
    ),
    hoursMax: v.optional(
      v.pipe(atLeastOne, v.description("take so many hours of streams at most")),
      20_000,
    ),
    filesMax: v.optional(v.pipe(atLeastOne, v.description("take so many files at most")), 100_000),
    bandwidth: v.optional(
      v.pipe(bandwidth, v.description("bytes a second for rclone, such as 1M")),
    ),
    callsPerSecond: v.optional(
      v.pipe(atLeastOne, v.description("calls a second to the remote, for rclone")),
    ),
  }),
  settings: remoteSettings,
  programs: ["rclone"],
  asOf: true,

  async run({ dryRun, hoursMax, filesMax, ...limits }, run): Promise<OffloadResult> {
    const remote = await openRemote(run, limits);
    const bounds = { hoursMax, filesMax };
    const offloaded = await offload({ run, remote, dryRun, bounds });
    const result = { remote: remote.spec, dryRun, ...offloaded };
    if (dryRun)
      for (const path of offloaded.wouldCopy) run.log.info({ path }, `would copy ${path}`);

    const archive = { ...run.settings, files: run.files, remoteId: remote.id };
    for (const others of await othersBacklog(archive, run.asOf))
      run.log.warn(others, unsent(others));

    // Last, so that one bad file neither holds up the good ones nor passes in silence.
    const error = errorOf(result);
    if (error !== undefined) throw error;
    return result;
  },

  summary({ remote, dryRun, files, copied, found, copiedBytes, wouldCopy, wouldCopyBytes }) {
    const total = Object.values(files).reduce((sum, some) => sum + some, 0);
    const open = total - files.verified;
    if (dryRun) {
      const size = wouldCopyBytes.toLocaleString("en-US");
      const there = `${files.verified} are there, ${found} of them without a receipt yet`;
      return `dry run: would copy ${wouldCopy.length} of ${total} files (${size} B) to ${remote}; ${there}`;
    }
    const done = `${copied} copied (${copiedBytes.toLocaleString("en-US")} B), ${found} found there`;
    const rest = open > 0 ? `, ${open} open` : "";
    return `${done}; ${files.verified} of ${total} files verified on ${remote}${rest}`;
  },

  async standing({ clock, files, settings }) {
    const { dataFolder, collector, HOURBOOK_REMOTE: spec } = settings;
    const archive = { files, dataFolder, collector, remoteId: remoteId(spec) };
    const backlog = await readBacklog(archive, clock.now());
    const size = `${count(backlog.files, "file")} (${backlog.bytes.toLocaleString("en-US")} B)`;
    const text =
      backlog.files === 0
        ? `everything sealed is on ${spec.spec}`
        : `${size} of ${count(backlog.hours, "hour")} not on ${spec.spec} yet`;
    const others = await othersBacklog(archive, clock.now());
    const hoursOfOthers = others.reduce((sum, { hours }) => sum + hours, 0);
    return {
      text: [text, ...others.map(unsent)].join("; "),
      figures: { ...backlog, hoursOfOthers },
    };
  },
});

/** The name is part of each file's: under the one that this machine has now, they are another's. */
function unsent({ collector, hours }: { collector: string; hours: number }): string {
  return `${count(hours, "hour")} of ${collector} not sent: HOURBOOK_COLLECTOR=${collector} npm run fn -- offload`;
}

const detailsMax = 20;

function errorOf(result: OffloadResult): OperatorError | undefined {
  const { problems, remote, files, limit } = result;
  const first = (["refused", "conflict", "duplicate", "quota", "failed"] as const).find(
    (state) => files[state] > 0,
  );
  if (first === undefined) return undefined;
  const lines = problems.map(({ path, state, problem }) => `${path}   ${state}: ${problem}`);
  const more = lines.length > detailsMax ? [`… and ${lines.length - detailsMax} more`] : [];
  const { code, message, next } = errors[first](remote, limit);
  const concerned = first === "quota" ? files.quota + files.pending : problems.length;
  return new OperatorError(code, {
    message: `${count(concerned, "file")}: ${message}`,
    exit: first === "failed" || first === "quota" ? "unavailable" : "failed",
    details: [...(limit === null ? [] : [limit.message]), ...lines.slice(0, detailsMax), ...more],
    safe: `Nothing was overwritten or deleted; ${count(files.verified, "file")} verified on ${remote}.`,
    next,
    result,
  });
}

type ProblemState = Extract<FileState, "refused" | "conflict" | "duplicate" | "quota" | "failed">;

interface ErrorText {
  code: string;
  message: string;
  next: string;
}

/** The worst first: damage here, then what another wrote there, then what a second try may mend. */
const errors: Record<ProblemState, (remote: string, limit: Limit | null) => ErrorText> = {
  refused: () => ({
    code: "LOCAL_DIFFERS",
    message: "not as it was sealed, or not to be read, and not uploaded",
    next: "sha256sum -c in the hour's folder; put another copy in the file's place, or move away what is no file of Hourbook's; then offload again",
  }),
  conflict: conflictText,
  duplicate: conflictText,
  quota: (remote, limit) =>
    limit?.kind === "day"
      ? {
          code: "UPLOAD_LIMIT",
          message: `wait, since ${remote} takes no more today`,
          next: "nothing: each run tries again, and one goes on when the remote's day is over (Google: 750 GB)",
        }
      : {
          code: "REMOTE_FULL",
          message: `wait, since ${remote} has no room left`,
          next: "make room there, or set HOURBOOK_REMOTE to another place; each run tries again",
        },
  failed: (remote) => ({
    code: "UPLOAD_FAILED",
    message: `could not be copied to ${remote}`,
    next: "npm run fn -- offload (what is there already is not copied again)",
  }),
};

function conflictText(remote: string): ErrorText {
  return {
    code: "CONFLICT",
    message: "other content lies under the same name on the remote, or more than one object",
    next: `look at ${remote}; move away what is not this collector's, or was cut off there (rclone deletefile), then npm run fn -- offload`,
  };
}
