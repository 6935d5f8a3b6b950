/**
 * The gate before a run's doors: once it is shut, every call is refused, also on files and locks handed out
 * earlier. So a run that was given up, or that left work behind when it ended, can no longer touch anything.
 */
import type { Doors } from "../function.ts";
import { around, type Around } from "./around.ts";

export interface Gate {
  doors: Doors;
  /** From now on every call fails with `reason`. */
  shut(reason: Error): void;
}

// Giving back is always allowed: a run that unwinds late must not keep a file or a lock from the others.
const alwaysAllowed = new Set(["close", "release"]);

export function gate(doors: Doors): Gate {
  let refusal: Error | undefined;
  const throwing: Around = (_method, call) => {
    if (refusal !== undefined) throw refusal;
    return call();
  };
  const rejecting: Around = (method, call) => {
    if (refusal !== undefined && !alwaysAllowed.has(method)) return Promise.reject(refusal);
    return call();
  };
  return {
    doors: {
      clock: around(doors.clock, throwing),
      files: around(doors.files, rejecting),
      http: around(doors.http, rejecting),
      children: around(doors.children, rejecting),
      random: () => throwing("random", () => doors.random()) as number,
    },
    shut(reason) {
      refusal ??= reason;
    },
  };
}
