/**
 * The process that is killed, and the one that comes after it: `node test/crash/worker.ts STEP ROOT first|next`.
 * A line on stdout says what is safe. `next` does the step again, and then everything that is left to do.
 */
import { writeSync } from "node:fs";
import { type Ack, finish, type StepName, steps } from "./steps.ts";

const [step = "", root = "", turn = ""] = process.argv.slice(2);
// Synchronous: what is said was said before anything else is begun.
const ack = (said: Ack): void => void writeSync(1, `${JSON.stringify(said)}\n`);
await steps[step as StepName](root, ack, turn === "first" ? 0 : 1);
if (turn === "next") await finish(root);
