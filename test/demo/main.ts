/**
 * `npm run demo`: what Hourbook does, in under a minute, without network or credentials. Records three and a half
 * hours of a simulated venue with an outage in them, then shows what lies on the disk and checks it with the
 * tools that everybody has.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { readFlags } from "../support/flags.ts";
import { progressBar } from "./progress.ts";
import { record } from "./record.ts";
import { show } from "./show.ts";

readFlags("npm run demo: takes no flags; it leaves its folder, and says where that is\n", {});
const out = process.stdout;
const folder = mkdtempSync(join(tmpdir(), "hourbook-demo-"));
const startedAt = performance.now();

out.write(
  "Hourbook records a simulated venue: the real runtime and functions, real HTTP, a fast clock.\n\n",
);
const bar = progressBar(out);
const recorded = await record(folder, (at, from, until) => bar.update(at, from, until));
bar.end();
await show(recorded, (text) => void out.write(text));
out.write(`\nThat took ${Math.round((performance.now() - startedAt) / 1000)} s.\n`);
