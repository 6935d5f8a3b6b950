/** Offload works: every described hour is proven on the configured remote, which is no folder of the same disk. */
import { count } from "../../runtime/columns.ts";
import { hourMs } from "../../runtime/time.ts";
import { hoursToOffload } from "../remote/offload-work.ts";
import { isOnSameDisk } from "../remote/same-disk.ts";
import { remoteId } from "../remote/settings.ts";
import { type Gate, failed, passed } from "./gate.ts";

/** Sealing, describing and copying an hour have this time. */
const settledAfterMs = 2 * hourMs;

export const offloadGate: Gate = {
  name: "offload",
  async look(run) {
    const { files, settings, clock } = run;
    const remote = settings.HOURBOOK_REMOTE;
    const id = remoteId(remote);
    const receipts = [`receipts/${id}/`];
    const work = await hoursToOffload(
      { files, ...settings, remoteId: id },
      { asOf: clock.now() - settledAfterMs, hoursMax: Infinity, filesMax: Infinity },
    );
    const [damaged] = work.damaged;
    if (damaged !== undefined)
      return failed(`${damaged.path}: ${damaged.problem}`, "npm run fn -- verify", receipts);
    if (work.todo.length > 0)
      return failed(
        `${count(work.todo.length, "hour")} that ended two hours ago or more not proven on ${remote.spec}`,
        "npm run fn -- offload",
        receipts,
      );
    if (work.proven === 0)
      return failed(`nothing is proven on ${remote.spec} yet`, "npm run fn -- offload", receipts);
    const what = `${count(work.proven, "file")} proven on ${remote.spec}`;
    if (await isOnSameDisk(run))
      return failed(
        `${what}, which lies on the data's own disk: no second copy`,
        "set HOURBOOK_REMOTE to rclone:NAME:PATH or to a folder on another disk",
        receipts,
      );
    return passed(what, receipts);
  },
};
