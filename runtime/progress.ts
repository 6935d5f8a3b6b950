/** A bar for a person who waits, on the last line of the terminal, below what is logged. */
import type { Clock } from "./doors/clock.ts";
import type { LineSink } from "./logs.ts";

export interface Progress {
  update(done: number, total: number, unit: string): void;
  /** Log lines go through here, or they would land in the middle of the bar. */
  write(line: string): void;
  clear(): void;
}

const redrawEveryMs = 100;
const barChars = 30;
const eraseLine = "\r\u001B[2K";

export function createProgress(
  name: string,
  terminal: LineSink,
  clock: Pick<Clock, "monotonic">,
): Progress {
  let bar = "";
  let drawnAt = -Infinity;

  return {
    update(done, total, unit) {
      // A function may report each of a million steps.
      if (clock.monotonic() - drawnAt < redrawEveryMs) return;
      drawnAt = clock.monotonic();
      bar = draw(name, done, total, unit);
      terminal.write(`${eraseLine}${bar}`);
    },
    write(line) {
      terminal.write(bar === "" ? line : `${eraseLine}${line}${bar}`);
    },
    clear() {
      if (bar !== "") terminal.write(eraseLine);
      bar = "";
    },
  };
}

function draw(name: string, done: number, total: number, unit: string): string {
  const share = total > 0 ? Math.min(done / total, 1) : 0;
  const filled = Math.round(share * barChars);
  return `${name} [${"#".repeat(filled)}${"-".repeat(barChars - filled)}] ${done} of ${total} ${unit}`;
}
