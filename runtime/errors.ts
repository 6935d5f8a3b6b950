/** Every way a command can end: one table for the code, `--help` and docs/functions.md. */
export const exitCodes = {
  ok: 0,
  usage: 64,
  findings: 65,
  unavailable: 69,
  failed: 70,
  locked: 75,
  configuration: 78,
  timeout: 124,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitName = keyof typeof exitCodes;

export const exitMeanings: Record<ExitName, string> = {
  ok: "done",
  usage: "an unknown function, flag or value; nothing was done",
  findings: "the check was made and found something",
  unavailable: "the venue, the remote or a program did not answer",
  failed: "it failed, and says why",
  locked: "the function is running already",
  configuration: "the settings, schedules.json or the machine are not as they must be",
  timeout: "it took longer than its timeout",
  interrupted: "stopped by Ctrl-C",
  terminated: "stopped by SIGTERM",
};

interface OperatorErrorOptions {
  /** What is wrong, in one line, naming the thing. */
  message: string;
  exit?: ExitName;
  /** One line for each subject. */
  details?: readonly string[];
  /** What is still safe. */
  safe?: string;
  /** What to type. */
  next?: string;
  cause?: unknown;
  /** What the function did before it failed; `--json` prints it beside the error. */
  result?: unknown;
}

/** An error that tells an operator what, which, what is still safe, and what to type. Match on `code`. */
export class OperatorError extends Error {
  override name = "OperatorError";
  code: string;
  exit: ExitName;
  details: readonly string[];
  safe: string | undefined;
  next: string | undefined;
  result: unknown;

  constructor(code: string, options: OperatorErrorOptions) {
    super(options.message, { cause: options.cause });
    this.code = code;
    this.exit = options.exit ?? "failed";
    this.details = options.details ?? [];
    this.safe = options.safe;
    this.next = options.next;
    this.result = options.result;
  }
}

/** The error as a person reads it: message, subjects, what is safe, what to type. */
export function describeError(subject: string, error: unknown): string {
  if (!(error instanceof OperatorError)) {
    return `${subject} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const lines = [`${subject} failed [${error.code}]: ${error.message}`];
  for (const detail of error.details) lines.push(`  ${detail}`);
  if (error.safe !== undefined) lines.push(`  ${error.safe}`);
  if (error.next !== undefined) lines.push(`  Next: ${error.next}`);
  return lines.join("\n");
}

/** `error.code` of a failed system call (`ENOENT`, `ENOSPC`), or `undefined`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof OperatorError) return undefined;
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === "string" ? code : undefined;
}

/** The message of anything that was thrown, in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? text;
}
