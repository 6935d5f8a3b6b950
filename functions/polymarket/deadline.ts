/** How long a run may ask the venue: what comes after its next slot would be that slot's. */
import type { Run } from "../../runtime/function.ts";
import { secondMs } from "../../runtime/time.ts";

/** Kept back for writing what came: compressing and syncing 20 MB takes half of it on a slow disk. */
export const writeMarginMs = secondMs;
/** At a fast cadence the margin is this part of the time there is. */
const marginShare = 0.2;

/** Epoch ms. */
export function askUntil(run: Pick<Run, "clock" | "deadlineAt" | "nextSlotAt">): number {
  const end = Math.min(run.deadlineAt, run.nextSlotAt ?? Number.POSITIVE_INFINITY);
  const there = Math.max(0, end - run.clock.now());
  return end - Math.min(writeMarginMs, there * marginShare);
}
