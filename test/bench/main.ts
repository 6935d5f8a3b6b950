/** `npm run bench -- NAME`: one measurement, beside what a user would pick instead, in one run. */
import { bench as archive } from "./archive.ts";
import { bench as gaps } from "./gaps.ts";
import { bench as offload } from "./offload.ts";
import { bench as poll } from "./poll.ts";
import { bench as runtime } from "./runtime.ts";

const benches: Record<string, { what: string; run(): Promise<void> }> = {
  archive: {
    what: "a sealed hour, beside gzip -6: bytes, CPU, memory, one token read",
    run: archive,
  },
  gaps: {
    what: "a day's gap report over 5,000 tokens, beside all lines in memory",
    run: gaps,
  },
  offload: {
    what: "hours to a fake Google Drive, beside rclone copy and rclone check: time and calls",
    run: offload,
  },
  poll: { what: "5,000 tokens every 10 s for a minute, beside curl | gzip", run: poll },
  runtime: {
    what: "seven jobs a second, beside node-cron and bare timers; idle memory; start",
    run: runtime,
  },
};

const [name = ""] = process.argv.slice(2);
const chosen = benches[name];
if (chosen === undefined) {
  const list = Object.entries(benches).map(([each, { what }]) => `  ${each.padEnd(10)}${what}`);
  process.stderr.write(`npm run bench -- NAME\n${list.join("\n")}\n`);
  process.exitCode = 64;
} else {
  await chosen.run();
}
