/**
 * One run of one function, as the runtime would make it, for a test of ten lines: a virtual clock, a data folder
 * of its own, the doors that the function declares, and everything that it did on record.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import * as v from "valibot";
import type { Files } from "../../runtime/doors/files.ts";
import type { HttpAnswer, HttpRequest } from "../../runtime/doors/http.ts";
import { OperatorError } from "../../runtime/errors.ts";
import type {
  FunctionDefinition,
  InputSchema,
  SettingsEntries,
  SettingsOf,
} from "../../runtime/function.ts";
import { temporaryFolder } from "./folder.ts";
import { virtualMachine } from "./machine.ts";
import { type Logged, aRun } from "./run.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

export interface TryOptions<I extends InputSchema, S extends SettingsEntries> {
  /** As it would stand in `schedules.json`. */
  input?: v.InferInput<I>;
  /** Their texts, as in the environment; the others have their defaults. */
  settings?: Partial<Record<keyof S, string>>;
  /** `2026-11-22T16:00:00Z` */
  now?: string;
  /** A slot instead of a run by hand. */
  scheduledAt?: string;
  /** Instead of an empty one: the folder of an earlier try. */
  dataFolder?: string;
  /** Over the real disk's calls. */
  files?: Partial<Files>;
  /** In the venue's place; without it, a request fails the test. */
  answer?(request: HttpRequest): Partial<HttpAnswer> | Promise<Partial<HttpAnswer>>;
}

export interface Tried<R> {
  /** What it returned, or what its failure carries. */
  result: R | undefined;
  /** The `OperatorError` that it threw; anything else is a bug, and fails the test. */
  failure: OperatorError | undefined;
  /** The result in the function's own words. */
  summary: string;
  logged: Logged[];
  progress: { done: number; total: number; unit: string }[];
  requests: HttpRequest[];
  /** Path within the data folder → text. */
  files: Record<string, string>;
  dataFolder: string;
  /** How much virtual time it took. */
  tookMs: number;
  clock: VirtualClock;
}

export async function tryFunction<
  I extends InputSchema,
  S extends SettingsEntries,
  R extends object,
>(
  t: TestContext,
  definition: FunctionDefinition<I, S, R>,
  options: TryOptions<I, S> = {},
): Promise<Tried<R>> {
  const clock = virtualClock({ start: Date.parse(options.now ?? "2026-11-22T16:10:00Z") });
  const dataFolder = options.dataFolder ?? temporaryFolder(t);
  const requests: HttpRequest[] = [];
  const machine = machineOf(clock, options, requests);
  const progress: Tried<R>["progress"] = [];
  const { scheduledAt } = options;
  const settings = settingsOf(definition.settings, options.settings ?? {});
  const own = aRun<S>({ dataFolder, settings, clock });
  const run = {
    ...own,
    ...machine,
    clock,
    http: machine.http(definition.endpoints?.(settings) ?? []),
    sockets: machine.sockets(definition.channels?.(settings) ?? []),
    children: machine.children(definition.programs ?? []),
    ...(scheduledAt === undefined
      ? {}
      : { trigger: "schedule" as const, scheduledAt: Date.parse(scheduledAt) }),
    progress: (done: number, total: number, unit: string) =>
      void progress.push({ done, total, unit }),
  };
  const startedAt = clock.now();
  const input = v.parse(definition.input, options.input ?? {});
  const { result, failure } = await clock.runUntil(settle(definition.run(input, run)));
  return {
    result,
    failure,
    summary: result === undefined ? "" : definition.summary(result),
    logged: own.logged,
    progress,
    requests,
    files: textsIn(dataFolder),
    dataFolder,
    tookMs: clock.now() - startedAt,
    clock,
  };
}

async function settle<R>(
  running: Promise<R>,
): Promise<{ result: R | undefined; failure: OperatorError | undefined }> {
  try {
    return { result: await running, failure: undefined };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { result: error.result as R | undefined, failure: error };
  }
}

function machineOf<I extends InputSchema, S extends SettingsEntries>(
  clock: VirtualClock,
  { files, answer }: TryOptions<I, S>,
  requests: HttpRequest[],
) {
  const machine = virtualMachine({ clock });
  return {
    ...machine,
    files: { ...filesOf(machine.files), ...files },
    http: (endpoints: Parameters<typeof machine.http>[0]) => {
      // The real door in front: what the function does not declare is refused here, too.
      const door = machine.http(endpoints);
      return {
        async request(request: HttpRequest): Promise<HttpAnswer> {
          requests.push(request);
          const isDeclared = endpoints.some(
            ({ method, url }) => method === request.method && request.url.split("?")[0] === url,
          );
          if (!isDeclared) return door.request(request);
          if (answer === undefined) throw new Error(`nobody answers ${request.url} in this test`);
          return { status: 200, headers: {}, body: Buffer.alloc(0), ...(await answer(request)) };
        },
      };
    },
  };
}

// A proxy's methods are not its own properties.
function filesOf(files: Files): Files {
  const names = ["open", "read", "list", "stat", "makeFolder", "rename", "link", "remove"] as const;
  const more = ["removeFolder", "syncFolder", "space", "lock"] as const;
  return Object.fromEntries([...names, ...more].map((name) => [name, files[name]])) as never;
}

function settingsOf<S extends SettingsEntries>(
  entries: S,
  given: Partial<Record<string, string>>,
): SettingsOf<S> {
  const values = Object.entries(entries).map(([name, schema]) => [
    name,
    v.parse(schema, given[name]),
  ]);
  return Object.fromEntries(values) as SettingsOf<S>;
}

function textsIn(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    paths.toSorted().map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  );
}
