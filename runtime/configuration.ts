/** Everything that is read before anything runs, besides the functions: the environment and the schedules. */
import type { Files } from "./doors/files.ts";
import { OperatorError, messageOf } from "./errors.ts";
import type { AnyFunction, JudgedConfiguration } from "./function.ts";
import { type Schedules, readSchedules } from "./schedules.ts";
import { type Environment, type Settings, judgeSettings, readSettings } from "./settings.ts";

export interface Configuration {
  settings: Settings;
  schedules: Schedules;
}

/** Throws `BAD_SETTINGS`, `NO_SCHEDULES` or `BAD_SCHEDULES`. */
export async function readConfiguration(
  files: Files,
  env: Environment,
  functions: ReadonlyMap<string, AnyFunction>,
): Promise<Configuration> {
  const settings = readSettings(env, functions);
  const schedules = await readSchedulesFile(files, settings.schedulesFile, functions);
  return { settings, schedules };
}

/** For who is there to say what is wrong: everything that is right, and the refusals. */
export async function judgeConfiguration(
  files: Files,
  env: Environment,
  functions: ReadonlyMap<string, AnyFunction>,
): Promise<{ settings: Settings; judged: JudgedConfiguration }> {
  const { settings, wrong, refusal } = judgeSettings(env, functions);
  const refusals = refusal === undefined ? [] : [refusal];
  let schedules: Schedules | undefined;
  try {
    schedules = await readSchedulesFile(files, settings.schedulesFile, functions);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    refusals.push(error);
  }
  return { settings, judged: { schedules, wrongSettings: wrong, refusals } };
}

export async function readSchedulesFile(
  files: Files,
  path: string,
  functions: ReadonlyMap<string, AnyFunction>,
): Promise<Schedules> {
  return readSchedules(await readSchedulesText(files, path), functions, path);
}

// A hundred times the schedule that ships. Checking a text takes time that fires nothing.
const textBytesMax = 64 * 1024;

/** Throws `NO_SCHEDULES` where there is no text to read. */
export async function readSchedulesText(files: Files, path: string): Promise<string> {
  try {
    const found = await files.stat(path);
    if (found !== undefined && found.bytes > textBytesMax && !found.isFolder)
      throw new Error(`it is longer than ${textBytesMax} B`);
    // Read, a pipe or a device that took the name would be waited for without end.
    return found?.bytes === 0 ? "" : (await files.read(path)).toString();
  } catch (error) {
    throw new OperatorError("NO_SCHEDULES", {
      message: `cannot read the schedules file ${path}: ${messageOf(error)}`,
      exit: "configuration",
      safe: "Nothing was started.",
      next: "set HOURBOOK_SCHEDULES to a schedules.json, or leave it away for the project's own",
      cause: error,
    });
  }
}

/** The process's environment, with a `.env` file's settings where it has none of that name. */
export async function readEnvironment(files: Files): Promise<Environment> {
  if ((await files.stat(".env")) !== undefined) process.loadEnvFile(".env");
  return process.env;
}
