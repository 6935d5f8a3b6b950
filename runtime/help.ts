/** What `npm run fn` says about itself: made of what the functions declare, so that it is never out of date. */
import { columns } from "./columns.ts";
import { type ExitName, exitCodes, exitMeanings } from "./errors.ts";
import type { AnyFunction } from "./function.ts";
import { type Flag, commonFlags, flagsOf } from "./flags.ts";
import type { ScheduleEntry } from "./schedule-entry.ts";
import { formatDuration } from "./time.ts";

export function generalHelp(names: readonly string[]): string {
  return lines(
    "Runs one function now, beside the daemon or without it.",
    "",
    "  npm run fn -- NAME [flags]",
    "  npm run fn -- NAME --help    its flags",
    "  npm run fn -- --list         all functions and when they run",
    "",
    ...flagLines(commonFlags, undefined),
    "",
    `Functions: ${names.join(", ")}`,
    "",
    "Exit codes:",
    ...exitLines(),
  );
}

export interface FunctionHelp {
  name: string;
  headline: string;
  definition: AnyFunction;
  /** If schedules.json can be read. */
  entry: ScheduleEntry | undefined;
}

export function functionHelp({ name, headline, definition, entry }: FunctionHelp): string {
  const common = commonFlags.filter((flag) => flag.key !== "asOf" || definition.asOf === true);
  const settings = Object.keys(definition.settings);
  return lines(
    `${name}: ${headline}.`,
    "",
    `  npm run fn -- ${name} [flags]`,
    "",
    ...flagLines([...flagsOf(definition), ...common], entry),
    "",
    ...(entry === undefined
      ? []
      : [`Runs: ${describeSchedule(entry)}; timeout ${formatDuration(entry.timeoutMs)}`]),
    ...(settings.length === 0 ? [] : [`Settings: ${settings.join(", ")}`]),
    `All about it: the first comment of functions/${name}.ts`,
  );
}

export interface Listed {
  name: string;
  headline: string;
  entry: ScheduleEntry;
}

export function list(functions: readonly Listed[]): string {
  return lines(
    ...columns(
      functions.map(({ name, headline, entry }) => [name, describeSchedule(entry), headline]),
    ),
  );
}

function describeSchedule({ cron, timezone, enabled, atStart }: ScheduleEntry): string {
  const zone = timezone === "UTC" ? "" : ` (${timezone})`;
  const times = [
    ...(cron === undefined ? [] : [`${cron}${zone}`]),
    ...(atStart ? ["at start"] : []),
  ];
  if (times.length === 0) return "by hand";
  return enabled ? times.join(", ") : `off (${times.join(", ")})`;
}

function flagLines(flags: readonly Flag[], entry: ScheduleEntry | undefined): string[] {
  const rows = flags.map((flag) => {
    const value = flag.kind === "switch" ? "" : ` <${flag.placeholder}>`;
    return [`  --${flag.name}${value}`, `${flag.description}${note(flag, entry)}`.trimStart()];
  });
  return columns(rows);
}

function note(flag: Flag, entry: ScheduleEntry | undefined): string {
  const written = entry?.writtenInput[flag.key];
  const standard = written ?? flag.default;
  const notes = [
    ...(flag.kind === "list" ? ["may stand several times"] : []),
    ...(standard === undefined || standard === false ? [] : [`default ${show(standard)}`]),
    ...(written === undefined ? [] : ["by schedules.json"]),
    ...(flag.isRequired && written === undefined ? ["required"] : []),
    ...(standard === true ? [`--no-${flag.name} turns it off`] : []),
  ];
  return notes.length === 0 ? "" : ` (${notes.join(", ")})`;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  return String(value);
}

function exitLines(): string[] {
  const names = Object.keys(exitCodes) as ExitName[];
  return columns(
    names.map((name) => [`  ${String(exitCodes[name]).padStart(3)}`, name, exitMeanings[name]]),
  );
}

function lines(...all: string[]): string {
  return `${all.join("\n")}\n`;
}
