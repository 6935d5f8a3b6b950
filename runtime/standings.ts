/** How the work of each function stands that can say so: asked one after the other, each within a bound. */
import { deadline } from "./doors/clock.ts";
import type { Machine } from "./doors/machine.ts";
import { readOnlyFiles } from "./doors/read-only.ts";
import { messageOf } from "./errors.ts";
import type { AnyFunction, Standing } from "./function.ts";
import type { RunnerSettings } from "./run-context.ts";
import { iso, secondMs } from "./time.ts";

/** As `--json` prints it. */
export interface StandingReport {
  function: string;
  text: string;
  /** Of the newest data: ISO 8601 and how long ago. */
  newest?: { at: string; ageMs: number } | undefined;
  figures?: Standing["figures"];
  /** It could not be found out, and why. */
  error?: string | undefined;
}

// A disk that hangs must not keep an alert from being raised.
const askedMsMax = 20 * secondMs;

export async function readStandings(
  { clock, files }: Pick<Machine, "clock" | "files">,
  settings: RunnerSettings,
  functions: ReadonlyMap<string, AnyFunction>,
): Promise<StandingReport[]> {
  const reports: StandingReport[] = [];
  const look = { clock, files: readOnlyFiles(files) };
  for (const [name, definition] of functions) {
    if (definition.standing === undefined) continue;
    const given = { ...look, settings: { ...settings.core, ...settings.of(name) } };
    try {
      reports.push(reportOf(name, await inTime(clock, definition.standing(given)), clock.now()));
    } catch (error) {
      reports.push({
        function: name,
        text: `not known: ${messageOf(error)}`,
        error: messageOf(error),
      });
    }
  }
  return reports;
}

function reportOf(
  name: string,
  { text, newestAt, figures }: Standing,
  now: number,
): StandingReport {
  const newest =
    newestAt === undefined ? undefined : { at: iso(newestAt), ageMs: Math.max(0, now - newestAt) };
  return { function: name, text, newest, ...(figures && { figures }) };
}

async function inTime<T>(clock: Machine["clock"], asked: Promise<T>): Promise<T> {
  const timer = deadline(clock, askedMsMax, new Error("the disk did not answer in time"));
  const { promise, reject } = Promise.withResolvers<never>();
  timer.signal.addEventListener("abort", () => reject(timer.signal.reason), { once: true });
  try {
    return await Promise.race([asked, promise]);
  } finally {
    timer.clear();
  }
}
