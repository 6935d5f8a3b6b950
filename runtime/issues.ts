/** What valibot found wrong, in the words that an operator reads. */
import type * as v from "valibot";
import { didYouMean } from "./suggest.ts";

export interface Problem {
  /** Keys from the root; for an unknown or a missing key, that key is the last. */
  path: string[];
  /** As JSON, cut to a readable length; `undefined` if there is no value. */
  value: string | undefined;
  rule: string;
}

/** Each issue as path, value and rule. `schema` names the known keys, for a suggestion. */
export function problemsOf(issues: readonly v.BaseIssue<unknown>[], schema: ObjectLike): Problem[] {
  return issues.map((issue) => {
    const path = (issue.path ?? []).map((item) => String((item as { key: unknown }).key));
    if (isMissingKey(issue)) return { path, value: undefined, rule: "is missing" };
    if (isUnknownKey(issue)) return { path, value: undefined, rule: unknownKeyRule(path, schema) };
    // Not the issue's own input, if there is a path: a transformation may have changed what was written.
    const value = issue.path === undefined ? issue.input : issue.path.at(-1)?.value;
    return { path, value: shortJson(value), rule: ruleOf(issue) };
  });
}

interface ObjectLike {
  entries: Record<string, unknown>;
}

export function isMissingKey(issue: v.BaseIssue<unknown>): boolean {
  return (
    issue.type === "strict_object" && issue.expected !== "never" && issue.expected !== "Object"
  );
}

function isUnknownKey(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === "strict_object" && issue.expected === "never";
}

function unknownKeyRule(path: string[], schema: ObjectLike): string {
  const known = Object.keys(schema.entries);
  // Only the schema's own keys are known here; what lies deeper gets no suggestion.
  const suggestion = path.length === 1 ? didYouMean(path[0] ?? "", known) : "";
  return suggestion === "" && path.length === 1
    ? `is not known; known: ${known.join(", ") || "none"}`
    : `is not known${suggestion}`;
}

/** The rule that a value broke, without the value: that stands beside it. */
export function ruleOf(issue: v.BaseIssue<unknown>): string {
  const { message, expected, received } = issue;
  // A message that a schema's author wrote says it best.
  if (!/^Invalid .*[Rr]eceived /.test(message)) {
    return message.startsWith(`${received}: `) ? message.slice(received.length + 2) : message;
  }
  if (issue.type === "integer") return "must be a whole number";
  if (issue.type.endsWith("_length")) return `must have a length of ${inWords(expected)}`;
  if (issue.type === "url") return "must be a URL";
  return expected === null
    ? `is not a valid ${issue.type.replaceAll("_", " ")}`
    : `must be ${inWords(expected)}`;
}

const names: Record<string, string> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  Array: "a list",
  Object: "an object",
};

function inWords(expected: string | null): string {
  const text = expected ?? "something else";
  const comparison = /^([<>]=?)(.*)$/.exec(text);
  if (comparison !== null) {
    const words = { ">=": "at least", "<=": "at most", ">": "more than", "<": "less than" };
    return `${words[comparison[1] as keyof typeof words]} ${comparison[2]}`;
  }
  const choices = /^\((.*)\)$/.exec(text)?.[1]?.split(" | ") ?? [text];
  return choices.map((choice) => names[choice] ?? choice).join(" or ");
}

const valueCharsMax = 60;

/** A value as JSON, cut where it would fill the line. */
export function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > valueCharsMax ? `${text.slice(0, valueCharsMax)}…` : text;
}
