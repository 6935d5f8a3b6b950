/** Where the figures of a soak cannot all be true: written by hand, cut out of another, or of a clock that was set. */
import { hourMs } from "../../runtime/time.ts";
import type { SoakEvidence } from "./soak-evidence.ts";

/** Hours are rounded, and looks are seconds apart. */
const toleranceHours = 0.01;
/** A poll every 10 s and an hour's other functions; a schedule that fires less is not the one that ships. */
const slotsPerHourMin = 50;
/** Fired at the very beginning or end, within one count and outside of the other. */
const edgeSlotsMax = 20;

export function contradictionsIn(soak: SoakEvidence): string[] {
  const { hours, slots, latenessMs, coverage, started, until } = soak;
  const watchedHours = spanHours({ from: started, to: until }) - interruptedHours(soak);
  const explained = slots.ran + slots.skipped + slots.missed + slots.whileDown + slots.unexplained;
  const missing = Object.values(coverage.missing).reduce((sum, tokens) => sum + tokens, 0);
  const found = {
    [`${hours} hours between ${started} and ${until}`]: !(hours <= watchedHours + toleranceHours),
    [`${explained} of ${slots.due} slots told of`]: Math.abs(explained - slots.due) > edgeSlotsMax,
    [`${slots.due} slots due in ${hours} hours`]:
      hours > 1 && slots.due < slotsPerHourMin * Math.floor(hours),
    [`lateness of ${latenessMs.runs} runs, and ${slots.ran} ran`]: latenessMs.runs < slots.ran,
    [`${coverage.kept} kept and ${missing} missing of ${coverage.tokenSlots} token slots`]:
      coverage.kept + missing !== coverage.tokenSlots,
  };
  return Object.keys(found).filter((what) => found[what]);
}

function interruptedHours({ interruptions }: SoakEvidence): number {
  return interruptions.reduce((sum, span) => sum + spanHours(span), 0);
}

/** `NaN` where a time is none. */
function spanHours({ from, to }: { from: string; to: string }): number {
  return (Date.parse(to) - Date.parse(from)) / hourMs;
}
