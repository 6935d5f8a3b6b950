/** The functions: one file each, named as the file, found by looking in the folder. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { count } from "./columns.ts";
import { type Files, systemFiles } from "./doors/files.ts";
import { OperatorError, messageOf } from "./errors.ts";
import type { AnyFunction } from "./function.ts";

export const functionsFolder = join(import.meta.dirname, "..", "functions");

/** Every function of the folder by name, sorted; throws `BAD_FUNCTION` naming each file that is none. */
export async function loadFunctions(
  folder = functionsFolder,
): Promise<ReadonlyMap<string, AnyFunction>> {
  const functions = new Map<string, AnyFunction>();
  const problems: string[] = [];
  for (const name of await listFunctions(folder)) {
    try {
      functions.set(name, await loadFunction(folder, name));
    } catch (error) {
      problems.push(`functions/${name}.ts: ${messageOf(error)}`);
    }
  }
  if (problems.length > 0) {
    throw new OperatorError("BAD_FUNCTION", {
      message: `${count(problems.length, "file")} in ${folder} cannot be loaded`,
      exit: "configuration",
      details: problems,
      safe: "Nothing was started.",
      next: "mend the files named; docs/add-a-function.md says what a function must be",
    });
  }
  return functions;
}

/** What a function does, in a sentence: the first of its file's head comment, so that help is never another. */
export async function headlineOf(
  name: string,
  folder = functionsFolder,
  files: Files = systemFiles,
): Promise<string> {
  const source = (await files.read(join(folder, `${name}.ts`))).toString();
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? "";
  const text = comment
    .replaceAll(/\n? *\* ?/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  const [paragraph = ""] = text.split(/(?<=\.) (?=[A-Z])/, 1);
  return paragraph.replace(new RegExp(`^${name}: `), "").replace(/\.$/, "");
}

/** Their names alone, without loading any. */
export async function listFunctions(folder = functionsFolder): Promise<string[]> {
  const entries = await systemFiles.list(folder);
  return entries
    .filter((entry) => !entry.isFolder && entry.name.endsWith(".ts"))
    .map((entry) => entry.name.slice(0, -".ts".length));
}

async function loadFunction(folder: string, name: string): Promise<AnyFunction> {
  // A function's name is a flag-like word on a command line and a key in schedules.json.
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new Error('name it in lower case, such as "seal-hour.ts"');
  const module = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as {
    default?: unknown;
  };
  const problem = problemOf(module.default);
  if (problem !== undefined) throw new Error(problem);
  return module.default as AnyFunction;
}

function problemOf(definition: unknown): string | undefined {
  if (typeof definition !== "object" || definition === null)
    return "it has no `export default defineFunction({ … })`";
  const { input, settings, run, summary } = definition as Partial<AnyFunction>;
  if (input?.type !== "strict_object") return "its `input` is no v.strictObject";
  if (typeof settings !== "object")
    return "its `settings` are missing; write `settings: {}` for none";
  const foreign = Object.keys(settings).find((key) => !key.startsWith("HOURBOOK_"));
  if (foreign !== undefined) return `its setting ${foreign} does not begin with HOURBOOK_`;
  if (typeof run !== "function") return "its `run` is missing";
  if (typeof summary !== "function") return "its `summary` is missing";
  return undefined;
}
