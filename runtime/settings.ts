/** What the environment says: the runtime's own names, and those that functions declare. */
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { columns, count } from "./columns.ts";
import { OperatorError } from "./errors.ts";
import type { AnyFunction, CoreSettings, SettingsEntries } from "./function.ts";
import { ruleOf, shortJson } from "./issues.ts";
import { nearest } from "./suggest.ts";

export interface Settings {
  core: CoreSettings;
  schedulesFile: string;
  logLevel: LogLevel;
  logFile: string | undefined;
  healthcheckUrl: string | undefined;
  /** What a run of this function is handed: the core and the names that it declares. */
  of(name: string): CoreSettings & Record<string, unknown>;
}

export type Environment = Record<string, string | undefined>;

/** Checks the whole environment at once; an empty value counts as none. Throws `BAD_SETTINGS`. */
export function readSettings(
  env: Environment,
  functions: ReadonlyMap<string, AnyFunction>,
): Settings {
  const { settings, refusal } = judgeSettings(env, functions);
  if (refusal !== undefined) throw refusal;
  return settings;
}

export interface JudgedSettings {
  /** With the defaults of what is wrong. */
  settings: Settings;
  /** Names whose values are wrong. */
  wrong: ReadonlySet<string>;
  refusal: OperatorError | undefined;
}

export function judgeSettings(
  env: Environment,
  functions: ReadonlyMap<string, AnyFunction>,
): JudgedSettings {
  const entries = { ...coreEntries, ...declaredEntries(functions) };
  const problems: string[][] = unknownNames(env, Object.keys(entries));
  const values: Record<string, unknown> = {};
  const wrong = new Set<string>();
  for (const [name, schema] of Object.entries(entries)) {
    const result = v.safeParse(schema, env[name] === "" ? undefined : env[name]);
    if (result.success) values[name] = result.output;
    else {
      problems.push([name, shown(name, env[name]), ...new Set(result.issues.map(ruleOf))]);
      wrong.add(name);
      values[name] = v.safeParse(schema, undefined).output;
    }
  }
  const settings = settingsOf(values as CoreValues, functions, foldersOf(env));
  return { settings, wrong, refusal: problems.length === 0 ? undefined : badSettings(problems) };
}

function badSettings(problems: string[][]): OperatorError {
  return new OperatorError("BAD_SETTINGS", {
    message: `the environment has ${count(problems.length, "problem")}`,
    exit: "configuration",
    details: columns(problems),
    safe: "Nothing was started.",
    next: "mend them all, then npm start -- --check",
  });
}

export type LogLevel = (typeof logLevels)[number];

const logLevels = ["debug", "info", "warn", "error"] as const;
const projectFolder = join(import.meta.dirname, "..");
const absolutePath = v.pipe(
  v.string(),
  v.transform((path) => resolve(path)),
);

const coreEntries = {
  HOURBOOK_DATA: v.optional(absolutePath, "data"),
  HOURBOOK_COLLECTOR: v.optional(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]+$/, 'write letters, digits and "-" only')),
    collectorOf(hostname()),
  ),
  HOURBOOK_SCHEDULES: v.optional(absolutePath, join(projectFolder, "schedules.json")),
  HOURBOOK_LOG_LEVEL: v.optional(v.picklist(logLevels), "info"),
  HOURBOOK_LOG_FILE: v.optional(absolutePath),
  HOURBOOK_HEALTHCHECK_URL: v.optional(
    v.pipe(v.string(), v.check(isPingUrl, "write an http or https URL, without user name or #")),
  ),
};

function isPingUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.username === "" && url.password === "" && !text.includes("#");
}

type CoreValues = { [K in keyof typeof coreEntries]: v.InferOutput<(typeof coreEntries)[K]> };

/** The host name's first label, other characters as `-`: `db.example.org` → `db`. */
export function collectorOf(host: string): string {
  const label = host.split(".", 1)[0] ?? "";
  return label.replaceAll(/[^A-Za-z0-9-]/g, "-") || "collector";
}

type ServiceFolders = Pick<CoreSettings, "credentialsFolder" | "runtimeFolder">;

// systemd's own names, set for a service with LoadCredential= and RuntimeDirectory=; the latter may name several.
function foldersOf(env: Environment): ServiceFolders {
  return {
    credentialsFolder: env["CREDENTIALS_DIRECTORY"] || undefined,
    runtimeFolder: env["RUNTIME_DIRECTORY"]?.split(":", 1)[0] || undefined,
  };
}

function settingsOf(
  values: CoreValues,
  functions: ReadonlyMap<string, AnyFunction>,
  folders: ServiceFolders,
): Settings {
  const own = { dataFolder: values.HOURBOOK_DATA, collector: values.HOURBOOK_COLLECTOR };
  const core = { ...own, ...folders };
  return {
    core,
    schedulesFile: values.HOURBOOK_SCHEDULES,
    logLevel: values.HOURBOOK_LOG_LEVEL,
    logFile: values.HOURBOOK_LOG_FILE,
    healthcheckUrl: values.HOURBOOK_HEALTHCHECK_URL,
    of(name) {
      const declared = Object.keys(functions.get(name)?.settings ?? {});
      const named = declared.map((key) => [key, (values as Record<string, unknown>)[key]]);
      return { ...core, ...Object.fromEntries(named) };
    },
  };
}

function declaredEntries(functions: ReadonlyMap<string, AnyFunction>): SettingsEntries {
  const entries: SettingsEntries = {};
  for (const [name, definition] of functions) {
    for (const [key, schema] of Object.entries(definition.settings)) {
      const already = (coreEntries as SettingsEntries)[key] ?? entries[key];
      // One name, one meaning: two schemas could give two functions two defaults.
      if (already !== undefined && already !== schema)
        throw new Error(`${name} declares ${key} anew; share its schema`);
      entries[key] = schema;
    }
  }
  return entries;
}

const prefix = "HOURBOOK_";

function unknownNames(env: Environment, known: string[]): string[][] {
  // The prefix, which all share, would make any two names look alike.
  const endings = known.map((name) => name.slice(prefix.length));
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !known.includes(name))
    .sort()
    .map((name) => {
      const meant = nearest(name.slice(prefix.length), endings);
      const hint =
        meant === undefined ? `known: ${known.join(", ")}` : `did you mean ${prefix}${meant}?`;
      return [name, "", `is not known; ${hint}`];
    });
}

// An address can carry a password or be one, as a health-check URL is.
const mayHoldSecret = /URL|TOKEN|SECRET|PASSWORD|PASSPHRASE|KEY/;

function shown(name: string, value: string | undefined): string {
  if (value === undefined) return "(not set)";
  // rclone takes `remote,token=…:` as a remote's name.
  return mayHoldSecret.test(name) || value.includes("=") ? "(hidden)" : shortJson(value);
}
