/** What a function is to the runtime: the shape of its file, and what each of its runs is handed. */
import type * as v from "valibot";
import type { Children } from "./doors/children.ts";
import type { Clock } from "./doors/clock.ts";
import type { Files } from "./doors/files.ts";
import type { Endpoint, Http } from "./doors/http.ts";
import type { Sockets } from "./doors/sockets.ts";
import type { OperatorError } from "./errors.ts";
import type { Schedules } from "./schedules.ts";

/** A flat object of strings, numbers, booleans, pick lists, durations and arrays of strings: each is also a flag. */
export type InputSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** `HOURBOOK_…` names that the function reads, each with its schema (over a string or nothing). */
export type SettingsEntries = v.ObjectEntries;

export type SettingsOf<S extends SettingsEntries> = { [K in keyof S]: v.InferOutput<S[K]> };

export interface FunctionDefinition<
  I extends InputSchema = InputSchema,
  S extends SettingsEntries = SettingsEntries,
  R extends object = object,
> {
  input: I;
  settings: S;
  /** Public reads that its HTTP door lets through; none without it. */
  endpoints?(settings: SettingsOf<S>): readonly Endpoint[];
  /** Public channels that its sockets door connects to; none without it. */
  channels?(settings: SettingsOf<S>): readonly string[];
  /** Programs that its children door runs; none without it. */
  programs?: readonly string[];
  /** On SIGTERM a run is finished within the runtime's bound instead of aborted. */
  drain?: boolean;
  /** By hand it begins also where the environment or `schedules.json` is wrong: it is there to say so. */
  diagnoses?: boolean;
  /** Accepts `--as-of`: it looks at hours, and the option says up to when. */
  asOf?: boolean;
  /**
   * Prints data of its own on stdout through `run.output`, so that it can be piped; its summary goes to stderr.
   * It only reads: several of its runs may go on at once.
   */
  output?: boolean;
  /** Does the work; the result is JSON. Throws `OperatorError` for what an operator can act on. */
  run(input: v.InferOutput<I>, run: Run<S>): Promise<R>;
  /** The result in a line or two for a person. */
  summary(result: R): string;
  /** How its work stands, read off the disk for `npm run status`: no run, no lock, nothing changed. */
  standing?(look: Look<S>): Promise<Standing>;
}

/** What `standing` is handed: its files door refuses whatever would change something. */
export interface Look<S extends SettingsEntries = SettingsEntries> extends Pick<
  Doors,
  "clock" | "files"
> {
  settings: CoreSettings & SettingsOf<S>;
}

export interface Standing {
  /** For a person, in a few words: `newest book 4 s old`. */
  text: string;
  /** When the newest data came, epoch ms: what `npm run status -- --max-age` goes by. */
  newestAt?: number | undefined;
  /** For an alert, by name: `{ backlogFiles: 12 }`. */
  figures?: Readonly<Record<string, number>>;
}

/** What is loaded from disk: which function it is, types no longer known. */
export type AnyFunction = FunctionDefinition<InputSchema, SettingsEntries, any>;

/** Gives a file's `export default` its types. */
export function defineFunction<I extends InputSchema, S extends SettingsEntries, R extends object>(
  definition: FunctionDefinition<I, S, R>,
): FunctionDefinition<I, S, R> {
  return definition;
}

export type Trigger = "schedule" | "start" | "hand";

/** One run: why now, how long, and the doors, which throw once the run was given up. */
export interface Run<S extends SettingsEntries = SettingsEntries> extends Doors {
  id: string;
  trigger: Trigger;
  /** The slot, epoch ms; `undefined` by hand and at start. */
  scheduledAt: number | undefined;
  startedAt: number;
  /** When `signal` aborts, epoch ms. */
  deadlineAt: number;
  /** The function's next slot, epoch ms; `undefined` by hand. */
  nextSlotAt: number | undefined;
  /** Chooses which hours are looked at: `--as-of`, else the wall clock at start. */
  asOf: number;
  signal: AbortSignal;
  log: Log;
  /**
   * Puts a note of this run into the journal: what it is about to do that cannot be undone. `true` once it is
   * durable; `false` if the disk takes nothing for now, and the line is kept and tried again.
   */
  journal(event: string, about: object): Promise<boolean>;
  /** For long work: shown as a bar on a terminal, logged now and then elsewhere. */
  progress(done: number, total: number, unit: string): void;
  /** By hand, for a function that declares `output`; nobody reads it elsewhere. */
  output?: Output | undefined;
  settings: CoreSettings & SettingsOf<S>;
  /** By hand, for a function that `diagnoses`. */
  configuration?: JudgedConfiguration | undefined;
}

export interface JudgedConfiguration {
  /** What the file says; `undefined` if it is refused. */
  schedules: Schedules | undefined;
  /** Names whose values are wrong: `settings` have their defaults. */
  wrongSettings: ReadonlySet<string>;
  /** What keeps every other function from beginning. */
  refusals: readonly OperatorError[];
}

export interface Output {
  /** Waits while the reader is behind. `false`: it has gone, as `| head` does, so there is no more to do. */
  write(text: string | Buffer): Promise<boolean>;
}

export interface Doors {
  clock: Clock;
  files: Files;
  http: Http;
  sockets: Sockets;
  children: Children;
  /** In [0, 1): the one source of chance. */
  random(): number;
}

export interface CoreSettings {
  /** Absolute path of the data folder. */
  dataFolder: string;
  /** Name of this recording machine: letters, digits, `-`. */
  collector: string;
  /** Of a service, what systemd made for it: secrets to read, and a folder in memory that goes when it stops. */
  credentialsFolder?: string | undefined;
  runtimeFolder?: string | undefined;
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
