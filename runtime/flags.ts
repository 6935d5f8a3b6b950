/** Flags made of a function's input, so that its schema is the only place where they are said. */
import { parseArgs } from "node:util";
import type { AnyFunction } from "./function.ts";
import { type Property, objectJsonSchema } from "./object-json-schema.ts";
import { didYouMean } from "./suggest.ts";

export interface Flag {
  /** As typed, without the dashes. */
  name: string;
  /** What it sets. */
  key: string;
  kind: "text" | "number" | "switch" | "list";
  /** How its value looks, for help: `duration`, `number`, `yes|no`. */
  placeholder: string;
  description: string;
  default: unknown;
  isRequired: boolean;
}

export interface ParsedFlags {
  values: Record<string, unknown>;
  /** Each as flag, value and rule. */
  problems: string[][];
}

/** What every function takes besides its own; `--as-of` is read everywhere and refused where it means nothing. */
export const commonFlags: readonly Flag[] = [
  {
    name: "as-of",
    key: "asOf",
    kind: "text",
    placeholder: "time",
    description: "looks at hours as if it were this UTC time, such as 2026-11-22T15:00:00Z",
    default: undefined,
    isRequired: false,
  },
  switchFlag("json", "prints one JSON line with the result; needs npm run -s"),
  switchFlag("help", "this text"),
];

/** `keepDays` → `--keep-days`, one for each key of the input. */
export function flagsOf(definition: AnyFunction): Flag[] {
  const { properties, required = [] } = objectJsonSchema(definition.input);
  const taken = Object.keys(properties).find((key) => commonFlags.some((flag) => flag.key === key));
  if (taken !== undefined)
    throw new Error(`the input's ${taken} would hide the flag that every function takes`);
  return Object.entries(properties).map(([key, property]) => ({
    name: key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    key,
    kind: kindOf(key, property),
    placeholder: placeholderOf(property.items ?? property),
    description: property.description ?? "",
    default: property.default,
    isRequired: required.includes(key),
  }));
}

/** Reads all arguments before it complains, so that a person mends the whole line in one go. */
export function parseFlags(args: readonly string[], flags: readonly Flag[]): ParsedFlags {
  const values: Record<string, unknown> = {};
  const problems: string[][] = [];
  let mayBeValueOfUnknown = false;
  for (const token of tokensOf(args, flags)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      if (!mayBeValueOfUnknown)
        problems.push([token.value, "", "is no flag: every value stands after a --flag"]);
      mayBeValueOfUnknown = false;
      continue;
    }
    const found = find(token.name, flags);
    mayBeValueOfUnknown = found === undefined;
    const problem = found === undefined ? unknown(token, flags) : take(found, token, values);
    if (problem !== undefined) problems.push(problem);
  }
  return { values, problems };
}

interface OptionToken {
  kind: "option";
  name: string;
  /** With its dashes. */
  rawName: string;
  value?: string | undefined;
  /** It was written `--flag=value`. */
  inlineValue?: boolean | undefined;
}

type Token = OptionToken | { kind: "positional"; value: string } | { kind: "option-terminator" };

function tokensOf(args: readonly string[], flags: readonly Flag[]): Token[] {
  const options = flags.map(({ name, kind }) => {
    const type = kind === "switch" ? ("boolean" as const) : ("string" as const);
    return [name, name === "help" ? { type, short: "h" } : { type }] as const;
  });
  return parseArgs({ args, options: Object.fromEntries(options), strict: false, tokens: true })
    .tokens;
}

interface Found {
  flag: Flag;
  isNegated: boolean;
}

function find(name: string, flags: readonly Flag[]): Found | undefined {
  for (const flag of flags) {
    if (flag.name === name) return { flag, isNegated: false };
    if (flag.kind === "switch" && `no-${flag.name}` === name) return { flag, isNegated: true };
  }
  return undefined;
}

function unknown({ rawName }: OptionToken, flags: readonly Flag[]): string[] {
  const names = flags.map((flag) => `--${flag.name}`);
  const negated = flags.filter((flag) => flag.kind === "switch").map((flag) => `--no-${flag.name}`);
  const hint = didYouMean(rawName, [...names, ...negated]) || `; flags: ${names.join(" ")}`;
  return [rawName, "", `is not known${hint}`];
}

/** Puts the value in its place, or says what is wrong with it. */
function take(
  { flag, isNegated }: Found,
  token: OptionToken,
  values: Record<string, unknown>,
): string[] | undefined {
  const { rawName, value } = token;
  if (flag.kind === "switch") {
    const hint = commonFlags.includes(flag) ? "" : `; write --${flag.name} or --no-${flag.name}`;
    if (value !== undefined) return [rawName, JSON.stringify(value), `takes no value${hint}`];
    if (flag.key in values) return [rawName, "", "stands here twice"];
    values[flag.key] = !isNegated;
    return undefined;
  }
  // What looks like a flag is one, of which the value was forgotten; a number may be negative.
  const isForgotten = !token.inlineValue && value?.startsWith("-") && flag.kind !== "number";
  if (value === undefined || isForgotten)
    return [rawName, "", `needs a value: ${rawName} <${flag.placeholder}>`];
  if (flag.kind === "list") {
    values[flag.key] = [...((values[flag.key] as string[] | undefined) ?? []), value];
    return undefined;
  }
  if (flag.key in values) return [rawName, JSON.stringify(value), "stands here twice"];
  values[flag.key] = flag.kind === "number" && isNumber(value) ? Number(value) : value;
  return undefined;
}

// Any other text goes on as it is: the schema says in its own words what it wants instead.
function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

const kinds: Record<string, Flag["kind"]> = {
  string: "text",
  number: "number",
  integer: "number",
  boolean: "switch",
};

function kindOf(key: string, property: Property): Flag["kind"] {
  const kind =
    property.type === "array" && property.items?.type === "string"
      ? "list"
      : kinds[property.type ?? ""];
  if (kind === undefined) throw new Error(`the input's ${key} is of a shape that no flag can have`);
  return kind;
}

function placeholderOf(property: Property): string {
  if (property.enum !== undefined) return property.enum.join("|");
  return property.title ?? { number: "number", integer: "number" }[property.type ?? ""] ?? "text";
}

function switchFlag(name: string, description: string): Flag {
  return {
    name,
    key: name,
    kind: "switch",
    placeholder: "",
    description,
    default: undefined,
    isRequired: false,
  };
}
