/**
 * `node test/soak/venue.ts SEED MARKETS`: the simulated venue of a soak, in a process of its own. It prints its
 * environment, and ends with the soak: when nobody holds its stdin any more.
 *
 * Its faults are the seed's: one request in fifty goes wrong somehow, and every other ten minutes hold an outage.
 */
import { systemClock } from "../../runtime/doors/clock.ts";
import { dayMs, minuteMs, secondMs } from "../../runtime/time.ts";
import type { Fault, FaultKind } from "../venue/faults.ts";
import { mix, pick, unit } from "../venue/random.ts";
import { startVenue } from "../venue/venue.ts";
import { daysMax } from "./plan.ts";

const faultRate = 0.02;
const blockMs = 10 * minuteMs;
const outageChance = 0.5;
const outageMsMin = 20 * secondMs;
const outageMsMax = 90 * secondMs;
const outageKinds: readonly FaultKind[] = ["503", "429-seconds", "hang", "reset", "truncated"];
/** It begins well: without a first walk there is nothing to record, and nothing to go wrong. */
const calmMs = 5 * minuteMs;

const [seed = 1, markets = 50] = process.argv.slice(2).map(Number);
const venue = await startVenue({
  clock: systemClock,
  seed,
  markets,
  faults: outages(seed, systemClock.now()),
  remember: "counts",
});
venue.faults.random(seed, faultRate);
process.stdout.write(
  `HOURBOOK_GAMMA_URL=${venue.gammaUrl}\nHOURBOOK_CLOB_URL=${venue.clobUrl}\nHOURBOOK_STREAM_URL=${venue.streamUrl}\n`,
);
process.stdin.resume();
process.stdin.once("end", () => process.exit(0));

/** By the clock, so that a soak that goes on meets those that it would have met. */
function outages(of: number, from: number): Fault[] {
  const first = Math.floor(from / blockMs);
  const blocks = Array.from({ length: (daysMax * dayMs) / blockMs }, (_, nth) => first + nth);
  return blocks
    .filter((block) => unit(of, 11, block) < outageChance)
    .map((block) => {
      const length = outageMsMin + unit(of, 12, block) * (outageMsMax - outageMsMin);
      const start = block * blockMs + unit(of, 13, block) * (blockMs - length);
      return { kind: pick(outageKinds, mix(of, 14, block)), from: start, until: start + length };
    })
    .filter((outage) => outage.from >= from + calmMs);
}
