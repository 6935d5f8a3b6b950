/** What a soak refuses, or ends with: what is wrong, what is still safe, what to type. */
import { type ExitName, exitCodes } from "../../runtime/errors.ts";

interface Told {
  /** What is wrong, naming the thing. */
  what: string;
  safe: string;
  next: string;
  exit: ExitName;
  cause?: unknown;
}

export class SoakError extends Error {
  override name = "SoakError";
  readonly exitCode: number;

  constructor({ what, safe, next, exit, cause }: Told) {
    super(`${what}\n  ${safe}\n  Next: ${next}`, { cause });
    this.exitCode = exitCodes[exit];
  }
}

export const nothingStarted = "Nothing was started, nothing was changed.";
