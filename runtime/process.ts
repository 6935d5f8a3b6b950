/** The daemon as a process: reloads and ends on signals, survives what functions leave behind, says why it went. */
import type { Runtime } from "./app.ts";
import { systemClock } from "./doors/clock.ts";
import { exitCodes } from "./errors.ts";
import type { Log } from "./function.ts";
import { secondMs } from "./time.ts";

// A disk that hangs must not keep a broken process alive.
const crashMs = 5 * secondMs;

/** Settles with the exit code when the process may go; rejects if the runtime cannot start. */
export async function runProcess(log: Log, start: () => Promise<Runtime>): Promise<number> {
  // Listening comes first: a signal in the middle of the start is obeyed when it is through.
  const { promise: asked, resolve: ask } = Promise.withResolvers<Parameters<Runtime["stop"]>>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      // Asked twice, it goes at once: any line is a safe place to be killed at.
      process.once(signal, () =>
        process.exit(signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated),
      );
      ask([signal]);
    });
  }
  // Ignored until there is something to reload: what is being read then is fresh anyway.
  let reload = (): void => {};
  process.on("SIGHUP", () => reload());
  // A promise that a function left behind: its run is judged by its own outcome, the others have no part in it.
  process.on("unhandledRejection", (error) => {
    log.error({ stack: stackOf(error) }, "a promise was rejected and nobody was waiting for it");
  });
  // Thrown out of a callback: what state it left is unknown, so the process goes and a new one takes over.
  process.once("uncaughtException", (error) => {
    log.error(
      { stack: stackOf(error) },
      "an error was thrown outside of any run; the process ends",
    );
    systemClock.after(crashMs, () => process.exit(exitCodes.failed));
    ask([`crashed: ${error.message}`, { exit: exitCodes.failed, atOnce: true }]);
  });
  const runtime = await start();
  reload = () => void runtime.reload();
  void asked.then((how) => runtime.stop(...how));
  return runtime.done;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
