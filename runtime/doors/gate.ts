/**
 * The gate before a run's doors: once it is shut, every call is refused, also on files and locks handed out
 * earlier. So a run that was given up, or that left work behind when it ended, can no longer touch anything.
 */
import type { Doors } from "../function.ts";
import { type Around, type Handle, around, isHandle } from "./around.ts";
import type { Clock } from "./clock.ts";

export interface Gate {
  doors: Doors;
  /** From now on every call fails with `reason`, made only then: most runs leave nothing behind. */
  shut(reason: () => Error): void;
  /** Rejects with what was thrown out of a timer that was set through the clock. */
  broken: Promise<never>;
  /** Closes and releases what was handed out and not given back; says how many those were. */
  takeBack(): Promise<number>;
}

// Giving back is always allowed: a run that unwinds late must not keep a file or a lock from the others.
const alwaysAllowed = new Set(["close", "release"]);

export function gate(doors: Doors): Gate {
  // Also keeps them in memory: Node ends a process in which a forgotten file is collected as garbage.
  const handedOut = new Set<Handle>();
  let refusal: (() => Error) | undefined;
  let isOver = false;
  const { promise: broken, reject: breakDown } = Promise.withResolvers<never>();
  broken.catch(() => {});
  const throwing: Around = (_method, call) => {
    if (refusal !== undefined) throw refusal();
    return call();
  };
  const rejecting: Around = (method, call, owner) => {
    if (alwaysAllowed.has(method)) handedOut.delete(owner);
    else if (refusal !== undefined) return Promise.reject(refusal());
    const result = call();
    return result instanceof Promise ? result.then(noteHandle) : result;
  };

  async function noteHandle(value: unknown): Promise<unknown> {
    if (!isHandle(value)) return value;
    if (!isOver) handedOut.add(value);
    // Opened for a run that ended meanwhile.
    else await giveBack(value);
    return value;
  }

  return {
    broken,
    doors: {
      clock: around(containing(doors.clock, breakDown), throwing),
      files: around(doors.files, rejecting),
      http: around(doors.http, rejecting),
      sockets: around(doors.sockets, rejecting),
      children: around(doors.children, rejecting),
      random: () => throwing("random", () => doors.random(), doors) as number,
    },
    shut(reason) {
      refusal ??= reason;
    },
    async takeBack() {
      isOver = true;
      const left = [...handedOut];
      handedOut.clear();
      await Promise.allSettled(left.map(giveBack));
      return left.length;
    },
  };
}

/** What a timer's callback throws would end the process, and all that others do in it. */
function containing(clock: Clock, onThrown: (error: unknown) => void): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, callback) =>
      clock.after(ms, () => {
        try {
          callback();
        } catch (error) {
          onThrown(error);
        }
      }),
  };
}

async function giveBack(handle: Handle): Promise<void> {
  await handle.close?.();
  await handle.release?.();
}
