/** Runs a function by hand again and again, until it is killed: `node test/support/contender.ts FOLDER`. */
import { runByHand } from "../../runtime/by-hand.ts";
import { systemMachine } from "../../runtime/doors/machine.ts";
import { LockedError } from "../../runtime/locks.ts";
import { aFunction, testLog } from "./runtime.ts";
import { witness } from "./witness.ts";

const [dataFolder = ""] = process.argv.slice(2);
for (;;) {
  try {
    await runByHand({
      machine: systemMachine("hourbook-test"),
      settings: { core: { dataFolder, collector: "test" }, of: () => ({}) },
      log: testLog(),
      name: "witness",
      definition: aFunction(witness),
      input: {},
      timeoutMs: 10_000,
    });
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
  }
}
