/** A disk that is gone from its n-th call on, as for a process that was killed there. */
import { around } from "../../runtime/doors/around.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";

export class Killed extends Error {
  override name = "Killed";
}

export interface KilledFiles {
  files: Files;
  /** How many calls were made, the refused ones included. */
  calls(): number;
}

/** From one call to kill at to the next: each of them in the long suites, every third otherwise. */
export const killStride = process.env["TEST_LONG"] === "1" ? 1 : 3;

// What was written is read back by the same kernel, so the test need not wait for the disk.
const skipped = new Set(["syncData", "syncFolder"]);

export function killedAt(call: number): KilledFiles {
  let calls = 0;
  const files = around(systemFiles, (method, act) => {
    if (method === "close" || method === "release") return act();
    calls += 1;
    if (calls >= call) return Promise.reject(new Killed(`killed at call ${call}: ${method}`));
    return skipped.has(method) ? Promise.resolve() : act();
  });
  return { files, calls: () => calls };
}
