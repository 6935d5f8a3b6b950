/** Other people's programs, run to their end: no shell, no inherited environment. */
import { OperatorError, errnoOf } from "../errors.ts";

export interface Command {
  program: string;
  args: readonly string[];
  /** The whole environment besides `PATH` and `HOME`. */
  env?: Record<string, string>;
  /** What it reads on stdin: nothing, if not given. */
  stdin?: string;
  signal: AbortSignal;
  /** Called with each whole line of stderr as it comes. */
  onErrorLine?: (line: string) => void;
}

export interface Ended {
  /** `undefined` if a signal ended it. */
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

export interface Children {
  /** Any exit code is an answer; throws only where the program could not be run or was aborted. */
  run(command: Command): Promise<Ended>;
}

const outputCharsMax = 64 * 1024 * 1024;
const killAfterMs = 5_000;

/** Runs the programs named, and no others. */
export function systemChildren(allowed: readonly string[]): Children {
  return {
    async run(command) {
      if (!allowed.includes(command.program)) {
        throw new OperatorError("CHILD_REFUSED", {
          message: `refused to run ${command.program}: this function declares ${allowed.join(", ") || "no program"}`,
        });
      }
      // Loaded where it is used: 25 MB of memory that an idle runtime does without.
      const { execa } = await import("execa");
      const child = execa(command.program, [...command.args], {
        env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...command.env },
        extendEnv: false,
        reject: false,
        ...(command.stdin === undefined ? { stdin: "ignore" } : { input: command.stdin }),
        cancelSignal: command.signal,
        forceKillAfterDelay: killAfterMs,
        killDescendants: true,
        maxBuffer: outputCharsMax,
      });
      const lines = forwardLines(child, command.onErrorLine);
      const ended = await child;
      await lines;
      command.signal.throwIfAborted();
      if (errnoOf(ended.cause) === "ENOENT") {
        throw new OperatorError("PROGRAM_MISSING", {
          message: `${command.program} is not installed, or not on the PATH`,
          exit: "unavailable",
          next: `apt-get install ${command.program}`,
        });
      }
      return { exitCode: ended.exitCode, stdout: ended.stdout, stderr: ended.stderr };
    },
  };
}

async function forwardLines(
  child: { iterable(options: { from: "stderr" }): AsyncIterable<string> },
  onLine: ((line: string) => void) | undefined,
): Promise<void> {
  if (onLine === undefined) return;
  try {
    for await (const line of child.iterable({ from: "stderr" })) onLine(line);
  } catch {
    // A program that fails ends its lines with the same failure, which the caller sees from `child` itself.
  }
}
