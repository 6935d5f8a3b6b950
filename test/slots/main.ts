/** `node test/slots/main.ts SCENARIO SEED [whole]`: what became of every slot, as one JSON line. */
import { scenarios } from "./scenarios.ts";

const [name = "", seed = "1", whole] = process.argv.slice(2);
const scenario = scenarios[name];
if (scenario === undefined) {
  process.stderr.write(
    `node test/slots/main.ts ${Object.keys(scenarios).join("|")} SEED [whole]\n`,
  );
  process.exitCode = 64;
} else {
  const explained = await scenario({ seed: Number(seed), isWhole: whole === "whole" });
  process.stdout.write(`${JSON.stringify(explained)}\n`);
}
