/**
 * Waits for the moment at which a restart costs no slot: a poll has just ended, and the next one is a whole interval
 * away. Exits 0 then; 1 where nothing is polled, or no poll ended in time, and no moment is better than another.
 */
import { readEnvironment } from "../runtime/configuration.ts";
import { nextSlot } from "../runtime/cron.ts";
import { sleep } from "../runtime/doors/clock.ts";
import { type Machine, systemMachine } from "../runtime/doors/machine.ts";
import type { CoreSettings } from "../runtime/function.ts";
import { readJournal } from "../runtime/journal-read.ts";
import { loadFunctions } from "../runtime/load.ts";
import { readSettings } from "../runtime/settings.ts";
import { readHistory } from "../runtime/status-history.ts";
import { hourOf, minuteMs } from "../runtime/time.ts";
import { userAgent } from "../runtime/version.ts";

const polling = "snapshot-poll";
// A slower cadence than this has long pauses anyway.
const waitMsMax = minuteMs;
const lookEveryMs = 200;

const machine = systemMachine(userAgent);
const { core } = readSettings(await readEnvironment(machine.files), await loadFunctions());
process.exitCode = (await pollEnds(machine, core)) ? 0 : 1;

async function pollEnds({ clock, files }: Machine, place: CoreSettings): Promise<boolean> {
  const giveUpAt = clock.now() + waitMsMax;
  const entry = (await readHistory(files, place, clock.now())).schedule?.functions[polling];
  if (entry === undefined || entry.cron === null || !entry.enabled) return false;
  const slot = nextSlot({ ...entry, cron: entry.cron }, clock.now()) ?? Infinity;
  if (slot > giveUpAt) return true;
  await sleep(clock, slot - clock.now());
  const isOfSlot = (bytes: Buffer): boolean => bytes.includes(new Date(slot).toISOString());
  while (clock.now() < giveUpAt) {
    await sleep(clock, lookEveryMs);
    for await (const line of readJournal(files, place, [hourOf(slot)], isOfSlot))
      if (line.kind === "end" && line.function === polling) return true;
  }
  return false;
}
