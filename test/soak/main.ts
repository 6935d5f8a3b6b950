/**
 * `npm run soak`: the real runtime, as a process of its own, against a venue that goes wrong, in real time; and what
 * came of it. Everything lies in one folder and is written as it goes: run it again with the same folder, and it goes on.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { judgeSoak } from "../../functions/readiness/judge-soak.ts";
import { formatDuration, hourMs } from "../../runtime/time.ts";
import type { Evaluated } from "./evaluate.ts";
import { soakPage } from "./page.ts";
import { type Plan, takePlan } from "./plan.ts";
import { Watch } from "./watch.ts";

const usage = `npm run soak -- --hours 24 [flags]
  --hours N, --minutes N   how long the daemon is to run, all interruptions left out (default 24 hours)
  --folder DIR             where everything lies (default ./soak); with a soak in it, that one goes on
  --seed N                 another seed brings other faults (default 1)
  --every S                polls every so many seconds, for a short one; else as schedules.json says
  --live                   the live venue instead of the simulated one
While it runs, soak.md, soak.json and soak.svg in its folder are at most a minute old. Ctrl-C ends it with a report.
`;

let isUnderWay = false;
process.exitCode = await main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  return isUnderWay ? 70 : 64;
});

async function main(): Promise<number> {
  const { values: flags } = parseArgs({
    options: {
      hours: { type: "string" },
      minutes: { type: "string" },
      folder: { type: "string", default: "soak" },
      seed: { type: "string" },
      every: { type: "string" },
      live: { type: "boolean" },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) {
    process.stdout.write(usage);
    return 0;
  }
  const folder = resolve(flags.folder);
  const hours = numberOf("hours", flags.hours) ?? divided(numberOf("minutes", flags.minutes), 60);
  const plan = takePlan(folder, {
    ...given("wantedHours", hours),
    ...given("seed", numberOf("seed", flags.seed)),
    ...given("everySeconds", numberOf("every", flags.every)),
    ...given("venue", flags.live === true ? ("live" as const) : undefined),
  });

  const interrupt = new AbortController();
  // npm hands Ctrl-C on, so that it comes twice.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => interrupt.abort(signal));
  const wanted = formatDuration(plan.wantedHours * hourMs);
  process.stdout.write(`${wanted} in ${folder}; read soak.md there at any time\n`);
  isUnderWay = true;
  const last = await new Watch(folder, plan, interrupt.signal).run(say);
  if (last !== undefined) process.stdout.write(`\n${soakPage(last.soak)}\n`);
  if (interrupt.signal.aborted) {
    process.stdout.write(`Interrupted. The same command goes on with it.\n`);
    return interrupt.signal.reason === "SIGINT" ? 130 : 143;
  }
  return last !== undefined && judgeSoak(last.soak).verdict === "missed" ? 65 : 0;
}

function say({ soak }: Evaluated): void {
  const { hours, wantedHours, slots, latenessMs, memory, unexpectedExits } = soak;
  const parts = [
    `${formatDuration(hours * hourMs)} of ${formatDuration(wantedHours * hourMs)}`,
    `${slots.unexplained} of ${slots.due.toLocaleString("en-US")} slots unexplained`,
    `late p99 ${latenessMs.p99 ?? "-"} ms`,
    `${memory.lastMB ?? "-"} MB`,
    ...(unexpectedExits > 0 ? [`ended by itself ${unexpectedExits} times`] : []),
  ];
  process.stdout.write(`${soak.until.slice(0, 19)}Z  ${parts.join(", ")}\n`);
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not ${text}`);
  return value;
}

function divided(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value / by;
}

function given<K extends keyof Plan>(name: K, value: Plan[K] | undefined): Partial<Plan> {
  return value === undefined ? {} : { [name]: value };
}
