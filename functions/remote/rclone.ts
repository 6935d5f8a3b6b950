/**
 * A remote of rclone's configuration: one process for each step, however many files. Its exit code and its
 * messages are hints; what holds is what a later listing shows.
 */
import * as v from "valibot";
import type { Ended } from "../../runtime/doors/children.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { copyReportOf, errorLines } from "./rclone-log.ts";
import { type Rclone, type RcloneCall, rcloneOf } from "./rclone-process.ts";
import type { RemoteAccess, RemoteFile, RemoteRun } from "./remote.ts";
import type { RcloneSpec } from "./settings.ts";

/** Drive takes about two new files a second, and 8 MiB of memory go into each transfer. */
const transfers = 2;
const requestsPerSecond = 5;
/** rclone's own: the whole batch again for what failed. */
const retries = 3;
const statsEvery = "5s";
/** rclone's exit code for a folder that is not there. */
const folderMissing = 3;
const paced = ["--tpslimit", `${requestsPerSecond}`];

export async function openRclone(run: RemoteRun, spec: RcloneSpec): Promise<RemoteAccess> {
  const { plain, named } = commandsOf(await rcloneOf(run));
  const { target } = spec;

  return {
    async list(paths, { hashes = true } = {}) {
      if (paths.length === 0) return [];
      // Never with --no-traverse, which hides duplicates, or --fast-list, which shows what was an hour ago.
      const wanted = hashes ? ["--hash", "--hash-type", "md5", "--hash-type", "sha256"] : [];
      const ended = await named([...listing, target, ...wanted], paths);
      if (isNothing(ended)) return [];
      if (ended.exitCode !== 0) throw unreachable(spec, "list", ended);
      return parseListing(ended.stdout);
    },

    async copy(root, paths, { bandwidth } = {}) {
      if (paths.length === 0) return { copied: new Set(), failures: [] };
      // Only this form never overwrites: copyto, and copy of a single file, replace what differs in spite of
      // --immutable. --checksum, because equal size and time prove nothing.
      const command = ["copy", root, target, "--no-traverse", "--immutable", "--checksum"];
      const limit = bandwidth === undefined ? [] : ["--bwlimit", bandwidth];
      return copyReportOf(await named([...command, ...copying, ...limit], paths));
    },

    async readBack(paths) {
      const read = new Map<string, string>();
      if (paths.length === 0) return read;
      const ended = await named(["hashsum", "sha256", "--download", target], paths);
      for (const line of ended.stdout.split("\n")) {
        const [, sha256, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
        if (sha256 !== undefined && path !== undefined) read.set(path, sha256);
      }
      return read;
    },

    async *listAll(below) {
      const ended = await (below === undefined
        ? listWhole(plain, target)
        : listBelow(named, target, below));
      if (isNothing(ended)) return;
      if (ended.exitCode !== 0) throw unreachable(spec, "list", ended);
      yield* parseLines(ended.stdout);
    },

    async readRange(path, offset, length) {
      const section = ["--offset", `${offset}`, "--count", `${length}`];
      // A character of Latin-1 for each byte.
      const ended = await plain(["cat", objectAt(target, path), ...section], {
        encoding: "latin1",
      });
      if (ended.exitCode !== 0) throw unreachable(spec, `read ${path} of`, ended);
      return Buffer.from(ended.stdout, "latin1");
    },

    async fetch(root, paths) {
      if (paths.length === 0) return { copied: new Set(), failures: [] };
      const command = ["copy", target, root, "--no-traverse", "--ignore-times"];
      return copyReportOf(await named([...command, ...copying], paths));
    },
  };
}

/** How it is asked, with names on stdin and without. */
function commandsOf(ask: Rclone) {
  return {
    plain: (command: readonly string[], more?: RcloneCall) => ask([...command, ...paced], more),
    /** Names go through stdin: an argument list is short, and prune must work where no file can be written. */
    named: (command: readonly string[], names: readonly string[], how = "--files-from-raw") => {
      const stdin = names.map((name) => `${name}\n`).join("");
      return ask([...command, how, "-", ...paced], { stdin });
    },
  };
}

type Commands = ReturnType<typeof commandsOf>;

async function listWhole(plain: Commands["plain"], target: string): Promise<Ended> {
  // A hash may mean that every object is read: a folder, sftp. This says so without a request.
  const { exitCode, stdout } = await plain(["backend", "features", target]);
  const isHashSlow = exitCode !== 0 || !stdout.includes('"SlowHash": false');
  const wanted = isHashSlow ? [] : ["--hash", "--hash-type", "md5"];
  // On Drive one request for 50 folders instead of one each. Whatever it does not show is looked for anew.
  return plain([...listing, target, "--fast-list", ...wanted]);
}

/** The filter keeps it from walking other folders, where --fast-list would walk all. */
function listBelow(
  named: Commands["named"],
  target: string,
  folders: readonly string[],
): Promise<Ended> {
  const patterns = folders.map((folder) => `/${folder}/**`);
  return named([...listing, target], patterns, "--include-from");
}

function isNothing({ exitCode, stdout }: Ended): boolean {
  return exitCode === folderMissing && stdout.trim() === "[";
}

/** `NAME:` and `NAME:/` take a path as it is, a folder one behind a slash. */
function objectAt(target: string, path: string): string {
  return /[:/]$/.test(target) ? `${target}${path}` : `${target}/${path}`;
}

const listing = ["lsjson", "-R", "--files-only", "--no-modtime", "--no-mimetype"];

const copying = [
  "--transfers",
  `${transfers}`,
  "--retries",
  `${retries}`,
  "-v",
  "--stats",
  statsEvery,
];

const listedSchema = v.object({
  Path: v.string(),
  Size: v.number(),
  ID: v.optional(v.string()),
  Hashes: v.optional(v.object({ md5: v.optional(v.string()), sha256: v.optional(v.string()) })),
});

function parseListing(text: string): RemoteFile[] {
  return v.parse(v.array(listedSchema), JSON.parse(text)).map(fileOf);
}

/** One at a time: as objects, a hundred thousand take many times their text. */
function* parseLines(text: string): Generator<RemoteFile> {
  for (let start = 0, end = 0; end !== -1; start = end + 1) {
    end = text.indexOf("\n", start);
    const line = text.slice(start, end === -1 ? undefined : end).replace(/,$/, "");
    if (line.startsWith("{")) yield fileOf(v.parse(listedSchema, JSON.parse(line)));
  }
}

function fileOf({ Path, Size, ID, Hashes }: v.InferOutput<typeof listedSchema>): RemoteFile {
  return {
    path: Path,
    bytes: Size,
    // An object that has no hash of a kind has an empty one with some backends.
    md5: Hashes?.md5 || undefined,
    sha256: Hashes?.sha256 || undefined,
    id: ID || undefined,
  };
}

function unreachable(spec: RcloneSpec, what: string, ended: Ended): OperatorError {
  const details = errorLines(ended.stderr);
  const unknown = details.some((line) => line.includes("didn't find section in config file"));
  return new OperatorError(unknown ? "REMOTE_CONFIG" : "REMOTE_UNREACHABLE", {
    message: unknown
      ? `rclone's configuration knows no remote of the name in ${spec.spec}`
      : `rclone could not ${what} ${spec.spec} (exit ${ended.exitCode ?? "by signal"})`,
    exit: unknown ? "configuration" : "unavailable",
    details,
    safe: "Nothing was deleted. What was copied stays, and is looked at in the next run.",
    next: unknown ? "rclone listremotes; rclone config" : `rclone lsf ${spec.target}`,
  });
}
