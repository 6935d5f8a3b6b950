/** What a person typed after a function's name, as the input of its run. */
import * as v from "valibot";
import { columns, count } from "./columns.ts";
import { OperatorError } from "./errors.ts";
import { type Flag, commonFlags, flagsOf, parseFlags } from "./flags.ts";
import type { AnyFunction } from "./function.ts";
import { problemsOf, ruleOf } from "./issues.ts";
import type { ScheduleEntry } from "./schedule-entry.ts";
import { instant } from "./time.ts";

export interface HandInputOptions {
  name: string;
  definition: AnyFunction;
  entry: ScheduleEntry;
  args: readonly string[];
}

export interface HandInput {
  /** Checked by the function's schema. */
  input: unknown;
  asOf: number | undefined;
}

/** The schedule's input with what the flags say over it; throws `BAD_FLAGS` with every problem at once. */
export function readHandInput({ name, definition, entry, args }: HandInputOptions): HandInput {
  const flags = flagsOf(definition);
  const { values, problems } = parseFlags(args, [...flags, ...commonFlags]);
  const { asOf: asOfText, json: _json, help: _help, ...given } = values;
  const asOf =
    typeof asOfText === "string" ? readAsOf(name, definition, asOfText) : { ms: undefined };
  const checked = v.safeParse(definition.input, { ...entry.writtenInput, ...given });
  if ("problem" in asOf) problems.push(asOf.problem);
  if (!checked.success)
    problems.push(...valueProblems(checked.issues, definition, flags, problems));
  if (problems.length === 0 && checked.success && "ms" in asOf)
    return { input: checked.output, asOf: asOf.ms };
  throw new OperatorError("BAD_FLAGS", {
    message: `${count(problems.length, "problem")} with the flags`,
    exit: "usage",
    details: columns(problems),
    safe: "Nothing was run.",
    next: `npm run fn -- ${name} --help`,
  });
}

function readAsOf(
  name: string,
  definition: AnyFunction,
  text: string,
): { ms: number } | { problem: string[] } {
  if (definition.asOf !== true)
    return { problem: ["--as-of", JSON.stringify(text), `${name} looks at the present only`] };
  const read = v.safeParse(instant, text);
  if (read.success) return { ms: read.output };
  return { problem: ["--as-of", JSON.stringify(text), ...read.issues.map(ruleOf)] };
}

function valueProblems(
  issues: readonly v.BaseIssue<unknown>[],
  definition: AnyFunction,
  flags: readonly Flag[],
  reported: readonly string[][],
): string[][] {
  return problemsOf(issues, definition.input)
    .map(({ path, value, rule }) => {
      const flag = flags.find(({ key }) => key === path[0]);
      return [flag === undefined ? path.join(".") : `--${flag.name}`, value ?? "", rule];
    })
    .filter(([flag]) => !reported.some(([already]) => already === flag));
}
