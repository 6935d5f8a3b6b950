/**
 * A remote of rclone's configuration: one process for each step, however many files. Its exit code and its
 * messages are hints; what holds is what a later listing shows.
 */
import type { Ended } from "../../runtime/doors/children.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { asTheyCome } from "./as-they-come.ts";
import { countNamed, parseFile, parseListing } from "./rclone-listing.ts";
import { errorLines } from "./rclone-log.ts";
import { type Rclone, type RcloneCall, rcloneOf } from "./rclone-process.ts";
import { manner, sendFiles } from "./rclone-transfer.ts";
import type {
  CopyOptions,
  CopyReport,
  RemoteAccess,
  RemoteFile,
  RemoteLimits,
  RemoteRun,
} from "./remote.ts";
import type { RcloneSpec } from "./settings.ts";

/** rclone's exit code for a folder that is not there. */
const folderMissing = 3;
/** A batch of names makes some 100 KB; many objects of one name must not fill the memory. */
const listingBytesMax = 16 * 1024 * 1024;

export async function openRclone(
  run: RemoteRun,
  spec: RcloneSpec,
  limits: RemoteLimits,
): Promise<RemoteAccess> {
  const { plain, named } = commandsOf(await rcloneOf(run), limits);
  const { target } = spec;
  let targetTwice: Promise<boolean> | undefined;

  function transfer(
    command: readonly string[],
    paths: readonly string[],
    options: CopyOptions = {},
  ): Promise<CopyReport> {
    const send = (call: RcloneCall) => named([...command, ...manner], paths, call);
    return sendFiles(send, { paths, signal: run.signal, ...options });
  }

  return {
    async list(paths, { hashes = true } = {}) {
      if (paths.length === 0) return [];
      const found = await listNamed(named, spec, paths, hashes);
      // Asked once in a run: a second one that this very run makes is seen by the next.
      if (hashes && (await (targetTwice ??= isTargetTwice(plain, target))))
        return paths.map((path) => ({ path, bytes: 0, isFolderTwice: true }));
      return found;
    },

    copy: (root, paths, options) => transfer([...copyOnly, root, target], paths, options),

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
      const { command, stdin } =
        below === undefined ? await wholeListing(plain, target) : listingBelow(target, below);
      let ended: Ended | undefined;
      let found = 0;
      const lines = asTheyCome(run.signal, async (call) => {
        ended = await plain(command, { ...call, ...(stdin !== undefined && { stdin }) });
      });
      for await (const line of lines) {
        const file = parseFile(line);
        if (file === undefined) continue;
        found += 1;
        yield file;
      }
      checkListed(spec, ended, found);
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

    fetch: (root, paths, options) => transfer([...fetchOver, target, root], paths, options),
  };
}

/** How it is asked, with names on stdin and without. */
function commandsOf(ask: Rclone, limits: RemoteLimits) {
  const paced = limitArgs(limits);
  return {
    plain: (command: readonly string[], more?: RcloneCall) => ask([...command, ...paced], more),
    /** Names go through stdin: an argument list is short, and prune must work where no file can be written. */
    named: (command: readonly string[], names: readonly string[], more?: RcloneCall) =>
      ask([...command, "--files-from-raw", "-", ...paced], { ...more, stdin: linesOf(names) }),
  };
}

function linesOf(names: readonly string[]): string {
  return names.map((name) => `${name}\n`).join("");
}

type Commands = ReturnType<typeof commandsOf>;

async function listNamed(
  named: Commands["named"],
  spec: RcloneSpec,
  paths: readonly string[],
  hashes: boolean,
): Promise<RemoteFile[]> {
  // Never with --no-traverse, which hides duplicates, or --fast-list, which shows what was an hour ago; folders
  // too, since of two of one name only one is looked into.
  const wanted = hashes ? ["--hash", "--hash-type", "md5", "--hash-type", "sha256"] : [];
  const bound = { outputBytesMax: listingBytesMax };
  const ended = await named([...listing, spec.target, ...wanted], paths, bound);
  if (isNothing(ended)) return [];
  if (ended.exitCode !== 0) throw unreachable(spec, "list", ended);
  return parseListing(ended.stdout, paths);
}

/**
 * Whether a folder on the way to the target is there twice, as on Drive: rclone looks into one of the two, and the next
 * time perhaps into the other. Above a folder that it may not list, it knows of none.
 */
async function isTargetTwice(plain: Commands["plain"], target: string): Promise<boolean> {
  const [, root = "", path = ""] = /^([^:]*:\/?)(.*)$/.exec(target) ?? [];
  let parent = root;
  for (const name of path.split("/").filter((part) => part !== "")) {
    const bound = { outputBytesMax: listingBytesMax };
    const ended = await plain([...listingFolders, parent], bound);
    if (ended.exitCode === 0 && countNamed(ended.stdout, name) > 1) return true;
    parent = objectAt(parent, name);
  }
  return false;
}

interface Listing {
  command: string[];
  stdin?: string;
}

async function wholeListing(plain: Commands["plain"], target: string): Promise<Listing> {
  // A hash may mean that every object is read: a folder, sftp. This says so without a request.
  const { exitCode, stdout } = await plain(["backend", "features", target]);
  const isHashSlow = exitCode !== 0 || !stdout.includes('"SlowHash": false');
  const wanted = isHashSlow ? [] : ["--hash", "--hash-type", "md5"];
  // On Drive one request for 50 folders instead of one each. Whatever it does not show is looked for anew.
  return { command: [...listingFiles, target, "--fast-list", ...wanted] };
}

/** The filter keeps it from walking other folders, where --fast-list would walk all. */
function listingBelow(target: string, folders: readonly string[]): Listing {
  const stdin = linesOf(folders.map((folder) => `/${folder}/**`));
  return { command: [...listingFiles, target, "--include-from", "-"], stdin };
}

/** Half a listing is none, whatever it showed. */
function checkListed(spec: RcloneSpec, ended: Ended | undefined, found: number): void {
  if (ended === undefined || ended.exitCode === 0) return;
  if (ended.exitCode !== folderMissing || found > 0) throw unreachable(spec, "list", ended);
}

function isNothing({ exitCode, stdout }: Ended): boolean {
  return exitCode === folderMissing && stdout.trim() === "[";
}

/** `NAME:` and `NAME:/` take a path as it is, a folder one behind a slash. */
function objectAt(target: string, path: string): string {
  return /[:/]$/.test(target) ? `${target}${path}` : `${target}/${path}`;
}

const listing = ["lsjson", "-R", "--no-modtime", "--no-mimetype"];
const listingFiles = [...listing, "--files-only"];
const listingFolders = ["lsjson", "--dirs-only", "--no-modtime", "--no-mimetype"];

// Only a folder's copy with --immutable never overwrites: copyto, and copy of a single file, replace what differs in
// spite of it. --checksum, because equal size and time prove nothing. Not --no-traverse, which asks for each file by
// its name instead of listing the few folders once: 10 to 15 % more calls on Drive.
const copyOnly = ["copy", "--immutable", "--checksum"];

// Whoever fetches proves what came. With its own check rclone throws away what is no longer as its hash says, and a
// copy that rotted looks like a network that fails.
const fetchOver = ["copy", "--no-traverse", "--ignore-times", "--ignore-checksum"];

function limitArgs({ bandwidth, callsPerSecond }: RemoteLimits): string[] {
  return [
    ...(bandwidth === undefined ? [] : ["--bwlimit", bandwidth]),
    ...(callsPerSecond === undefined ? [] : ["--tpslimit", `${callsPerSecond}`]),
  ];
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
