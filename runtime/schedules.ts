/** `schedules.json`: read, and checked whole, so that a person mends all of it in one go. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { columns, count } from "./columns.ts";
import { checkCron, checkTimezone } from "./cron.ts";
import { OperatorError, messageOf } from "./errors.ts";
import type { AnyFunction, InputSchema } from "./function.ts";
import { type Problem, isMissingKey, problemsOf, shortJson } from "./issues.ts";
import { type JsonDocument, readJson } from "./json-lines.ts";
import { type ScheduleEntry, entrySchema, isObject } from "./schedule-entry.ts";
import { nearest } from "./suggest.ts";

export type { ScheduleEntry } from "./schedule-entry.ts";

export interface Schedules {
  /** Names the text. */
  revision: string;
  entries: ReadonlyMap<string, ScheduleEntry>;
}

type Functions = ReadonlyMap<string, AnyFunction>;

/** Throws `BAD_SCHEDULES` with every problem at once; `file` is how the error calls the text. */
export function readSchedules(
  text: string,
  functions: Functions,
  file = "schedules.json",
): Schedules {
  try {
    return check(text, functions, file);
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    // Such as brackets nested too deep to follow: a reason not to take it, like any other.
    throw new OperatorError("BAD_SCHEDULES", {
      message: `${file} cannot be checked: ${messageOf(error)}`,
      exit: "configuration",
      safe: "Nothing was started.",
      next: "compare it with the project's own schedules.json, then npm start -- --check",
      cause: error,
    });
  }
}

function check(text: string, functions: Functions, file: string): Schedules {
  // Some editors begin a file with a byte order mark.
  const document = readJson(text.replace(/^\uFEFF/, ""));
  if (!("lineOf" in document)) {
    const { line, column, rule } = document;
    throw badSchedules(file, [[`line ${line}`, `column ${column}`, rule]]);
  }
  const entries = new Map<string, ScheduleEntry>();
  const problems = duplicateProblems(document);
  if (!isObject(document.value)) {
    problems.push({
      path: [],
      value: shortJson(document.value),
      rule: 'write one object: {"discover": {"cron": …}, …}',
    });
  } else {
    for (const [name, written] of Object.entries(document.value)) {
      if (name === "$schema") continue;
      const read = readEntry(name, written, functions);
      if ("problems" in read) problems.push(...read.problems);
      else entries.set(name, read);
    }
  }
  if (problems.length > 0) throw badSchedules(file, rowsOf(problems, document));
  return { revision: revisionOf(text), entries };
}

/** The name of a text: the first 12 hex digits of its SHA-256. */
export function revisionOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

interface Located extends Problem {
  line?: number;
}

function readEntry(
  name: string,
  written: unknown,
  functions: Functions,
): ScheduleEntry | { problems: Problem[] } {
  const definition = functions.get(name);
  if (definition === undefined) return { problems: [unknownFunction(name, functions)] };
  if (!isObject(written)) {
    return { problems: [{ path: [name], value: shortJson(written), rule: "must be an object" }] };
  }
  const entry = v.safeParse(entrySchema, written);
  const problems = entry.success ? [] : problemsOf(entry.issues, entrySchema);

  const cronProblem = checkWrittenCron(written);
  if (cronProblem !== undefined) {
    problems.push({ path: ["cron"], value: shortJson(written["cron"]), rule: cronProblem });
  }
  const writtenInput = isObject(written["input"]) ? written["input"] : {};
  const fires = written["cron"] !== undefined || written["atStart"] === true;
  const input = checkInput(definition.input, writtenInput, fires);
  if ("problems" in input) problems.push(...under("input", input.problems));

  if (!entry.success || "problems" in input || problems.length > 0)
    return { problems: under(name, problems) };
  const { timeout: timeoutMs, cron, ...others } = entry.output;
  return { ...others, name, cron, timeoutMs, input: input.checked, writtenInput };
}

function unknownFunction(name: string, functions: Functions): Problem {
  const meant = nearest(name, functions.keys());
  const hint =
    meant === undefined
      ? `functions: ${[...functions.keys()].join(", ") || "none"}`
      : `did you mean "${meant}"?`;
  return { path: [name], value: undefined, rule: `no file functions/${name}.ts; ${hint}` };
}

// Against UTC where the timezone is wrong too: that is a problem of its own.
function checkWrittenCron({ cron, timezone }: Record<string, unknown>): string | undefined {
  if (typeof cron !== "string") return undefined;
  const zone =
    typeof timezone === "string" && checkTimezone(timezone) === undefined ? timezone : "UTC";
  return checkCron(cron, zone);
}

function checkInput(
  schema: InputSchema,
  written: Record<string, unknown>,
  fires: boolean,
): { checked: unknown } | { problems: Problem[] } {
  const result = v.safeParse(schema, written);
  if (result.success) return { checked: result.output };
  // By hand, flags give what is missing here.
  const issues = result.issues.filter((issue) => fires || !isMissingKey(issue));
  return issues.length === 0 ? { checked: written } : { problems: problemsOf(issues, schema) };
}

function under(key: string, problems: Problem[]): Problem[] {
  return problems.map((problem) => ({ ...problem, path: [key, ...problem.path] }));
}

function duplicateProblems({ duplicates }: JsonDocument): Located[] {
  return duplicates.map(({ path, line, firstLine }) => ({
    path,
    line,
    value: undefined,
    rule: `stands on line ${firstLine} already; keep one of the two`,
  }));
}

function rowsOf(problems: Located[], document: JsonDocument): string[][] {
  return problems
    .map((problem) => ({ ...problem, line: problem.line ?? document.lineOf(problem.path) }))
    .sort((a, b) => a.line - b.line)
    .map(({ line, path, value, rule }) => [`line ${line}`, path.join("."), value ?? "", rule]);
}

function badSchedules(file: string, rows: string[][]): OperatorError {
  return new OperatorError("BAD_SCHEDULES", {
    message: `${file} has ${count(rows.length, "problem")}`,
    exit: "configuration",
    details: columns(rows),
    safe: "Nothing was started.",
    next: "mend them all, then npm start -- --check",
  });
}
