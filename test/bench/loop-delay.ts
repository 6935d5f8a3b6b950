/** Preloaded into the process that is measured: says at its end how long its event loop was blocked at most. */
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const file = process.env["BENCH_LOOP_DELAY"];
if (file !== undefined) {
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  histogram.enable();
  // On a machine that others use too, the loop also waits for a core: its own time is what the program can help.
  let ownMax = 0;
  let before = process.threadCpuUsage();
  setInterval(() => {
    const used = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    ownMax = Math.max(ownMax, (used.user + used.system) / 1000);
  }, 5).unref();
  // Loading the program blocks the loop too, before anything is due.
  setTimeout(() => ((ownMax = 0), histogram.reset()), 3_000).unref();
  process.on("exit", () => {
    const ms = (nanoseconds: number): number => Math.round(nanoseconds / 1e5) / 10;
    writeFileSync(
      file,
      JSON.stringify({
        own: Math.round(ownMax),
        max: ms(histogram.max),
        p99: ms(histogram.percentile(99)),
      }),
    );
  });
}
