/** One run of rclone, with the configuration that is meant for it; what it says comes back without secrets. */
import { homedir } from "node:os";
import { join } from "node:path";
import { type Command, type Ended, errorCharsMax } from "../../runtime/doors/children.ts";
import type { Files } from "../../runtime/doors/files.ts";
import { findRcloneConfig } from "./rclone-config.ts";
import { redact, secretsIn } from "./redact.ts";
import type { RemoteRun } from "./remote.ts";

export interface RcloneCall extends Pick<
  Command,
  "stdin" | "encoding" | "outputBytesMax" | "onOutputLine"
> {
  signal?: AbortSignal;
  /** Each line of stderr as it comes. */
  onErrorLine?: (line: string) => void;
}

export type Rclone = (args: readonly string[], call?: RcloneCall) => Promise<Ended>;

// An encrypted configuration would otherwise wait for a person, for ever.
const always = ["--ask-password=false", "--use-json-log"];

/** Throws `REMOTE_CONFIG`; a call throws `PROGRAM_MISSING`. */
export async function rcloneOf(run: RemoteRun): Promise<Rclone> {
  const { files, children } = run;
  const { path } = await findRcloneConfig(run);
  const config = path === undefined ? [] : ["--config", path];
  return async (args, { signal = run.signal, onErrorLine, ...call } = {}) => {
    const before = await readSecrets(files, path);
    const ended = await children.run({
      program: "rclone",
      args: [...args, ...config, ...always],
      signal,
      ...call,
      ...(onErrorLine && { onErrorLine: (line) => onErrorLine(redact(line, before)) }),
    });
    if (ended.stderr === "") return ended;
    // It may have refreshed a token meanwhile.
    const secrets = before.union(await readSecrets(files, path));
    return { ...ended, stderr: redact(wholeLines(ended.stderr), secrets) };
  };
}

// Cut off at its beginning, a secret is neither known nor looks like one.
function wholeLines(stderr: string): string {
  return stderr.length < errorCharsMax ? stderr : stderr.slice(stderr.indexOf("\n") + 1);
}

/** Of a configuration that cannot be read, nothing is known: what looks like a secret is hidden all the same. */
async function readSecrets(files: Files, path: string | undefined): Promise<Set<string>> {
  const secrets = new Set<string>();
  for (const place of path === undefined ? ownPlaces() : [path]) {
    const text = await files.read(place).then(String, () => "");
    for (const secret of secretsIn(text)) secrets.add(secret);
  }
  return secrets;
}

/** Where rclone looks if it is told nothing; of `HOME` alone, since a child gets no `XDG_CONFIG_HOME`. */
function ownPlaces(): string[] {
  return [join(homedir(), ".config/rclone/rclone.conf"), join(homedir(), ".rclone.conf")];
}
