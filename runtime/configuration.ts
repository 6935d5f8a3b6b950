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
  let text: string;
  try {
    text = (await files.read(path)).toString();
  } catch (error) {
    throw new OperatorError("NO_SCHEDULES", {
      message: `cannot read the schedules file ${path}: ${messageOf(error)}`,
      exit: "configuration",
      safe: "Nothing was started.",
      next: "set HOURBOOK_SCHEDULES to a schedules.json, or leave it away for the project's own",
      cause: error,
    });
  }
  return readSchedules(text, functions, path);
}

/** The process's environment, with a `.env` file's settings where it has none of that name. */
export async function readEnvironment(files: Files): Promise<Environment> {
  if ((await files.stat(".env")) !== undefined) process.loadEnvFile(".env");
  return process.env;
}
