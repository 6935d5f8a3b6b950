/** Preloaded into the process that is measured: says at its end how long its event loop was blocked at most. */
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const file = process.env["BENCH_LOOP_DELAY"];
if (file !== undefined) {
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  histogram.enable();
  // Loading the program blocks the loop too, before anything is due.
  setTimeout(() => histogram.reset(), 3_000).unref();
  process.on("exit", () => {
    const ms = (nanoseconds: number): number => Math.round(nanoseconds / 1e5) / 10;
    writeFileSync(
      file,
      JSON.stringify({ max: ms(histogram.max), p99: ms(histogram.percentile(99)) }),
    );
  });
}
