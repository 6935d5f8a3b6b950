/** Names of runs: they sort by time, and no two are the same. */
import type { Machine } from "./doors/machine.ts";
import { iso } from "./time.ts";

// 2.2 billion: runs of one millisecond, or of an hour lived twice after a step back, do not meet.
const digits = 6;

/** `20261122T150405678-k3f9x2` */
export function newRunId({ clock, random }: Pick<Machine, "clock" | "random">): string {
  const time = iso(clock.now()).replaceAll(/[-:.Z]/g, "");
  const chance = Math.floor(random() * 36 ** digits).toString(36);
  return `${time}-${chance.padStart(digits, "0")}`;
}
