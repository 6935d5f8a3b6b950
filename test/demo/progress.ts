/** How far the demo's clock is: a bar on a terminal, a line for each hour elsewhere. */
import type { WriteStream } from "node:tty";

export interface Bar {
  update(at: number, from: number, until: number): void;
  end(): void;
}

const width = 36;

export function progressBar(out: Pick<WriteStream, "write" | "isTTY">): Bar {
  let shownHour = "";
  return {
    update(at, from, until) {
      const time = new Date(at).toISOString().slice(11, 16);
      if (out.isTTY) {
        const done = Math.round((width * (at - from)) / (until - from));
        out.write(`\r  ${time}  ${"█".repeat(done)}${"░".repeat(width - done)}`);
      } else if (time.slice(0, 2) !== shownHour) {
        shownHour = time.slice(0, 2);
        out.write(`  recording ${shownHour}:00\n`);
      }
    },
    end() {
      if (out.isTTY) out.write(`\r${" ".repeat(width + 12)}\r`);
    },
  };
}
