/** Makes all checks at once. One that fails or hangs says so in its own place, and keeps none of the others. */
import { deadline } from "../../runtime/doors/clock.ts";
import { OperatorError, messageOf } from "../../runtime/errors.ts";
import { formatDuration } from "../../runtime/time.ts";
import {
  type Check,
  type DoctorRun,
  type Finding,
  type Noted,
  problem,
  warning,
} from "./finding.ts";

/** In the order of the checks. */
export async function examine(run: DoctorRun, checks: readonly Check[]): Promise<Finding[]> {
  let done = 0;
  const examined = checks.map(async (check) => {
    const found = await make(run, check);
    run.signal.throwIfAborted();
    done += 1;
    run.progress(done, checks.length, "checks");
    return found.map((noted) => named(check, noted));
  });
  return (await Promise.all(examined)).flat();
}

function named({ name: check }: Check, { level, what, fix }: Noted): Finding {
  return fix === undefined ? { check, level, what } : { check, level, what, fix };
}

async function make(run: DoctorRun, check: Check): Promise<Noted[]> {
  const wrong = check.needs?.filter((name) => run.configuration?.wrongSettings.has(name)) ?? [];
  if (wrong.length > 0)
    return [warning(`not checked: ${wrong.join(" and ")} is not right`, "mend the settings first")];
  const late = new Error(`no answer within ${formatDuration(check.limitMs)}`);
  const timer = deadline(run.clock, check.limitMs, late, run.signal);
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  timer.signal.addEventListener("abort", () => reject(timer.signal.reason), { once: true });
  try {
    // Async, so that what it throws before it waits for anything is caught here too.
    const look = async (): Promise<Noted[]> => check.look({ ...run, signal: timer.signal });
    return await Promise.race([look(), givenUp]);
  } catch (error) {
    return [failed(error)];
  } finally {
    timer.clear();
  }
}

function failed(error: unknown): Noted {
  if (!(error instanceof OperatorError))
    return problem(messageOf(error), "run it again; if it stays, look at what it names");
  const details = error.details.map((detail) => `; ${detail}`).join("");
  return problem(`${error.message}${details}`, error.next ?? "look at what it names");
}
