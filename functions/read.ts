/**
 * read: prints the books of a token or a market over a time range, on stdout, to be piped.
 *
 * Sealed hours are read through their index, so only the token's bytes are, here, in a folder copied from a remote,
 * or with `--remote` there, by byte range; the hour still open reads the same. Each recorded book comes once, as the
 * venue sent it; with `--every` each poll prints the book in force, carried from the poll that recorded it, and
 * `--at` prints the one in force at a moment. A book is never carried past a poll that says it is missing, past
 * damage, or past the start of an hour. Labels on what is read are shown on stderr. Memory is bounded whatever the
 * range; it only reads, and ends quietly when its reader does.
 */
import * as v from "valibot";
import type { Files } from "../runtime/doors/files.ts";
import { OperatorError } from "../runtime/errors.ts";
import { defineFunction, type Run } from "../runtime/function.ts";
import { instant } from "../runtime/time.ts";
import { pathName } from "./archive/names.ts";
import { openPlace, type Place } from "./archive/place.ts";
import { describeRange, describeReading, readBooks, type ReadResult } from "./reading/reading.ts";
import { remoteFolders } from "./reading/remote-folders.ts";
import { chooseCollector, listBookHours } from "./reading/sources.ts";
import { remoteFiles } from "./remote/remote-files.ts";
import { openRemote } from "./remote/remote.ts";
import { remoteSettings } from "./remote/settings.ts";

const input = v.strictObject({
  token: v.optional(v.pipe(v.string(), v.description("the venue's id of a token"))),
  market: v.optional(
    v.pipe(v.string(), v.description("slug or condition id of a market: all its tokens")),
  ),
  from: v.optional(
    v.pipe(instant, v.description("slots from then on; without it from the beginning")),
  ),
  to: v.optional(v.pipe(instant, v.description("slots before then; without it to the end"))),
  at: v.optional(v.pipe(instant, v.description("the book in force then, and nothing else"))),
  every: v.optional(
    v.pipe(v.boolean(), v.description("every poll, with unchanged books carried into it")),
    false,
  ),
  format: v.optional(
    v.pipe(v.picklist(["jsonl", "csv"]), v.description("whole books, or the best bid and ask")),
    "jsonl",
  ),
  folder: v.optional(
    v.pipe(
      v.string(),
      v.title("path"),
      v.description(
        "a folder copied from a remote, which holds venue=…, instead of the data folder",
      ),
    ),
  ),
  remote: v.optional(
    v.pipe(
      v.boolean(),
      v.description("what the remote holds, fetching only the bytes needed, instead"),
    ),
    false,
  ),
  collector: v.optional(
    v.pipe(pathName, v.description("whose recording; needed only where a place holds several")),
  ),
});

type Input = v.InferOutput<typeof input>;

export default defineFunction({
  input,
  settings: remoteSettings,
  programs: ["rclone"],
  output: true,

  async run(asked, run): Promise<ReadResult> {
    const { token, market, at, every, format } = asked;
    refuseContradictions(asked);
    const { output } = run;
    if (output === undefined) throw noOutput();
    const { files, place, name, isOwn } = await openSource(asked, run);
    const own = asked.collector ?? (isOwn ? run.settings.collector : undefined);
    const all = await listBookHours(files, place, own);
    const collector = own ?? chooseCollector(all) ?? "";
    const hours = [...all.keys()];
    const { from = 0, to = Date.parse("9999-01-01T00:00:00Z") } = asked;
    const wanted = { token, market };
    const options = { run: { ...run, files }, output, place, collector, wanted, from, to };
    const result = await readBooks({ ...options, at, every, format }, hours);
    refuseNothing(result, asked, { hours, name });
    return result;
  },

  summary: describeReading,
});

interface Source {
  files: Files;
  place: Place;
  /** For a person. */
  name: string;
  /** This machine's data folder. */
  isOwn: boolean;
}

async function openSource(asked: Input, run: Run<typeof remoteSettings>): Promise<Source> {
  const { folder, from, to, at } = asked;
  if (!asked.remote) {
    const place = await openPlace(run.files, run.settings.dataFolder, folder);
    const isOwn = folder === undefined;
    return { files: run.files, place, name: folder ?? "the data folder", isOwn };
  }
  const remote = await openRemote(run);
  const folders = remoteFolders({ from, to, at }, run.clock.now());
  const files = await remoteFiles(remote, folders, run.files);
  const place = { root: "", beside: "", dataFolder: undefined };
  return { files, place, name: `the remote ${remote.spec}`, isOwn: false };
}

function refuseContradictions({ token, market, from, to, at, every, folder, remote }: Input): void {
  const problems = [
    ...(token === undefined && market === undefined ? ["--token or --market must be given"] : []),
    ...(token !== undefined && market !== undefined
      ? ["--token and --market exclude each other"]
      : []),
    ...(folder !== undefined && remote ? ["--folder and --remote exclude each other"] : []),
    ...(at !== undefined && (from !== undefined || to !== undefined || every)
      ? ["--at stands alone, without --from, --to and --every"]
      : []),
    ...(from !== undefined && to !== undefined && from >= to
      ? [`--from must lie before --to: ${describeRange(from, to)}`]
      : []),
  ];
  if (problems.length === 0) return;
  throw new OperatorError("BAD_FLAGS", {
    message: problems.join("; "),
    exit: "usage",
    safe: "Nothing was read.",
    next: "npm run fn -- read --help",
  });
}

function noOutput(): OperatorError {
  return new OperatorError("BY_HAND_ONLY", {
    message: "read prints on stdout, and here is nobody to read it",
    exit: "usage",
    safe: "Nothing was read.",
    next: "npm run -s fn -- read --token TOKEN > books.jsonl, and take its cron out of schedules.json",
  });
}

/** An empty answer must not look like a market without books. */
function refuseNothing(
  result: ReadResult,
  { token, market }: Input,
  { hours, name }: { hours: readonly string[]; name: string },
): void {
  const [first, last] = [hours[0], hours.at(-1)];
  if (result.hours === 0) {
    const held = first === undefined ? "no hours of books" : `${first} to ${last}`;
    throw new OperatorError("NO_HOURS", {
      message: `no hour of that time is there: ${name} holds ${held}`,
      exit: "usage",
      safe: "Nothing was printed.",
      next: "look elsewhere: --remote reads what was copied off, --folder a copy of it",
    });
  }
  if (result.tokens.length > 0 || result.stopped) return;
  throw new OperatorError("NOT_WATCHED", {
    message: `${token ?? market} was not watched in any of the ${result.hours} hours that were read`,
    exit: "usage",
    safe: "No book was printed.",
    next: "name a token, a slug or a condition id as the hours' watch lines have it",
  });
}
