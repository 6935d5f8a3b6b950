/**
 * prune: gives local disk back, never at the archive's expense.
 *
 * A sealed hour is deleted only when its date is older than the newest `keepDates` dates that hold polls, it is
 * neither the newest hour nor the end of the chain of its stream, no label keeps it, each of its files was verified
 * on this remote at least `receiptAge` ago, and the remote, looked at again now, still holds exactly the same. With
 * less than `freeWanted` MB of disk free, hours within `keepDates` go too, proven in the same way, oldest first, no
 * more than it takes, and never of the newest two dates. Everything else is kept and counted by reason. Each
 * deletion is in the journal before it happens. Safe to run twice, and to be killed at any line. Reports, labels,
 * incidents, upload manifests and receipts stay.
 */
import * as v from "valibot";
import { count } from "../runtime/columns.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction } from "../runtime/function.ts";
import { duration } from "../runtime/time.ts";
import { type Pruned, prune } from "./remote/prune-run.ts";
import { openRemote } from "./remote/remote.ts";
import { refuseSameDisk } from "./remote/same-disk.ts";
import { remoteSettings } from "./remote/settings.ts";

interface PruneResult extends Pruned {
  remote: string;
  dryRun: boolean;
}

const megabyte = 1024 * 1024;
const notNegative = v.pipe(v.number(), v.integer(), v.minValue(0));

export default defineFunction({
  input: v.strictObject({
    keepDates: v.optional(
      v.pipe(notNegative, v.description("keep the newest so many dates that hold polls")),
      3,
    ),
    receiptAge: v.optional(
      v.pipe(duration, v.description("how long ago a file must have been verified")),
      "1h",
    ),
    freeWanted: v.optional(
      v.pipe(notNegative, v.description("with fewer MB free, the oldest proven hours go too")),
      2_048,
    ),
    allowSameDisk: v.optional(
      v.pipe(v.boolean(), v.description("prune even where the copy lies on the same filesystem")),
      false,
    ),
    dryRun: v.optional(
      v.pipe(v.boolean(), v.description("look, and say what would go; delete nothing")),
      false,
    ),
  }),
  settings: remoteSettings,
  programs: ["rclone"],

  async run({ allowSameDisk, receiptAge, freeWanted, ...rules }, run): Promise<PruneResult> {
    if (!allowSameDisk) await refuseSameDisk(run);
    const remote = await openRemote(run);
    const { dryRun } = rules;
    const bounds = { receiptAgeMs: receiptAge, freeWantedBytes: freeWanted * megabyte };
    const pruned = await prune({ run, remote, ...rules, ...bounds });
    const result = { remote: remote.spec, dryRun, ...pruned };

    // Last, so that one bad copy neither blocks the safe deletions nor passes in silence.
    if (pruned.differing.length > 0) throw remoteDiffers(result);
    return result;
  },

  summary({ dryRun, hours, bytes, forRoom, freeBytes: { wanted, after }, kept }) {
    const reasons = Object.entries(kept).filter(([, held]) => held > 0);
    const stays = reasons.map(([reason, held]) => `${reason} ${held}`).join(", ") || "none";
    const did = dryRun ? "dry run: would delete" : "deleted";
    const room = forRoom > 0 ? `, ${forRoom} of them to make room` : "";
    const size = bytes.toLocaleString("en-US");
    const short = after < wanted ? `; ${inMb(after)} MB free, ${inMb(wanted)} wanted` : "";
    return `${did} ${count(hours, "hour")} (${size} B)${room}; kept: ${stays}${short}`;
  },
});

function inMb(bytes: number): string {
  return Math.floor(bytes / megabyte).toLocaleString("en-US");
}

const detailsMax = 20;

function remoteDiffers(result: PruneResult): OperatorError {
  const { differing, remote, hours, dryRun } = result;
  const lines = differing.map(({ path, problem }) => `${path}   ${problem}`);
  const more = lines.length > detailsMax ? [`… and ${lines.length - detailsMax} more`] : [];
  const others = `${count(hours, "other hour")} ${dryRun ? "could go" : "pruned"}`;
  return new OperatorError("REMOTE_DIFFERS", {
    message: `${count(differing.length, "sealed file")} not the same on ${remote}`,
    details: [...lines.slice(0, detailsMax), ...more],
    safe: `Their hours were kept; ${others}. Nothing recorded has been lost.`,
    next: "npm run fn -- offload (copies what is missing, names what conflicts), then prune again",
    result,
  });
}
