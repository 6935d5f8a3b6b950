/** The process that is killed: `node test/drive/worker.ts DATA CONFIG`. It offloads, and two hours later prunes. */
import { hourMs } from "../../runtime/time.ts";
import { driveSettings, impatientChildren } from "../support/drive.ts";
import { hastyClock } from "../support/hasty-clock.ts";
import { cycleStart, runStep } from "./cycle.ts";

const [dataFolder = "", config = ""] = process.argv.slice(2);
const clock = hastyClock(cycleStart);
const children = impatientChildren();
for (const step of ["offload", "prune"] as const) {
  const came = await runStep(
    { dataFolder, settings: driveSettings(config), children, clock },
    step,
  );
  if (came !== "ok") throw new Error(`${step}: ${came}`);
  clock.step(2 * hourMs);
}
