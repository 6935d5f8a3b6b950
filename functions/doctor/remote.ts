/**
 * Whether the remote does what offload and prune rest on: a canary is written as offload writes, listed, read back,
 * and deleted. Nothing else there is touched.
 */
import { sleep } from "../../runtime/doors/clock.ts";
import { OperatorError, messageOf } from "../../runtime/errors.ts";
import { formatDuration, minuteMs, secondMs } from "../../runtime/time.ts";
import { openRemote } from "../remote/remote.ts";
import { isOnSameDisk } from "../remote/same-disk.ts";
import { Canary } from "./canary.ts";
import { type Check, type DoctorRun, type Noted, ok, problem, warning } from "./finding.ts";
import { fixFor } from "./remote-words.ts";

export const remoteCheck: Check = {
  name: "remote",
  needs: ["HOURBOOK_REMOTE", "HOURBOOK_RCLONE_CONFIG"],
  limitMs: 2 * minuteMs,
  async look(run) {
    const found = [await tryCanary(run)];
    if (await isOnSameDisk(run)) {
      const what = `${run.settings.HOURBOOK_REMOTE.spec} lies on the data folder's own filesystem: one failing disk takes both`;
      found.push(
        warning(what, "set HOURBOOK_REMOTE to rclone:NAME:PATH, or to a folder on another disk"),
      );
    }
    return found;
  },
};

/** Listings lag: a new object that is not in them at once may be there. */
const looksMax = 4;
const lookAgainMs = 5 * secondMs;

async function tryCanary(run: DoctorRun): Promise<Noted> {
  const { spec } = run.settings.HOURBOOK_REMOTE;
  const startedAt = run.clock.monotonic();
  const remote = await openRemote(run);
  const canary = new Canary(run, remote);
  let step = "write to";
  try {
    const [failure] = await canary.write();
    if (failure !== undefined)
      return problem(`cannot write to ${spec}: ${failure}`, fixFor(run, failure));
    step = "list";
    const listed = await listUntilThere(run, canary);
    if (listed !== undefined) return listed;
    step = "read back from";
    if ((await canary.readBack()) !== canary.sha256)
      return problem(
        `${canary.path} on ${spec} comes back with other bytes`,
        `npm run fn -- verify on a copy; do not prune`,
      );
    step = "delete its canary on";
    await canary.remove();
  } catch (error) {
    run.signal.throwIfAborted();
    return failed(run, step, error);
  }
  const took = formatDuration(run.clock.monotonic() - startedAt);
  return ok(`${spec}: a canary was written, listed, read back and deleted in ${took}`);
}

/** What is wrong with what is listed; `undefined` once the canary stands there, alone and whole. */
async function listUntilThere(run: DoctorRun, canary: Canary): Promise<Noted | undefined> {
  const { spec } = run.settings.HOURBOOK_REMOTE;
  for (let looks = 1; ; looks += 1) {
    const found = await canary.list();
    if (found.length > 1)
      return problem(
        `${spec} lists ${found.length} objects named ${canary.path}`,
        "docs/google-drive.md, “Duplicates”",
      );
    const [only] = found;
    if (only !== undefined) {
      if (!canary.isForeign(only)) return undefined;
      return problem(
        `${canary.path} on ${spec} is not what was written there`,
        "look at who else writes there",
      );
    }
    if (looks === looksMax) break;
    await sleep(run.clock, lookAgainMs, run.signal);
  }
  const waited = formatDuration((looksMax - 1) * lookAgainMs);
  const what = `${canary.path} was written and is not listed on ${spec} after ${waited}; it stays there`;
  return problem(
    what,
    "run it again in an hour: listings may lag; if it stays so, the remote shows not what it holds",
  );
}

function failed(run: DoctorRun, step: string, error: unknown): Noted {
  const { spec } = run.settings.HOURBOOK_REMOTE;
  if (!(error instanceof OperatorError))
    return problem(`cannot ${step} ${spec}: ${messageOf(error)}`, fixFor(run, messageOf(error)));
  const details = error.details.join("; ");
  const what = `cannot ${step} ${spec}: ${error.message}${details === "" ? "" : `: ${details}`}`;
  return problem(
    what,
    details === "" ? (error.next ?? fixFor(run, error.message)) : fixFor(run, details),
  );
}
