/** Everything that is read before anything runs, besides the functions: the environment and the schedules. */
import type { Files } from "./doors/files.ts";
import { OperatorError, messageOf } from "./errors.ts";
import type { AnyFunction } from "./function.ts";
import { type Schedules, readSchedules } from "./schedules.ts";
import { type Environment, type Settings, readSettings } from "./settings.ts";

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
