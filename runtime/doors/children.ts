/** Other people's programs, run to their end: no shell, and of our environment only the way to the network. */
import { OperatorError, errnoOf } from "../errors.ts";

export interface Command {
  program: string;
  args: readonly string[];
  /** The whole environment besides what is passed on to all: `PATH`, `HOME`, proxies and certificates. */
  env?: Record<string, string>;
  /** What it reads on stdin: nothing, if not given. */
  stdin?: string;
  /** Of stdout: `latin1` gives a character for each byte, whatever it is. */
  encoding?: "utf8" | "latin1";
  signal: AbortSignal;
  /** Called with each line of stderr as it comes; what is over `lineCharsMax` of one is left out. */
  onErrorLine?: (line: string) => void;
  /**
   * Called with each line of stdout as it comes, the next one once this has settled: an answer of any size in bounded
   * memory. `Ended.stdout` is empty then.
   */
  onOutputLine?: (line: string) => Promise<void>;
  /** A program that prints more than this on stdout is ended: half an answer is none. */
  outputBytesMax?: number;
}

export interface Ended {
  /** `undefined` if a signal ended it. */
  exitCode: number | undefined;
  stdout: string;
  /** The last of it, up to `errorCharsMax`. */
  stderr: string;
}

export interface Children {
  /** Any exit code is an answer; throws only where the program could not be run or was aborted. */
  run(command: Command): Promise<Ended>;
}

const outputBytesDefault = 64 * 1024 * 1024;
export const errorCharsMax = 64 * 1024;
export const lineCharsMax = 16 * 1024;
const killAfterMs = 5_000;

/** Runs the programs named, and no others. */
export function systemChildren(allowed: readonly string[]): Children {
  return {
    async run(command) {
      const { outputBytesMax = outputBytesDefault, onOutputLine } = command;
      if (!allowed.includes(command.program)) {
        throw new OperatorError("CHILD_REFUSED", {
          message: `refused to run ${command.program}: this function declares ${allowed.join(", ") || "no program"}`,
          safe: "Nothing was run.",
          next: "a program that is meant belongs into the function's `programs`: functions/offload.ts shows how",
        });
      }
      // Loaded where it is used: 25 MB of memory that an idle runtime does without.
      const { execa } = await import("execa");
      const child = execa(command.program, [...command.args], {
        env: { ...passedOn(), ...command.env },
        extendEnv: false,
        reject: false,
        ...(command.stdin === undefined ? { stdin: "ignore" } : { input: command.stdin }),
        cancelSignal: command.signal,
        forceKillAfterDelay: killAfterMs,
        killDescendants: true,
        encoding: command.encoding ?? "utf8",
        stripFinalNewline: command.encoding !== "latin1",
        maxBuffer: { stdout: outputBytesMax },
        buffer: { stdout: onOutputLine === undefined, stderr: false },
      });
      const [ended, stderr] = await Promise.all([
        child,
        readLines(child.stderr, command.onErrorLine),
        onOutputLine && readLines(child.stdout, onOutputLine),
      ]);
      command.signal.throwIfAborted();
      if (errnoOf(ended.cause) === "ENOENT") throw missing(command.program);
      if (ended.isMaxBuffer) throw tooMuch(command.program, outputBytesMax);
      return { exitCode: ended.exitCode, stdout: ended.stdout ?? "", stderr };
    },
  };
}

// Without these a machine behind a proxy, or one with an authority of its own, reaches nothing.
const passedOnNames = [
  "PATH",
  "HOME",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "https_proxy",
  "http_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

function passedOn(): Record<string, string> {
  const set = passedOnNames.map((name) => [name, process.env[name] ?? ""] as const);
  return Object.fromEntries(set.filter(([, value]) => value !== ""));
}

/** Hands on whole lines, and returns the last of them. */
async function readLines(
  stream: NodeJS.ReadableStream,
  onLine: ((line: string) => void | Promise<void>) | undefined,
): Promise<string> {
  let line = "";
  let tail = "";
  stream.setEncoding("utf8");
  try {
    for await (const piece of stream as AsyncIterable<string>) {
      tail = (tail + piece).slice(-errorCharsMax);
      const [first = "", ...others] = piece.split("\n");
      line = (line + first).slice(0, lineCharsMax);
      for (const other of others) {
        await onLine?.(line);
        line = other.slice(0, lineCharsMax);
      }
    }
  } catch (error) {
    // A program that is ended can cut its own stream; how it ended says the child itself.
    if (errnoOf(error) === undefined) throw error;
  }
  if (line !== "") await onLine?.(line);
  return tail;
}

function missing(program: string): OperatorError {
  return new OperatorError("PROGRAM_MISSING", {
    message: `${program} is not installed, or not on the PATH`,
    exit: "unavailable",
    safe: "Nothing was run.",
    next: `apt-get install ${program}`,
  });
}

function tooMuch(program: string, bytesMax: number): OperatorError {
  return new OperatorError("CHILD_OUTPUT", {
    message: `${program} printed more than ${bytesMax.toLocaleString("en-US")} B and was ended`,
    safe: "Nothing of it was used.",
    next: `run ${program} by hand, and look at what it prints so much of`,
  });
}
